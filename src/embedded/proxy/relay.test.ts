import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { present } from '../../base/assert.ts'
import { systemClock } from '../../base/clock.ts'
import { seededRandom } from '../../base/random.ts'
import type { ForwardingEndpoint } from '../../model/forwarding.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { turns } from '../../testing/turns.ts'
import { Silence } from '../kubelet/silence.ts'
import { Relay } from './relay.ts'

const host = '127.1.98.200'
const port = 18_080
const backend = { address: '127.1.98.1', port: 18_081, pod: 'web-1' }
const other = { address: '127.1.98.2', port: 18_081, pod: 'web-2' }
const silent = { address: '127.1.98.3', port: 18_081, pod: 'web-3' }

let relay: Relay
let clock: FakeClock
const servers: Server[] = []
const clients: Socket[] = []
beforeEach(() => {
  clock = new FakeClock()
  relay = new Relay({ host, port }, { clock, random: seededRandom(1), sourcePortPinMs: 120_000 })
})
afterEach(() => {
  relay.stop()
  for (const client of clients.splice(0)) client.destroy()
  for (const server of servers.splice(0)) server.close()
})

/** Applies rules, and waits until the kernel has seen what follows from them. */
async function use(endpoints: ForwardingEndpoint[], affinitySeconds = 0): Promise<void> {
  relay.use({ endpoints, fallback: false }, affinitySeconds)
  await turns(1)
}

async function serve(at: { address: string; port: number }, onSocket: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => undefined)
    onSocket(socket)
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(at.port, at.address, resolve))
}

/** A connection through the relay, and all that its client sees. */
class Client {
  readonly socket: Socket
  text = ''
  readonly end: Promise<string>

  constructor(localPort?: number) {
    const from = localPort === undefined ? {} : { localPort, localAddress: '127.0.0.1' }
    this.socket = connect({ ...from, ...present(relay.address, 'relay'), allowHalfOpen: true })
    clients.push(this.socket)
    this.socket.on('data', (chunk: Buffer) => (this.text += chunk.toString()))
    this.end = new Promise(resolve => {
      this.socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
      this.socket.on('end', () => resolve('FIN'))
    })
  }

  /** `nothing` after 150 ms without an end. A process that stood still reads first what has come meanwhile. */
  endOrNothing(): Promise<string> {
    const passed = new Promise<void>(resolve => systemClock.after(150, resolve))
    return Promise.race([this.end, passed.then(() => turns(10)).then(() => 'nothing')])
  }
}

/** Which endpoint answers a connection of its own. */
async function ask(localPort?: number): Promise<string> {
  const client = new Client(localPort)
  const end = await client.endOrNothing()
  if (end === 'FIN') client.socket.resetAndDestroy()
  return client.text === '' ? end : client.text
}

describe('what one side does, the other side sees', () => {
  test('a FIN of the client, and an answer that comes long after it', async () => {
    await serve(backend, socket => {
      let heard = ''
      socket.on('data', (chunk: Buffer) => (heard += chunk.toString()))
      socket.on('end', () => systemClock.after(100, () => socket.end(`heard ${heard}`)))
    })
    await use([backend])
    const client = new Client()
    client.socket.end('hello')
    expect(await client.end).toBe('FIN')
    expect(client.text).toBe('heard hello')
  })

  test('a FIN of the endpoint, after which the client still speaks', async () => {
    const heard = new Promise<string>(resolve => {
      void serve(backend, socket => {
        socket.end('first')
        let text = ''
        socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
        socket.on('end', () => resolve(text))
      })
    })
    await use([backend])
    const client = new Client()
    expect(await client.end).toBe('FIN')
    expect(client.text).toBe('first')
    client.socket.end('and yet')
    expect(await heard).toBe('and yet')
  })

  test('a reset of the endpoint', async () => {
    await serve(backend, socket => socket.once('data', () => socket.resetAndDestroy()))
    await use([backend])
    const client = new Client()
    client.socket.write('hello')
    expect(await client.end).toBe('ECONNRESET')
  })

  test('a reset of the client', async () => {
    const seen = new Promise<string>(resolve => {
      void serve(backend, socket => {
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
        socket.on('end', () => resolve('FIN'))
        socket.write('ready')
      })
    })
    await use([backend])
    const client = new Client()
    client.socket.once('data', () => client.socket.resetAndDestroy())
    expect(await seen).toBe('ECONNRESET')
  })

  test('an endpoint that refuses resets the client', async () => {
    await use([backend])
    expect(await new Client().end).toBe('ECONNRESET')
  })

  test('without an endpoint the kernel refuses, and with one again it does not', async () => {
    await serve(backend, socket => socket.end('web-1'))
    await use([])
    expect(await new Client().end).toBe('ECONNREFUSED')
    await use([backend])
    expect(await ask()).toBe('web-1')
    await use([])
    expect(await new Client().end).toBe('ECONNREFUSED')
  })
})

describe('an endpoint that is silent', () => {
  let silence: Silence
  beforeEach(async () => {
    silence = new Silence(systemClock, 60_000)
    silence.keep(silent.address, [silent.port])
    await use([silent])
    // For a moment the address still refuses.
    while ((await ask()) !== 'nothing');
  })
  afterEach(() => silence.end())

  test('leaves the client hanging', async () => {
    expect(await new Client().endOrNothing()).toBe('nothing')
  })

  test('keeps the source port of a connect that hung for 120 s, whatever the rules say then', async () => {
    await serve(backend, socket => socket.end('web-1'))
    const hung = new Client(28_401)
    expect(await hung.endOrNothing()).toBe('nothing')
    hung.socket.resetAndDestroy()
    await use([backend])
    expect(await ask(28_402)).toBe('web-1')
    const again = new Client(28_401)
    expect(await again.endOrNothing()).toBe('nothing')
    again.socket.resetAndDestroy()
    await new Promise<void>(resolve => systemClock.after(50, resolve)).then(() => turns(10))
    clock.advance(120_000)
    expect(await ask(28_401)).toBe('web-1')
  })
})

describe('session affinity', () => {
  beforeEach(async () => {
    for (const endpoint of [backend, other]) await serve(endpoint, socket => socket.end(endpoint.pod))
  })

  test('keeps a client at its endpoint while it is used in time, and no longer', async () => {
    await use([backend, other], 600)
    const first = await ask()
    for (let turn = 0; turn < 10; turn++) {
      clock.advance(599_000)
      expect(await ask()).toBe(first)
    }
    const later = new Set<string>()
    for (let turn = 0; turn < 20; turn++) {
      clock.advance(600_000)
      later.add(await ask())
    }
    expect([...later].sort()).toEqual(['web-1', 'web-2'])
  })

  test('chooses anew when the endpoint has left', async () => {
    await use([backend, other], 600)
    const first = await ask()
    await use(
      [backend, other].filter(({ pod }) => pod !== first),
      600,
    )
    const second = await ask()
    expect(second).not.toBe(first)
    await use([backend, other], 600)
    expect(await ask()).toBe(second)
  })
})

test('a port that is not to be had is replaced by another, which is told', async () => {
  await serve({ address: host, port }, socket => socket.end('somebody else'))
  await serve(backend, socket => socket.end('web-1'))
  await use([backend])
  expect(relay.address).toEqual({ host, port: 20_000 + port })
  expect(await ask()).toBe('web-1')
  await use([])
  await use([backend])
  expect(relay.address).toEqual({ host, port: 20_000 + port })
  expect(await ask()).toBe('web-1')
})
