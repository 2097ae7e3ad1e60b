/** Each end that a stream of events can come to, over HTTP/1.1 and HTTP/2, is counted once and as what it is. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { present } from '../../base/assert.ts'
import { HeldChannel } from '../held-channel.ts'
import { Http2Channel } from '../http2/channel.ts'
import { block, goaway, startFaultServer, uint32, type Http2Request } from '../http2/testdata/fault-server.ts'
import { createLab, drive } from '../testdata/channel-lab.ts'
import { expectAsInjected, type Played, type Verdict } from '../testdata/ground-truth.ts'
import { startRawServer, type RawRequest, type RawServer } from '../testdata/raw-http-server.ts'
import { EventStreams } from './event-streams.ts'
import { eventsOverHttp1 } from './events-conversation.ts'

const options = { path: '/events', endEvent: 'end', maxSilenceMs: 3000 }
const ANSWER_MS = 1000

const some = ': hello\n\nevent: tick\ndata: 1\n\ndata: 2\n\n'
const mark = 'event: end\ndata: bye\n\n'
const type = 'Content-Type: text/event-stream; charset=utf-8\r\nx-pod: scripted\r\n'
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
const chunked = `HTTP/1.1 200 OK\r\n${type}Transfer-Encoding: chunked\r\n\r\n`
const untilClose = `HTTP/1.1 200 OK\r\n${type}\r\n`

type Act = (request: RawRequest, server: RawServer) => void

/** The head, some events, and then something else, after these were read. */
function midway(head: string, then: Act): Act {
  return (request, server) => {
    request.peer.write(head === chunked ? chunked + chunk(some) : head + some)
    request.peer.later(() => then(request, server))
  }
}

const answer: Act = ({ peer }) => peer.write(chunked + chunk(some) + chunk(mark) + '0\r\n\r\n')
const hang: Act = (_, server) => void (server.hung += 1)
const cutShort: Verdict = ['body', 'closed', 'truncated']

const faults: Record<string, [Act, Verdict]> = {
  'the mark, then the end': [answer, 'ok'],
  'the mark byte by byte': [
    ({ peer }) => {
      for (const letter of chunked + chunk(some) + chunk(mark) + '0\r\n\r\n') peer.write(letter)
    },
    'ok',
  ],
  'the mark, then FIN without the last chunk': [
    ({ peer }) => {
      peer.write(chunked + chunk(mark))
      peer.fin()
    },
    'ok',
  ],
  'the mark, then RST': [
    midway(chunked, ({ peer }) => {
      peer.write(chunk(mark))
      peer.later(() => peer.reset())
    }),
    'ok',
  ],
  'the mark, until close': [
    ({ peer }) => {
      peer.write(untilClose + some + mark)
      peer.fin()
    },
    'ok',
  ],
  'the last chunk without the mark': [midway(chunked, ({ peer }) => peer.write('0\r\n\r\n')), cutShort],
  'FIN without the mark, chunked': [midway(chunked, ({ peer }) => peer.fin()), cutShort],
  'FIN without the mark, until close': [midway(untilClose, ({ peer }) => peer.fin()), cutShort],
  'FIN in the middle of the mark': [
    midway(chunked, ({ peer }) => {
      peer.write(chunk('event: end\ndata: bye\n'))
      peer.fin()
    }),
    cutShort,
  ],
  'RST, chunked': [midway(chunked, ({ peer }) => peer.reset()), ['body', 'reset', 'truncated']],
  'RST, until close': [midway(untilClose, ({ peer }) => peer.reset()), ['body', 'reset', 'truncated']],
  'a broken chunk': [
    midway(chunked, ({ peer }) => peer.write('zz\r\n')),
    ['body', 'malformed', 'wrong-answer'],
  ],
  'FIN before the answer': [({ peer }) => peer.fin(), ['headers', 'closed', 'closed']],
  'RST before the answer': [({ peer }) => peer.reset(), ['headers', 'reset', 'reset']],
  'FIN in the header': [
    ({ peer }) => {
      peer.write(chunked.slice(0, 30))
      peer.fin()
    },
    ['headers', 'closed', 'closed'],
  ],
  'another type': [
    ({ peer }) => peer.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok'),
    ['headers', 'malformed', 'wrong-answer'],
  ],
  'no type': [
    ({ peer }) => peer.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    ['headers', 'malformed', 'wrong-answer'],
  ],
  '503': [
    ({ peer }) => peer.write('HTTP/1.1 503 Unavailable\r\nContent-Length: 4\r\n\r\nbusy'),
    ['status', 'status-5xx', '5xx'],
  ],
  '503 and close': [
    ({ peer }) => {
      peer.write('HTTP/1.1 503 Unavailable\r\nConnection: close\r\n\r\nbusy')
      peer.fin()
    },
    ['status', 'status-5xx', '5xx'],
  ],
  '204': [({ peer }) => peer.write('HTTP/1.1 204 None\r\n\r\n'), ['status', 'status-other', 'wrong-answer']],
  garbage: [({ peer }) => peer.write('\x15\x03\x01\0\x02\x02\x16'), ['headers', 'malformed', 'wrong-answer']],
  'silence before the answer': [hang, ['headers', 'timed-out', 'timed-out']],
  'silence in the header': [
    (request, server) => {
      request.peer.write(chunked.slice(0, 30))
      hang(request, server)
    },
    ['headers', 'timed-out', 'timed-out'],
  ],
}

