// What is measured of a process, of a series of figures and of the machine. Linux tells more than other systems: where
// the CPU of one thread or a peak of memory that can be started afresh is not to be had, the figure is left out or is
// the whole life's.
import fs from 'node:fs'
import os from 'node:os'

/** CPU milliseconds of the thread that runs JavaScript here; undefined where the system does not tell. */
function mainThreadMilliseconds() {
  try {
    const nanoseconds = fs.readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ', 1)[0]
    return Number(nanoseconds) / 1e6
  } catch {
    return undefined
  }
}

/** User and system milliseconds of the whole process: every thread, garbage collection and compilation included. */
export function processorMilliseconds() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e3
}

/** Starts a stopwatch; calling what it returns tells the milliseconds since, by the clock and on the processor. */
export function stopwatch() {
  const begun = { wall: performance.now(), cpu: processorMilliseconds(), main: mainThreadMilliseconds() }
  return () => ({
    wall: performance.now() - begun.wall,
    cpu: processorMilliseconds() - begun.cpu,
    main: begun.main === undefined ? undefined : mainThreadMilliseconds() - begun.main,
  })
}

export const residentMegabytes = () => process.memoryUsage.rss() / 2 ** 20

/** Starts the peak of resident memory afresh, so that it tells of what comes after. */
export function forgetPeak() {
  try {
    fs.writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // not Linux: the peak stays the whole life's
  }
}

export function peakMegabytes() {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(fs.readFileSync('/proc/self/status', 'latin1'))[1]) / 1024
  } catch {
    return process.resourceUsage().maxRSS / 1024
  }
}

/** The value below which the given part of the values lies. */
export function percentile(values, part) {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)]
}

/** The median of those values that are numbers; undefined when none is. */
export function median(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : sorted.length ? (sorted[middle - 1] + sorted[middle]) / 2 : undefined
}

/** Milliseconds that a fixed piece of arithmetic takes: how disturbed the machine is right now. */
export function calibration() {
  const begun = performance.now()
  let state = 1
  for (let count = 0; count < 2e7; count++) state = (Math.imul(state, 1664525) + 1013904223) | 0
  return { milliseconds: performance.now() - begun, state }
}

export const loadAverage = () => os.loadavg()[0]

export function machine() {
  const processors = os.cpus()
  return {
    cpu: processors[0].model.trim(),
    cores: processors.length,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GB`,
    node: process.version,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
  }
}
