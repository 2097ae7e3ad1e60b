/**
 * Addresses of pods whose sandbox is gone. On a real node their packets vanish; on loopback a connect to an address that
 * nobody listens on is refused. So a thread listens there with a full accept queue and never accepts (silence-worker.ts),
 * and connects hang until their own time-out.
 */
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Reach } from '../pod-network/pod-network.ts'
import { programFile } from '../program-file.ts'
import type { SilenceSource } from './kubelet-parts.ts'

export type SilenceOrder =
  { kind: 'begin'; id: number; places: readonly Reach[] } | { kind: 'end'; id: number }

/** Each holds a few sockets per port; beyond this the oldest address is forgotten first. */
const aliveLimit = 200
/** A connect on loopback that takes longer than this is not going to be answered. */
const connectLimitMs = 30
const fillLimit = 8

interface SilentAddress {
  places: readonly Reach[]
  fillers: Socket[]
  /** Null = until the end. */
  expiry: Timer | null
}

export class Silence implements SilenceSource {
  readonly #clock: Clock
  readonly #silenceMs: number
  readonly #reach: (address: string, port: number) => Reach
  readonly #signal = new Int32Array(new SharedArrayBuffer(4))
  readonly #alive = new Map<number, SilentAddress>()
  #worker: Worker | null = null
  #ids = 0

  constructor(
    clock: Clock,
    silenceMs: number,
    reach: (address: string, port: number) => Reach = (host, port) => ({ host, port }),
  ) {
    this.#clock = clock
    this.#silenceMs = silenceMs
    this.#reach = reach
  }

  /** The thread starts with the first of them, and is there when its silence begins. */
  prepare(address: string, ports: readonly number[]): { begin(): void } {
    if (this.#silenceMs === 0 || ports.length === 0) return { begin: () => undefined }
    this.#worker ??= this.#startWorker()
    const limitMs = this.#silenceMs
    return { begin: () => this.#begin(this.#placesOf(address, ports), limitMs) }
  }

  /** At once, and until the end. */
  keep(address: string, ports: readonly number[]): void {
    this.#worker ??= this.#startWorker()
    this.#begin(this.#placesOf(address, ports), null)
  }

  end(): void {
    for (const id of [...this.#alive.keys()]) this.#endOne(id)
    void this.#worker?.terminate()
    this.#worker = null
  }

  #placesOf(address: string, ports: readonly number[]): Reach[] {
    return ports.map(port => this.#reach(address, port))
  }

  #begin(places: readonly Reach[], limitMs: number | null): void {
    const id = ++this.#ids
    const expiry = limitMs === null ? null : this.#clock.after(limitMs, () => this.#endOne(id))
    this.#alive.set(id, { places, fillers: [], expiry })
    const [oldest = id] = [...this.#alive].find(([, silent]) => silent.expiry !== null) ?? []
    if (this.#alive.size > aliveLimit) this.#endOne(oldest)
    this.#order({ kind: 'begin', id, places })
  }

  #endOne(id: number): void {
    const silent = this.#alive.get(id)
    if (silent === undefined) return
    this.#alive.delete(id)
    silent.expiry?.cancel()
    for (const filler of silent.fillers) filler.destroy()
    this.#order({ kind: 'end', id })
  }

  #order(order: SilenceOrder): void {
    this.#worker?.postMessage(order)
    Atomics.add(this.#signal, 0, 1)
    Atomics.notify(this.#signal, 0)
  }

  #startWorker(): Worker {
    const worker = new Worker(programFile('silence'), {
      workerData: { signal: this.#signal },
      execArgv: [],
      env: {},
    })
    worker.unref()
    worker.on('message', (id: number) => this.#onObeyed(id))
    return worker
  }

  #onObeyed(id: number): void {
    const silent = this.#alive.get(id)
    for (const place of silent?.places ?? []) void this.#fill(id, place)
  }

  /** The thread has filled its queue itself; this makes sure, by adding until a connect goes unanswered. */
  async #fill(id: number, place: Reach): Promise<void> {
    for (let filler = 0; filler < fillLimit; filler++) {
      const silent = this.#alive.get(id)
      if (silent === undefined) return
      const socket = await this.#tryConnect(place)
      if (socket === null) return
      if (this.#alive.has(id)) silent.fillers.push(socket)
      else socket.destroy()
    }
  }

  #tryConnect({ host, port }: Reach): Promise<Socket | null> {
    return new Promise(resolve => {
      const socket = connect({ host, port })
      const finish = (connected: boolean): void => {
        limit.cancel()
        if (!connected) socket.destroy()
        resolve(connected ? socket.unref() : null)
      }
      const giveUp = (): void => {
        if (socket.connecting) finish(false)
      }
      // A process that stood still reads first what has come meanwhile.
      const limit = this.#clock.after(connectLimitMs, () => this.#clock.afterReads(giveUp))
      socket.once('connect', () => finish(true))
      // A filler may be reset when the silence ends.
      socket.on('error', () => finish(false))
    })
  }
}
