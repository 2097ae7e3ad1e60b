/** Against the `ws` package, whose server is what most apps in Node would use. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Outcome } from '../../model/load.ts'
import { HeldChannel } from '../held-channel.ts'
import { createLab } from '../testdata/channel-lab.ts'
import { turns } from '../../testing/turns.ts'
import { webSocket, type WebSocketOptions } from './conversation.ts'

/** One WebSocket, held for a second of made-up time. */
async function hold(
  serve: (socket: WebSocket) => void,
  sign: WebSocketOptions['sign'] = 'ping',
  settings = {},
): Promise<{ outcome: Outcome; code: number }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/socket', ...settings })
  await once(server, 'listening')
  const goodbyes: Promise<unknown[]>[] = []
  server.on('connection', socket => {
    goodbyes.push(once(socket, 'close'))
    serve(socket)
  })
  const lab = createLab()
  const route = { address: '127.0.0.1', port: (server.address() as AddressInfo).port, roundTripMs: 0 }
  const begin = webSocket(lab.setting, { path: '/socket', everyMs: 100, sign })
  new HeldChannel(1, route, lab.setting, begin).send(lab.exchange({ answerMs: 1000 }), lab.clock.nowUs())
  while (goodbyes.length === 0) await turns(1)
  while (lab.samples.length === 0) {
    await turns(20)
    lab.clock.advance(50)
    lab.setting.deadlines.expire(lab.clock.nowUs())
  }
  const [code] = (await goodbyes[0]) ?? []
  await new Promise(resolve => server.close(resolve))
  return { outcome: lab.samples[0]?.outcome ?? { kind: 'unresolved' }, code: Number(code) }
}

const onFirst = (act: (socket: WebSocket) => void) => (socket: WebSocket) => {
  socket.once('ping', () => act(socket))
}

test('pings are answered, and the goodbye at the end is ours', async () => {
  const pings: string[] = []
  const held = await hold(socket => socket.on('ping', data => pings.push(data.toString())))
  expect(held).toEqual({ outcome: { kind: 'succeeded', status: 1000 }, code: 1000 })
  expect(pings.length).toBeGreaterThan(5)
})

test('texts come back, also when the server offers to compress', async () => {
  const echo = (socket: WebSocket): void => {
    socket.on('message', (data, binary) => {
      socket.ping('are you there')
      socket.send(data, { binary })
    })
  }
  const held = await hold(echo, 'echo', { perMessageDeflate: true })
  expect(held).toEqual({ outcome: { kind: 'succeeded', status: 1000 }, code: 1000 })
})

test.each([
  [1001, { kind: 'succeeded', status: 1001 }],
  [1011, { kind: 'failed', phase: 'status', code: 'status-other', status: 1011, detail: 'close 1011' }],
])('a goodbye with %i is returned with the same code', async (code, outcome) => {
  const held = await hold(onFirst(socket => socket.close(code, 'on a server that goes away')))
  expect(held).toEqual({ outcome, code })
})

test('a server that cuts the connection leaves without a goodbye', async () => {
  const { outcome } = await hold(onFirst(socket => socket.terminate()))
  expect(outcome).toMatchObject({ kind: 'failed', phase: 'body', code: 'abnormal-close' })
})
