// Shows one line of progress on standard error. On a terminal the line is written over and removed at the end; in a log a line is
// written when the step changes and every ten seconds of a long one, so that a log reads as a story and not as a flicker.

const LOG_EVERY_MS = 10_000
const REDRAW_EVERY_MS = 100
const CLEAR_LINE = '\r\u001b[2K'

/** Runs some work with a way to tell its progress; the line is gone when the work is done or has failed. */
export async function withProgress(work, stream) {
  const printer = progressPrinter(stream)
  try {
    return await work(printer.show)
  } finally {
    printer.clear()
  }
}

/** @returns {{ show(event: { step: string, text: string }): void, clear(): void }} */
function progressPrinter(stream = process.stderr) {
  return stream.isTTY ? terminalPrinter(stream) : logPrinter(stream)
}

function terminalPrinter(stream) {
  let step
  let drawnAt = 0
  return {
    show(event) {
      const now = performance.now()
      if (event.step === step && now - drawnAt < REDRAW_EVERY_MS) return
      step = event.step
      drawnAt = now
      stream.write(`${CLEAR_LINE}\u001b[2m${event.text.slice(0, (stream.columns || 80) - 1)}\u001b[0m`)
    },
    clear() {
      if (step === undefined) return
      step = undefined
      stream.write(CLEAR_LINE)
    },
  }
}

function logPrinter(stream) {
  let step
  let writtenAt = 0
  return {
    show(event) {
      const now = performance.now()
      if (event.step === step && now - writtenAt < LOG_EVERY_MS) return
      step = event.step
      writtenAt = now
      stream.write(`${event.text}\n`)
    },
    clear() {
      step = undefined
    },
  }
}
