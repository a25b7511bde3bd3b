/**
 * Type tests: compiles this folder once for each tsconfig, a file that calls every method, and the examples of the official
 * SDK's README with the import changed; and compares the names that `index.d.ts` and `index.d.mts` give. A line for each; the exit code is not 0 when one fails. An unused `@ts-expect-error` is a failure.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { officialExamples } from '../support/official-examples.mjs'

const folder = dirname(fileURLToPath(import.meta.url))
const root = join(folder, '..', '..')
const require = createRequire(import.meta.url)
const typescript = require('typescript')
const compiler = require.resolve('typescript/bin/tsc')

const projects = readdirSync(folder)
  .map((file) => /^tsconfig\.(.+)\.json$/.exec(file)?.[1])
  .filter((name) => name && name !== 'base')

let failures = 0
function report(name, problems, started) {
  if (problems) failures += 1
  console.log(`${problems ? 'FAIL' : 'ok  '} types ${name} (${Date.now() - started} ms)`)
  if (problems) console.log(problems)
}

for (const name of projects) {
  const started = Date.now()
  const run = spawnSync(process.execPath, [
    compiler, '--noEmit', '--strict', '--skipLibCheck', 'false', '--pretty', 'false',
    '-p', join(folder, `tsconfig.${name}.json`),
  ], { cwd: root, encoding: 'utf8' })
  report(name, run.status === 0 ? '' : `${run.stdout}${run.stderr}${run.error ?? ''}` || `ended by ${run.signal}`, started)
}

/** Whether a file of this text compiles; what is said of it. */
function compiled(name, text) {
  const options = {
    module: typescript.ModuleKind.NodeNext, moduleResolution: typescript.ModuleResolutionKind.NodeNext, target: typescript.ScriptTarget.ESNext,
    strict: true, noEmit: true, types: ['node'],
  }
  const file = join(folder, name)
  const host = typescript.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = (path) => path === file || fileExists(path)
  host.getSourceFile = (path, ...more) => (path === file ? typescript.createSourceFile(path, text, options.target) : getSourceFile(path, ...more))
  const program = typescript.createProgram([file], options, host)
  return typescript.formatDiagnostics(typescript.getPreEmitDiagnostics(program), host)
}

const began = Date.now()
const calls = [...readFileSync(join(root, 'docs', 'methods.md'), 'utf8').matchAll(/^\| `([a-z][\w.]+)[(`]/gim)].map(([, call]) => call)
const everyMethod = [
  "import Portkey from 'portkey-native'", 'declare const client: Portkey', 'declare function given<Method extends (...given: any[]) => any>(method: Method): Parameters<Method>',
  ...calls.map((call) => `void client.${call}(...given(client.${call}))`),
]
report(`every method: ${calls.length}`, compiled('every-method.mts', everyMethod.join('\n')) || (calls.length < 309 ? 'too few' : ''), began)

for (const [at, example] of officialExamples().entries()) {
  const started = Date.now()
  report(`example ${at + 1} of the official README`, compiled('official-readme.mts', example), started)
}

const started = Date.now()
const [forRequire, forImport] = exportedNames(['index.d.ts', 'index.d.mts'])
const missing = [...forRequire].filter((name) => !forImport.has(name)).map((name) => `index.d.mts lacks ${name}`)
const extra = [...forImport].filter((name) => !forRequire.has(name)).map((name) => `index.d.ts lacks ${name}`)
report('names', [...missing, ...extra].join('\n'), started)

function exportedNames(files) {
  const paths = files.map((file) => join(root, file))
  const program = typescript.createProgram(paths, { module: typescript.ModuleKind.Node16, noEmit: true, types: [] })
  const checker = program.getTypeChecker()
  return paths.map((path) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(path))
    const symbols = checker.getExportsAndPropertiesOfModule(module)
    return new Set(symbols.map((symbol) => symbol.name).filter((name) => name !== 'prototype' && name !== 'export='))
  })
}

process.exitCode = failures > 0 ? 1 : 0
