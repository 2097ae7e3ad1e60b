/** Each pod has a loopback address of its own, so that nearly every port is where it says. */
import { readFileSync } from 'node:fs'
import type { Addresses } from '../addresses.ts'
import type { PodNetwork, Reach } from './pod-network.ts'

/** A container may listen on port 80; a user's process may not. On an address of its own another port is free. */
const privilegedShift = 40_000

export class LoopbackNetwork implements PodNetwork {
  readonly mode = 'loopback'
  readonly #addresses: Addresses
  readonly #release: () => void
  readonly #firstFreePort: number

  constructor(addresses: Addresses, release: () => void, firstFreePort = firstUnprivilegedPort()) {
    this.#addresses = addresses
    this.#release = release
    this.#firstFreePort = firstFreePort
  }

  node(index: number): string {
    return this.#addresses.node(index)
  }

  nextPod(nodeIndex: number): string {
    return this.#addresses.nextPod(nodeIndex)
  }

  nextClusterIP(): string {
    return this.#addresses.nextClusterIP()
  }

  isClusterIP(address: string): boolean {
    return this.#addresses.isClusterIP(address)
  }

  silent(): { address: string; port: number } {
    return this.#addresses.silent()
  }

  host(address: string): string {
    return address
  }

  reach(address: string, port: number): Reach {
    const shifted = port < this.#firstFreePort && this.#addresses.has(address)
    return { host: address, port: shifted ? privilegedShift + port : port }
  }

  close(): void {
    this.#release()
  }
}

function firstUnprivilegedPort(): number {
  if (process.getuid?.() === 0) return 0
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
  } catch {
    return 1024
  }
}
