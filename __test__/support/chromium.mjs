// A real Chromium, driven over the pipe that it offers: no library, no port. `undefined` where none is installed.
//
//   const page = await openPage(t, address, { dark: true })
//   await page.evaluate('document.title')
//   await page.press('j')
//   await page.until("document.querySelector('aside:not([hidden])')")

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => spawnSync(name, ['--version']).status === 0)

const KEYS = { Enter: ['Enter', '\r', 13], Escape: ['Escape', '', 27], ArrowDown: ['ArrowDown', '', 40], ArrowUp: ['ArrowUp', '', 38], Tab: ['Tab', '', 9] }

/** Chromium's protocol over the pipe: messages of JSON that end in a zero byte. */
class Pipe {
  #waiting = new Map()
  #last = 0
  #text = ''

  constructor(child) {
    const [out, back] = [child.stdio[3], child.stdio[4]]
    this.send = (method, params = {}, sessionId) => new Promise((resolve, reject) => {
      const id = ++this.#last
      this.#waiting.set(id, { resolve, reject })
      out.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
    back.setEncoding('utf8').on('data', (data) => this.#read(data))
  }

  #read(data) {
    const messages = (this.#text + data).split('\0')
    this.#text = messages.pop()
    for (const { id, result, error } of messages.map((message) => JSON.parse(message))) {
      const { resolve, reject } = this.#waiting.get(id) ?? {}
      this.#waiting.delete(id)
      if (error) reject?.(new Error(error.message))
      else resolve?.(result)
    }
  }
}

/** A page at `address`, which the test's end closes. */
export async function openPage(t, address, { dark = false, width = 1280, height = 900 } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'chromium-'))
  const words = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', `--user-data-dir=${folder}`, '--remote-debugging-pipe', 'about:blank']
  const child = spawn(chromium, words, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const pipe = new Pipe(child)
  t.after(async () => {
    // Its own processes end with it, and write to the folder until then.
    pipe.send('Browser.close').catch(() => {})
    await ended
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })
  const { targetInfos } = await pipe.send('Target.getTargets')
  const { sessionId } = await pipe.send('Target.attachToTarget', { targetId: targetInfos.find(({ type }) => type === 'page').targetId, flatten: true })
  const send = (method, params) => pipe.send(method, params, sessionId)
  await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false })
  await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] })
  await send('Page.navigate', { url: address })
  const page = {
    async evaluate(expression) {
      const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true, userGesture: true })
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
      return result.value
    },
    /** Waits until an expression holds, and gives its value. */
    async until(expression) {
      for (;;) {
        const value = await page.evaluate(expression).catch(() => undefined)
        if (value) return value
        await sleep(20)
      }
    },
    async press(key) {
      const [name, text, code] = KEYS[key] ?? [key, key, key.toUpperCase().charCodeAt(0)]
      const event = { key: name, text, windowsVirtualKeyCode: code }
      await send('Input.dispatchKeyEvent', { type: text ? 'keyDown' : 'rawKeyDown', ...event })
      await send('Input.dispatchKeyEvent', { type: 'keyUp', ...event, text: undefined })
    },
    /** The bytes of a PNG. */
    async screenshot() {
      const { data } = await send('Page.captureScreenshot', { format: 'png' })
      return Buffer.from(data, 'base64')
    },
  }
  return page
}
