/**
 * The thread that makes addresses silent: it listens on them and never accepts, so that the kernel, once the accept queue
 * is full, drops every SYN and a connect hangs. It fills the queues itself, right after listening.
 *
 * Subtle: an event loop that turns would accept. So this thread never returns to its loop. It blocks until it is told
 * something, and its asynchronous steps (an address's look-up, the connects) are next-tick callbacks, which Node runs to
 * the end before the loop goes on.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads'
import type { SilenceOrder } from './silence.ts'

/** With a backlog of 1 the kernel queues two connections. */
const backlog = 1
const fillers = 2

interface Opened {
  servers: Server[]
  fillers: Socket[]
}
const opened = new Map<number, Opened>()

/** `signal` counts the orders that were posted. */
async function obeyAll(port: MessagePort, signal: Int32Array): Promise<never> {
  for (let seen = 0; ; seen = Atomics.load(signal, 0)) {
    Atomics.wait(signal, 0, seen)
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      const order = next.message as SilenceOrder
      if (order.kind === 'begin') await begin(order)
      else end(order.id)
      port.postMessage(order.id)
    }
  }
}

async function begin({ id, places }: Extract<SilenceOrder, { kind: 'begin' }>): Promise<void> {
  const held: Opened = { servers: [], fillers: [] }
  opened.set(id, held)
  for (const { host, port } of places) {
    const server = createServer()
    held.servers.push(server)
    const listens = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false))
      server.listen({ host, port, backlog, exclusive: true }, () => resolve(true))
    })
    if (!listens) continue
    for (let filler = 0; filler < fillers; filler++)
      held.fillers.push(connect({ host, port }).on('error', () => undefined))
  }
  // The connects are issued by the ticks before this one.
  await new Promise<void>(resolve => process.nextTick(resolve))
}

function end(id: number): void {
  const held = opened.get(id)
  opened.delete(id)
  for (const filler of held?.fillers ?? []) filler.destroy()
  for (const server of held?.servers ?? []) server.close()
}

if (parentPort !== null) void obeyAll(parentPort, (workerData as { signal: Int32Array }).signal)