async function play(
  script: (count: number) => string | null,
  requests: number,
  connections: number,
  answerMs = 0,
): Promise<Played> {
  const injected = new Map<string, string>()
  const server = await startRawServer((request, account) => {
    const name = script(request.count)
    if (name === null) return answer(request, account)
    injected.set(request.id, name)
    present(faults[name], name)[0](request, account)
  })
  const lab = createLab()
  const route = { address: '127.0.0.1', port: server.port, roundTripMs: 0 }
  const begin = eventsOverHttp1(lab.setting, options)
  const samples = await drive(lab, {
    requests,
    connections,
    answerMs,
    open: id => new HeldChannel(id, route, lab.setting, begin),
    hung: () => server.hung,
  })
  await server.close()
  return { samples, injected, received: server.received.map(({ id }) => id) }
}

const verdictOf = (name: string): Verdict => present(faults[name], name)[1]

for (const connections of [0, 3])
  test.each(Object.keys(faults))(
    `${connections === 0 ? 'on fresh' : 'on reused'} connections: %s`,
    async name => {
      const played = await play(count => (count % 6 === 0 ? name : null), 36, connections)
      expectAsInjected(played, verdictOf)
      expect(played.injected.size).toBe(6)
    },
  )

test('any mixture of them comes out as it went in', async () => {
  const script = fc.array(fc.option(fc.constantFrom(...Object.keys(faults)), { freq: 2 }), {
    minLength: 5,
    maxLength: 60,
  })
  await fc.assert(
    fc.asyncProperty(script, fc.constantFrom(0, 1, 4), async (names, connections) => {
      const played = await play(count => names[count - 1] ?? null, names.length, connections)
      expectAsInjected(played, verdictOf)
    }),
    { numRuns: 30 },
  )
})

test('a connection whose stream ended in good order carries the next one', async () => {
  const { samples } = await play(() => null, 12, 2)
  expect(Math.max(...samples.map(({ connection }) => connection?.use ?? 0))).toBe(6)
})

test('a stream that goes on is ended by us when its time is over, and that is a success', async () => {
  const server = await startRawServer((request, account) => midway(chunked, hang)(request, account))
  const lab = createLab()
  const route = { address: '127.0.0.1', port: server.port, roundTripMs: 0 }
  const begin = eventsOverHttp1(lab.setting, options)
  const samples = await drive(lab, {
    requests: 3,
    connections: 0,
    answerMs: ANSWER_MS,
    open: id => new HeldChannel(id, route, lab.setting, begin),
    hung: () => server.hung,
  })
  await server.close()
  expect(samples.map(({ outcome }) => outcome)).toEqual(Array(3).fill({ kind: 'succeeded', status: 200 }))
})

test('a server that falls silent in the middle of a stream is a time-out, and its detail tells what was heard', async () => {
  const server = await startRawServer((request, account) => midway(chunked, hang)(request, account))
  const lab = createLab()
  const route = { address: '127.0.0.1', port: server.port, roundTripMs: 0 }
  const begin = eventsOverHttp1(lab.setting, options)
  const samples = await drive(lab, {
    requests: 2,
    connections: 2,
    open: id => new HeldChannel(id, route, lab.setting, begin),
    hung: () => server.hung,
  })
  await server.close()
  for (const { outcome, servedBy } of samples) {
    expect(outcome).toMatchObject({ phase: 'body', code: 'timed-out', detail: '2 events, longest gap 0 ms' })
    expect(servedBy).toBe('scripted')
  }
})

const http2Ends: [string, (request: Http2Request) => void, Verdict][] = [
  ['the mark', ({ peer, streamId }) => peer.frame(0, 1, streamId, mark), 'ok'],
  ['the mark, and no end', ({ peer, streamId }) => peer.frame(0, 0, streamId, mark), 'ok'],
  ['END_STREAM without the mark', ({ peer, streamId }) => peer.frame(0, 1, streamId), cutShort],
  [
    'RST_STREAM',
    ({ peer, streamId }) => peer.frame(3, 0, streamId, uint32(8)),
    ['body', 'stream-reset', 'truncated'],
  ],
  ['FIN', ({ peer }) => peer.fin(), cutShort],
  [
    'GOAWAY with an error, then FIN',
    ({ peer, streamId }) => {
      peer.frame(7, 0, 0, goaway(streamId, 2))
      peer.fin()
    },
    ['body', 'goaway-error', 'truncated'],
  ],
]

test.each(http2Ends)('over HTTP/2, a stream that ends with %s', async (name, end, verdict) => {
  const server = await startFaultServer(request => {
    const fields = { ':status': '200', 'content-type': 'text/event-stream' }
    request.peer.frame(1, 4, request.streamId, block(fields))
    request.peer.frame(0, 0, request.streamId, some)
    request.peer.later(() => end(request))
  })
  const lab = createLab()
  const route = { address: '127.0.0.1', port: server.port, roundTripMs: 0 }
  const streams = new EventStreams(lab.setting, options)
  const samples = await drive(lab, {
    requests: 8,
    connections: 2,
    kind: 'get',
    open: id => new Http2Channel(id, route, lab.setting, streams),
  })
  await server.close()
  const received = server.received.map(({ id }) => id)
  expectAsInjected({ samples, injected: new Map(received.map(id => [id, name])), received }, () => verdict)
})
