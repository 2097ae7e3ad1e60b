/**
 * Makes one address silent: a thread that listens and never accepts. It fills its own accept queue in the same turn, then
 * blocks for good, so that from then on the kernel drops every SYN and a connect hangs. Ended by `terminate()`.
 */
import { connect, createServer } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

const { address, ports } = workerData as { address: string; ports: number[] }
/** With a backlog of 1 the kernel queues two connections. */
const backlog = 1
const fillers = 2

parentPort?.once('message', () => {
  let pending = ports.length
  const listened = (): void => {
    if (--pending > 0) return
    parentPort?.postMessage('silent')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }
  for (const port of ports) {
    const server = createServer()
    server.once('error', listened)
    server.listen({ host: address, port, backlog, exclusive: true }, () => {
      for (let filler = 0; filler < fillers; filler++)
        connect({ host: address, port }).on('error', () => undefined)
      // The connects are issued on the next tick; this one comes after them, and before the loop can accept.
      process.nextTick(listened)
    })
  }
})
