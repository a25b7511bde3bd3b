// The rounds: every client is given the same job in turn, job by job and in another order each round, so that what
// disturbs the machine disturbs all of them. Kept to: no client is timed on a workload before one answer of it was
// compared, value by value, with the upstream's; a client that fails is left out, is told of, and holds up nobody else.
import { calibration, loadAverage, median } from './measure.mjs'
import { Child, coldStart, startGateway } from './processes.mjs'
import { burnIn, workloads } from './workloads.mjs'

const COLD_STARTS_A_ROUND = 3

export class Rounds {
  /** Every single result, what was left out and why, and the state of the machine before the first and after each round. */
  results = []
  leftOut = []
  states = []
  #progress
  #upstream
  #gateway
  #drivers = new Map()
  #sizes = new Map()
  #tasks = {
    run: (client, workload) => this.#timed(client, workload),
    hold: (client, workload) => this.#held(client, workload),
    coldStart: (client, workload) => this.#coldStarts(client, workload),
  }

  constructor(progress) {
    this.#progress = progress
  }

  async run({ clients, workloads: names, rounds }) {
    this.#look('before')
    this.#upstream = await Child.start('upstream.mjs')
    for (const client of clients) await this.#unlessItFails(client, 'all', () => this.#prepare(client))
    for (let round = 0; round < rounds; round++) {
      for (const name of names) {
        const turn = [...this.#drivers.keys()]
        turn.push(...turn.splice(0, round % turn.length))
        for (const client of turn) await this.#unlessItFails(client, name, () => this.#measure(client, name))
      }
      this.#look(`round ${round + 1} of ${rounds}`)
    }
  }

  #look(when) {
    const state = { load: loadAverage(), calibration: calibration().milliseconds }
    this.states.push(state)
    this.#progress(`${when}: load ${state.load.toFixed(1)}, calibration ${state.calibration.toFixed(0)} ms`)
  }

  async #unlessItFails(client, workload, step) {
    if (this.leftOut.some((left) => left.client === client && left.workload === workload)) return
    try {
      await step()
    } catch ({ message }) {
      this.leftOut.push({ client, workload, reason: message })
      this.#progress(`left out: ${client}, ${workload}: ${message}`)
    }
  }

  /** Starts a client's driver, and the gateway if it needs that, and lets it run warm. */
  async #prepare(client) {
    const driver = await Child.start('driver.mjs', client)
    if (client === 'portkey-gateway') this.#gateway = await startGateway()
    for (const job of burnIn) await driver.ask(this.#job(job))
    this.#drivers.set(client, driver)
    this.#progress(`${client} is warm`)
  }

  #job({ scenario, ...job }, gateway = this.#gateway) {
    const url = `http://127.0.0.1:${this.#upstream.ready.port}/${scenario}/v1`
    return { ...job, url, gateway: gateway && `http://127.0.0.1:${gateway.ready.port}/v1` }
  }

  /** Has an answer compared before a client's first timed job of a workload; resolves to the size of that answer. */
  async #verified(client, name) {
    const key = `${client} ${name}`
    if (!this.#sizes.has(key)) {
      const workload = workloads[name]
      const driver = this.#drivers.get(client)
      const { size } = await driver.ask(this.#job({ ...workload, task: 'verify' }))
      if (workload.warm) await driver.ask(this.#job({ ...workload, interval: 0, calls: workload.warm, seconds: 2 }))
      this.#sizes.set(key, size)
    }
    return this.#sizes.get(key)
  }

  async #measure(client, name) {
    const workload = { ...workloads[name], size: await this.#verified(client, name) }
    const result = await this.#tasks[workload.task](client, workload)
    this.results.push({ workload: name, client, ...result })
  }

  /** CPU a unit of work: the client's whole process, and the gateway's where there is one. */
  async #timed(client, workload) {
    const driver = workload.fresh ? await Child.start('driver.mjs', client) : this.#drivers.get(client)
    const gateway = client === 'portkey-gateway' ? this.#gateway : undefined
    const before = await gateway?.ask({})
    const result = await driver.ask(this.#job(workload))
    const after = await gateway?.ask({})
    if (workload.fresh) await driver.end()
    if (!gateway) return result
    const gatewayCpu = ((after.cpu - before.cpu) * 1000) / result.units
    return { ...result, cpu: result.cpu + gatewayCpu, gatewayCpu }
  }

  /** Memory of many open streams, in processes of their own: a client that has just made its first call, and a gateway. */
  async #held(client, workload) {
    const driver = await Child.start('driver.mjs', client)
    const gateway = client === 'portkey-gateway' ? await startGateway() : undefined
    try {
      await driver.ask(this.#job({ ...burnIn[1], calls: 1, concurrency: 1 }, gateway))
      const before = await gateway?.ask({})
      const result = await driver.ask(this.#job(workload, gateway))
      if (!gateway) return result
      const { peak } = await gateway.ask({})
      const perStream = result.perStream + ((peak - before.resident) * 1024) / workload.concurrency
      return { ...result, peak: result.peak + peak, perStream }
    } finally {
      await Promise.all([driver.end(), gateway?.end()])
    }
  }

  /** What a short life takes over that of a process that does nothing; the gateway is up and is not counted. */
  async #coldStarts(client, workload) {
    const over = []
    for (let count = 0; count < COLD_STARTS_A_ROUND; count++) {
      const bare = await coldStart()
      const life = await coldStart(client, this.#job(workload))
      over.push({ start: life.wall - bare.wall, startCpu: life.cpu - bare.cpu })
    }
    return { start: median(over.map(({ start }) => start)), startCpu: median(over.map(({ startCpu }) => startCpu)) }
  }
}
