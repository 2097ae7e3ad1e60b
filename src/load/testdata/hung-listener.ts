/** A listener whose accept queue is full: what a pod without a network looks like to whoever connects. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { sleep, systemClock } from '../../base/clock.ts'

export interface HungListener {
  readonly port: number
  close(): Promise<void>
}

/** The thread listens and then never turns its loop again, so nothing is ever accepted. */
const blockedThread = `
  const { parentPort } = require('node:worker_threads')
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
  })`

export async function startHungListener(): Promise<HungListener> {
  const worker = new Worker(blockedThread, { eval: true })
  const [port] = (await once(worker, 'message')) as [number]
  const sockets: Socket[] = []
  // One after the other, until one hangs: from then on the queue is full.
  for (let established = true; established; ) {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => socket.destroy())
    sockets.push(socket)
    established = await Promise.race([
      once(socket, 'connect').then(() => true),
      sleep(systemClock, 400).then(() => false),
    ])
  }
  return {
    port,
    async close() {
      for (const socket of sockets) socket.destroy()
      await worker.terminate()
    },
  }
}
