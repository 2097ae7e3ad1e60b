import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import type { ForwardingTable } from '../../model/forwarding.ts'
import { ServiceRelays } from './relay.ts'

const clusterIP = '127.1.98.200'
const backend = { address: '127.1.98.1', port: 18_081, pod: 'web-1' }

let server: Server | null = null
let relays: ServiceRelays
afterEach(() => {
  relays.stop()
  server?.close()
  server = null
})

/** Applies a table, and waits until the kernel has seen what follows from it. */
async function applied(endpoints: (typeof backend)[]): Promise<void> {
  relays = new ServiceRelays(seededRandom(1))
  const table: ForwardingTable = {
    node: 'control-plane',
    version: 1,
    atUs: 0,
    roundTripMs: 0,
    services: [{ service: 'default/web:18080', clusterIP, endpoints, fallback: false }],
  }
  relays.apply(table)
  await new Promise(resolve => setImmediate(resolve))
}

async function serve(onSocket: (socket: Socket) => void): Promise<void> {
  const listening = createServer({ allowHalfOpen: true }, onSocket)
  server = listening
  await new Promise<void>(resolve => listening.listen(backend.port, backend.address, resolve))
}

/** What a client gets that says `hello` and half-closes: the bytes, and how it ended. */
function ask(): Promise<{ text: string; end: string }> {
  return new Promise(resolve => {
    let text = ''
    const socket = connect({ host: clusterIP, port: 18_080, allowHalfOpen: true })
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve({ text, end: error.code ?? '' }))
    socket.on('end', () => resolve({ text, end: 'FIN' }))
    socket.end('hello')
  })
}

test('bytes and half-closes pass both ways', async () => {
  await serve(socket => {
    let heard = ''
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()))
    socket.on('end', () => socket.end(`heard ${heard}`))
  })
  await applied([backend])
  expect(await ask()).toEqual({ text: 'heard hello', end: 'FIN' })
})

test('a reset by the endpoint resets the client', async () => {
  await serve(socket => socket.once('data', () => socket.resetAndDestroy()))
  await applied([backend])
  expect(await ask()).toEqual({ text: '', end: 'ECONNRESET' })
})

test('an endpoint that refuses resets the client', async () => {
  await applied([backend])
  expect((await ask()).end).toBe('ECONNRESET')
})

test('a Service without an endpoint refuses', async () => {
  await applied([])
  expect((await ask()).end).toBe('ECONNREFUSED')
})
