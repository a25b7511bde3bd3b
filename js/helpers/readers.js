'use strict'
// Those who read a stream's events one by one: who falls behind holds the source back, unless someone waits for the end,
// which must not depend on a reader.

const { readerOf } = require('./event-stream.js')

/** As many events may wait for a reader before the source has to. */
const AHEAD = 256

class Readers {
  #stream
  #open = new Set()
  #endIsAwaited = false
  #goOn

  constructor(stream) {
    this.#stream = stream
    stream.controller.signal.addEventListener('abort', () => this.#resume(), { once: true })
  }

  /** A reader of single-valued events. Who has enough aborts the stream. */
  open(event) {
    const reader = readerOf(this.#stream, event, {
      pick: (value) => value,
      onTaken: (left) => left < AHEAD && this.#resume(),
      onLeft: () => {
        this.#open.delete(reader)
        this.#stream.abort()
      },
    })
    this.#open.add(reader)
    return reader
  }

  /** From now on nobody is waited for. */
  endIsAwaited() {
    this.#endIsAwaited = true
    this.#resume()
  }

  get areBehind() {
    if (this.#endIsAwaited || this.#stream.controller.signal.aborted) return false
    for (const { behind } of this.#open) if (behind >= AHEAD) return true
    return false
  }

  /** Waits for those who are behind. */
  async wait() {
    while (this.areBehind) await new Promise((resolve) => (this.#goOn = resolve))
  }

  #resume() {
    this.#goOn?.()
    this.#goOn = undefined
  }
}

module.exports = { Readers }
