/**
 * Many clusters live side by side on one machine without root: each takes one octet of 127.0.0.0/8. The octet is held
 * by listening on an address of it, so the lock dies with the process, however that ends.
 *
 * Nodes are 127.o.0.n, pods 127.o.(node index + 1).k, cluster IPs 127.o.200.k. A pod's address is never given out twice:
 * on a real network a reused address would hide that a client still dials the dead pod.
 */
import { createServer, isIPv4, type Server } from 'node:net'
import type { Random } from '../base/random.ts'

const lockPort = 24_127
const firstOctet = 2
const lastOctet = 254
const clusterIPBlock = 200
const lastClusterIPBlock = 254

export interface OctetLock {
  octet: number
  release(): void
}

/** Starts at a random octet, so that clusters that start together rarely collide. */
export async function lockOctet(random: Random): Promise<OctetLock> {
  const count = lastOctet - firstOctet + 1
  const start = Math.floor(random.between(0, count))
  for (let step = 0; step < count; step++) {
    const octet = firstOctet + ((start + step) % count)
    const server = await tryListen(`127.${octet}.255.254`)
    if (server !== null) return { octet, release: () => void server.close() }
  }
  throw new Error(
    `no free loopback network: port ${lockPort} is taken on all of 127.${firstOctet}-${lastOctet}`,
  )
}

function tryListen(host: string): Promise<Server | null> {
  return new Promise(resolve => {
    const server = createServer(socket => socket.destroy())
    server.once('error', () => resolve(null))
    server.listen({ host, port: lockPort, exclusive: true }, () => resolve(server))
  })
}

export class Addresses {
  readonly #octet: number
  readonly #nodeCount: number
  readonly #podsOfNode = new Map<number, number>()
  #clusterIPs = 0

  constructor(octet: number, nodeCount: number) {
    this.#octet = octet
    this.#nodeCount = nodeCount
  }

  node(index: number): string {
    return `127.${this.#octet}.0.${index + 1}`
  }

  /** One that never answers, for Services that drop. */
  silent(): { address: string; port: number } {
    return { address: `127.${this.#octet}.255.253`, port: lockPort }
  }

  /** Whether it lies in the block of cluster IPs. */
  isClusterIP(address: string): boolean {
    const [first, second, block] = address.split('.').map(Number)
    return (
      isIPv4(address) &&
      first === 127 &&
      second === this.#octet &&
      block !== undefined &&
      block >= clusterIPBlock &&
      block <= lastClusterIPBlock
    )
  }

  /** The node's own block first; when its 254 addresses are used, further blocks that no other node has. */
  nextPod(nodeIndex: number): string {
    const serial = this.#podsOfNode.get(nodeIndex) ?? 0
    this.#podsOfNode.set(nodeIndex, serial + 1)
    const block = nodeIndex + 1 + this.#nodeCount * Math.floor(serial / 254)
    if (block >= clusterIPBlock) throw new Error('no pod address is left in this cluster')
    return `127.${this.#octet}.${block}.${(serial % 254) + 1}`
  }

  /** Whether an address is of this cluster. */
  has(address: string): boolean {
    return address.startsWith(`127.${this.#octet}.`)
  }

  nextClusterIP(): string {
    const serial = this.#clusterIPs++
    const block = clusterIPBlock + Math.floor(serial / 254)
    if (block > lastClusterIPBlock) throw new Error('no cluster IP is left in this cluster')
    return `127.${this.#octet}.${block}.${(serial % 254) + 1}`
  }
}
