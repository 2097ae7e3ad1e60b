/** What a gRPC call can come to, over a server of HTTP/2 that speaks frame by frame. */
import { expect, test } from 'vitest'
import { Http2Channel } from '../http2/channel.ts'
import { block, goaway, startFaultServer, uint32, type Http2Request } from '../http2/testdata/fault-server.ts'
import { createLab, drive } from '../testdata/channel-lab.ts'
import { expectAsInjected, type Verdict } from '../testdata/ground-truth.ts'
import { UnaryCalls } from './unary-calls.ts'

const serving = '\0\0\0\0\x02\x08\x01'
const grpc = { ':status': '200', 'content-type': 'application/grpc+proto', 'x-pod': 'scripted' }

const head = ({ peer, streamId }: Http2Request, fields: Record<string, string> = grpc): void =>
  peer.frame(1, 4, streamId, block(fields))
const data = ({ peer, streamId }: Http2Request, bytes: string, end = 0): void =>
  peer.frame(0, end, streamId, bytes)
const trailers = ({ peer, streamId }: Http2Request, status: string): void =>
  peer.frame(1, 5, streamId, block({ 'grpc-status': status }))

function answer(request: Http2Request, message = serving, status = '0'): void {
  head(request, { ...grpc, 'x-request-id': request.id })
  data(request, message)
  trailers(request, status)
}

const malformedBody: Verdict = ['body', 'malformed', 'wrong-answer']
const grpcStatus: Verdict = ['status', 'status-grpc', 'wrong-answer']
const ends: [string, (request: Http2Request) => void, Verdict][] = [
  ['an answer', request => answer(request), 'ok'],
  [
    'an answer byte by byte',
    request => {
      head(request)
      for (const byte of serving) data(request, byte)
      trailers(request, '0')
    },
    'ok',
  ],
  ['grpc-status 14 in the trailers', request => answer(request, serving, '14'), grpcStatus],
  [
    'grpc-status 12 and trailers only',
    ({ peer, streamId }) => peer.frame(1, 5, streamId, block({ ...grpc, 'grpc-status': '12' })),
    grpcStatus,
  ],
  ['a grpc-status that is no number', request => answer(request, serving, 'ok'), malformedBody],
  ['no message', request => answer(request, ''), malformedBody],
  ['half a message', request => answer(request, serving.slice(0, 6)), malformedBody],
  ['two messages', request => answer(request, serving + serving), malformedBody],
  ['a compressed message', request => answer(request, `\x01${serving.slice(1)}`), malformedBody],
  [
    'END_STREAM without grpc-status',
    request => {
      head(request)
      data(request, serving, 1)
    },
    ['body', 'closed', 'truncated'],
  ],
  [
    '503 from something on the way',
    ({ peer, streamId }) => peer.frame(1, 5, streamId, block({ ':status': '503' })),
    ['status', 'status-5xx', '5xx'],
  ],
  [
    'a page of HTML',
    request => {
      head(request, { ':status': '200', 'content-type': 'text/html' })
      data(request, 'hello', 1)
    },
    ['headers', 'malformed', 'wrong-answer'],
  ],
  [
    'an answer to another',
    request => {
      head(request, { ...grpc, 'x-request-id': 'another-1' })
      data(request, serving)
      trailers(request, '0')
    },
    ['check', 'mismatch', 'wrong-answer'],
  ],
  [
    'REFUSED_STREAM',
    ({ peer, streamId }) => peer.frame(3, 0, streamId, uint32(7)),
    ['headers', 'refused-stream', 'reset'],
  ],
  [
    'RST_STREAM after the message',
    request => {
      head(request)
      data(request, serving)
      request.peer.frame(3, 0, request.streamId, uint32(2))
    },
    ['body', 'stream-reset', 'truncated'],
  ],
  ['GOAWAY', ({ peer }) => peer.frame(7, 0, 0, goaway(0, 0)), ['headers', 'goaway', 'reset']],
  ['FIN', ({ peer }) => peer.fin(), ['headers', 'closed', 'closed']],
]

for (const connections of [0, 3])
  test.each(ends)(
    `${connections === 0 ? 'on fresh' : 'on reused'} connections: %s`,
    async (name, end, verdict) => {
      const injected = new Map<string, string>()
      const server = await startFaultServer(request => {
        if (request.count % 5 !== 0) return answer(request)
        injected.set(request.id, name)
        end(request)
      })
      const lab = createLab()
      const route = { address: '127.0.0.1', port: server.port, roundTripMs: 0 }
      const calls = new UnaryCalls(lab.setting)
      const samples = await drive(lab, {
        requests: 30,
        connections,
        open: id => new Http2Channel(id, route, lab.setting, calls),
      })
      await server.close()
      expectAsInjected({ samples, injected, received: server.received.map(({ id }) => id) }, () => verdict)
      expect(injected.size).toBe(6)
    },
  )
