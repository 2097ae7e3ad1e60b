/**
 * Makes connects hang to listeners that cannot be closed, because their process is stopped: connections nobody accepts
 * fill the queue of each, and from then on the kernel drops every SYN (semantics §7.4, "accept backlog full").
 */
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import type { Clock } from '../../base/clock.ts'
import type { PodNetwork, Reach } from '../pod-network/pod-network.ts'

/** More than the backlog of 511 that Node and most servers ask for. */
const fillersPerPort = 600
/** Connects that are under way at a time. */
const atATime = 16
/** A connect on loopback that takes longer than this is not going to be answered. */
const connectLimitMs = 100

export class FullQueues {
  readonly #clock: Clock
  readonly #fillers: Socket[] = []
  readonly #network: Pick<PodNetwork, 'host' | 'reach'>
  #released = false

  constructor(clock: Clock, network: Pick<PodNetwork, 'host' | 'reach'>) {
    this.#clock = clock
    this.#network = network
  }

  /** The declared ports, and those on which somebody is seen to listen. */
  async fill(address: string, declared: readonly number[]): Promise<void> {
    const places = declared.map(port => this.#network.reach(address, port))
    // Where pods share an address, nobody can tell whose the other listeners are.
    const others = this.#network.host(address) === address ? listeningPorts(address) : []
    const seen = others.filter(port => places.every(place => place.port !== port))
    for (const place of [...places, ...seen.map(port => ({ host: address, port }))])
      await this.#fillPort(place)
  }

  release(): void {
    this.#released = true
    for (const filler of this.#fillers.splice(0)) filler.destroy()
  }

  async #fillPort({ host, port }: Reach): Promise<void> {
    for (let count = 0; count < fillersPerPort && !this.#released; count += atATime) {
      const round = await Promise.all(Array.from({ length: atATime }, () => this.#tryConnect(host, port)))
      if (!round.every(Boolean)) return
    }
  }

  #tryConnect(host: string, port: number): Promise<boolean> {
    return new Promise(resolve => {
      const socket = connect({ host, port })
      const finish = (connected: boolean): void => {
        limit.cancel()
        if (!connected || this.#released) socket.destroy()
        else this.#fillers.push(socket.unref())
        resolve(connected)
      }
      const limit = this.#clock.after(connectLimitMs, () => finish(false))
      socket.once('connect', () => finish(true))
      // Reset when the process is killed at last.
      socket.on('error', () => finish(false))
    })
  }
}

/** From /proc, where there is one: local address and port stand there in hexadecimal, the address's bytes reversed. */
export function listeningPorts(address: string): number[] {
  const wanted = address
    .split('.')
    .reverse()
    .map(part => Number(part).toString(16).padStart(2, '0').toUpperCase())
    .join('')
  let table: string
  try {
    table = readFileSync('/proc/net/tcp', 'utf8')
  } catch {
    return []
  }
  const listening = '0A'
  return table.split('\n').flatMap(line => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    const [host, port = ''] = local.split(':')
    return host === wanted && state === listening ? [parseInt(port, 16)] : []
  })
}
