// Compiles as-typescript.mts as a user's compiler would, as an ES module and as CommonJS, and imports both.

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)
const root = fileURLToPath(new URL('../../', import.meta.url))

const OPTIONS = {
  strict: true, module: 'nodenext', target: 'es2022', types: ['node'], skipLibCheck: false, noUncheckedIndexedAccess: true, outDir: 'built', rootDir: '.',
}

/** `{ module, commonjs }`; the folder must be inside the package for its own name to be found. */
export async function compiled() {
  mkdirSync(join(root, '.cache'), { recursive: true })
  const folder = mkdtempSync(join(root, '.cache', 'main-job-'))
  try {
    for (const extension of ['mts', 'cts']) {
      copyFileSync(new URL('as-typescript.mts', import.meta.url), join(folder, `job.${extension}`))
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS, files: ['job.mts', 'job.cts'] }))
    const tsc = spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), '--pretty', 'false', '-p', folder], { encoding: 'utf8' })
    if (tsc.status !== 0) throw new Error(`tsc failed:\n${tsc.stdout}${tsc.stderr}`)
    return {
      module: await import(pathToFileURL(join(folder, 'built', 'job.mjs'))),
      commonjs: require(join(folder, 'built', 'job.cjs')),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
