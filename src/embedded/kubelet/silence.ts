/**
 * Addresses of pods whose sandbox is gone. On a real node their packets vanish; on loopback a connect to an address that
 * nobody listens on is refused. So a blocked thread listens there with a full accept queue (silence-worker.ts), and
 * connects hang until their own time-out.
 */
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Clock, Timer } from '../../base/clock.ts'
import { programFile } from '../program-file.ts'
import type { SilenceSource } from './kubelet-parts.ts'

/** Each is a thread of some megabytes; beyond this the oldest address is forgotten first. */
const aliveLimit = 40
/** A connect on loopback that takes longer than this is not going to be answered. */
const connectLimitMs = 30
const fillLimit = 8

export class Silence implements SilenceSource {
  readonly #clock: Clock
  readonly #silenceMs: number
  readonly #alive: SilentAddress[] = []

  constructor(clock: Clock, silenceMs: number) {
    this.#clock = clock
    this.#silenceMs = silenceMs
  }

  prepare(address: string, ports: readonly number[]): { begin(): void } {
    if (this.#silenceMs === 0 || ports.length === 0) return { begin: () => undefined }
    while (this.#alive.length >= aliveLimit) this.#alive.shift()?.end()
    const silent = new SilentAddress(this.#clock, address, ports)
    this.#alive.push(silent)
    return {
      begin: () =>
        silent.begin(this.#silenceMs, () => {
          const index = this.#alive.indexOf(silent)
          if (index >= 0) this.#alive.splice(index, 1)
        }),
    }
  }

  end(): void {
    for (const silent of this.#alive.splice(0)) silent.end()
  }
}

class SilentAddress {
  readonly #clock: Clock
  readonly #address: string
  readonly #ports: readonly number[]
  readonly #worker: Worker
  readonly #fillers: Socket[] = []
  #expiry: Timer | null = null
  #ended = false

  constructor(clock: Clock, address: string, ports: readonly number[]) {
    this.#clock = clock
    this.#address = address
    this.#ports = ports
    this.#worker = new Worker(programFile('silence'), {
      workerData: { address, ports },
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, codeRangeSizeMb: 4 },
    })
    this.#worker.unref()
    this.#worker.on('error', () => this.end())
    this.#worker.on('message', () => {
      for (const port of this.#ports) void this.#fill(port)
    })
  }

  begin(silenceMs: number, onEnd: () => void): void {
    this.#worker.postMessage('begin')
    this.#expiry = this.#clock.after(silenceMs, () => {
      this.end()
      onEnd()
    })
  }

  end(): void {
    this.#ended = true
    this.#expiry?.cancel()
    for (const filler of this.#fillers.splice(0)) filler.destroy()
    void this.#worker.terminate()
  }

  /** The thread has filled its queue itself; this makes sure, by adding until a connect goes unanswered. */
  async #fill(port: number): Promise<void> {
    for (let filler = 0; filler < fillLimit && !this.#ended; filler++) {
      const socket = await this.#tryConnect(port)
      if (socket === null) return
      this.#fillers.push(socket)
    }
  }

  #tryConnect(port: number): Promise<Socket | null> {
    return new Promise(resolve => {
      const socket = connect({ host: this.#address, port })
      const finish = (connected: boolean): void => {
        limit.cancel()
        if (!connected) socket.destroy()
        resolve(connected ? socket.unref() : null)
      }
      const limit = this.#clock.after(connectLimitMs, () => finish(false))
      socket.once('connect', () => finish(true))
      socket.on('error', () => finish(false))
    })
  }
}
