// The examples of the official SDK's README, with nothing changed but the import.

import { readFileSync } from 'node:fs'

const README = new URL('../../node_modules/portkey-ai/README.md', import.meta.url)

export function officialExamples() {
  const blocks = [...readFileSync(README, 'utf8').matchAll(/```(?:js|ts|javascript|typescript)\n([\s\S]*?)```/g)].map(([, block]) => block)
  if (blocks.length === 0) throw new Error('the official README has no examples')
  return blocks.map((block) => block.replaceAll("'portkey-ai'", "'portkey-native'"))
}
