/**
 * Ports of 127.0.0.1 for one cluster, side by side with others. A cluster takes whole blocks, each held by listening on
 * its first port, so that the lock dies with the process. The ports of a block are tried before they are given out, below
 * the range from which the kernel takes the ports of clients. None is given out twice.
 */
import { createServer, type Server } from 'node:net'
import type { Random } from '../../base/random.ts'

const firstPort = 12_288
const blockSize = 256
const blockCount = 80
/** With fewer than this left, the next block is taken. */
const lowWater = 64

export class PortStock {
  readonly #random: Random
  readonly #locks: Server[] = []
  readonly #free: number[] = []
  #filling = false
  #closed = false

  private constructor(random: Random) {
    this.#random = random
  }

  static async open(random: Random): Promise<PortStock> {
    const stock = new PortStock(random)
    if (!(await stock.#takeBlock())) throw noneLeft()
    return stock
  }

  take(): number {
    const port = this.#free.shift()
    if (port === undefined) throw noneLeft()
    if (this.#free.length < lowWater) void this.#refill()
    return port
  }

  close(): void {
    this.#closed = true
    for (const lock of this.#locks.splice(0)) lock.close()
  }

  async #refill(): Promise<void> {
    if (this.#filling) return
    this.#filling = true
    await this.#takeBlock()
    this.#filling = false
  }

  async #takeBlock(): Promise<boolean> {
    const start = Math.floor(this.#random.between(0, blockCount))
    for (let step = 0; step < blockCount; step++) {
      const first = firstPort + ((start + step) % blockCount) * blockSize
      const lock = await listen(first)
      if (lock === null) continue
      if (this.#closed) {
        lock.close()
        return false
      }
      this.#locks.push(lock)
      for (let port = first + 1; port < first + blockSize; port++)
        if (await isFree(port)) this.#free.push(port)
      return true
    }
    return false
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port)
  if (server === null) return false
  await new Promise(resolve => server.close(resolve))
  return true
}

function listen(port: number): Promise<Server | null> {
  return new Promise(resolve => {
    const server = createServer(socket => socket.destroy())
    server.once('error', () => resolve(null))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve(server))
  })
}

function noneLeft(): Error {
  const last = firstPort + blockCount * blockSize - 1
  return new Error(`no free port is left for pods: ${firstPort} to ${last} are taken on 127.0.0.1`)
}
