// A host that connections to never come about.

import { once } from 'node:events'
import net from 'node:net'

import { startChild } from './child.mjs'

/** A port whose kernel leaves further greetings unanswered: its listener takes nothing, and its backlog is full. */
export async function fullBacklog(t) {
  const child = startChild(t, `
    import net from 'node:net'
    const server = net.createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      say(server.address().port)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })
  `)
  const port = Number(await child.line())
  const sockets = []
  t.after(() => sockets.forEach((socket) => socket.destroy()))
  for (;;) {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {})
    const connected = await Promise.race([once(socket, 'connect').then(() => true), new Promise((resolve) => setTimeout(resolve, 150, false))])
    if (!connected) {
      socket.destroy()
      return port
    }
    sockets.push(socket)
  }
}
