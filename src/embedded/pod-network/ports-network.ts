/**
 * Pods where only 127.0.0.1 exists: addresses as on a real cluster, which nobody can dial, and for each of their ports a
 * port of 127.0.0.1 of its own, given out when it is first asked for.
 */
import { isIPv4 } from 'node:net'
import type { PodNetwork, Reach } from './pod-network.ts'
import type { PortStock } from './port-stock.ts'

/** As kind has them: nodes 172.18.0.n, pods 10.244.n.k, Services 10.96.x.y. */
const perBlock = 250
const onlyHost = '127.0.0.1'

export class PortsNetwork implements PodNetwork {
  readonly mode = 'ports'
  readonly #stock: PortStock
  readonly #podsOfNode = new Map<number, number>()
  readonly #given = new Set<string>()
  readonly #reaches = new Map<string, Reach>()
  #clusterIPs = 0

  constructor(stock: PortStock) {
    this.#stock = stock
  }

  node(index: number): string {
    return this.#give(`172.18.0.${index + 2}`)
  }

  nextPod(nodeIndex: number): string {
    const serial = this.#podsOfNode.get(nodeIndex) ?? 0
    this.#podsOfNode.set(nodeIndex, serial + 1)
    // A node has ten blocks of the pods' 256, which are more pods than there are ports.
    const block = nodeIndex * 10 + Math.floor(serial / perBlock)
    return this.#give(`10.244.${block}.${(serial % perBlock) + 2}`)
  }

  nextClusterIP(): string {
    const serial = this.#clusterIPs++
    return this.#give(`10.96.${1 + Math.floor(serial / perBlock)}.${(serial % perBlock) + 2}`)
  }

  isClusterIP(address: string): boolean {
    return isIPv4(address) && address.startsWith('10.96.')
  }

  silent(): { address: string; port: number } {
    return { address: this.#give('10.244.255.254'), port: 1 }
  }

  host(): string {
    return onlyHost
  }

  reach(address: string, port: number): Reach {
    if (!this.#given.has(address) && !this.isClusterIP(address)) return { host: address, port }
    const key = `${address}:${port}`
    const known = this.#reaches.get(key)
    if (known !== undefined) return known
    const reach = { host: onlyHost, port: this.#stock.take() }
    this.#reaches.set(key, reach)
    return reach
  }

  close(): void {
    this.#stock.close()
  }

  #give(address: string): string {
    this.#given.add(address)
    return address
  }
}
