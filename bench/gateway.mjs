// Runs a Portkey gateway in this process, and on every line of standard input tells what the process has used so far.
// It prints `{"port":N}` once the gateway answers, and ends with its standard input.
//
//   node bench/gateway.mjs FOLDER      FOLDER holds the node_modules with @portkey-ai/gateway
import net from 'node:net'
import path from 'node:path'
import readline from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { peakMegabytes, processorMilliseconds, residentMegabytes } from './measure.mjs'

const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

/** A port that was free a moment ago: the gateway does not tell which one the system gave it. */
function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function untilAnswered(url) {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(50)) {
    const answered = await fetch(url).then(
      (answer) => answer.text(),
      () => undefined,
    )
    if (answered !== undefined) return
  }
  throw new Error('the gateway did not answer within 10 s')
}

const port = await freePort()
console.log = () => {} // the gateway's greeting is no message of ours
process.argv.push(`--port=${port}`, '--headless')
await import(pathToFileURL(path.resolve(process.argv[2], 'node_modules/@portkey-ai/gateway/build/start-server.js')))
await untilAnswered(`http://127.0.0.1:${port}/`)
tell({ port })
for await (const _ of readline.createInterface({ input: process.stdin })) {
  tell({ cpu: processorMilliseconds(), resident: residentMegabytes(), peak: peakMegabytes() })
}
process.exit()
