/** What the fault server can do with a request, and what the driver must make of each. */
import type { Verdict } from '../../testdata/ground-truth.ts'
import { block, frameOf, goaway, uint32, type FaultServer, type Http2Request } from './fault-server.ts'

const DATA = 0
const HEADERS = 1
const END_STREAM = 1
const END_HEADERS = 4

type Act = (request: Http2Request, server: FaultServer) => void

function head(request: Http2Request, more: Record<string, string> = {}): Buffer {
  return block({ ':status': '200', 'x-pod': 'scripted', 'x-request-id': request.id, ...more })
}

function begin(request: Http2Request, more: Record<string, string> = {}): void {
  request.peer.frame(HEADERS, END_HEADERS, request.streamId, head(request, more))
}

/** A POST's answer must name the request, as the sample app's does. */
const bodyFor = (request: Http2Request): string => (request.post ? `{"id":"${request.id}"}` : 'hello')

export const answer: Act = request => {
  begin(request)
  request.peer.frame(DATA, END_STREAM, request.streamId, bodyFor(request))
}

/** The header, half of a body, and then something else, after these were read. */
function midBody(then: (request: Http2Request, server: FaultServer) => void): Act {
  return (request, server) => {
    begin(request, { 'content-length': '100' })
    request.peer.frame(DATA, 0, request.streamId, 'half')
    request.peer.later(() => then(request, server))
  }
}

function rst(code: number): Act {
  return ({ peer, streamId }) => peer.frame(3, 0, streamId, uint32(code))
}

function status(code: string): Act {
  return request => {
    const { peer, streamId } = request
    peer.frame(HEADERS, END_HEADERS | END_STREAM, streamId, block({ ':status': code }))
  }
}

function raw(bytes: (request: Http2Request) => Buffer | string): Act {
  return request => request.peer.raw(bytes(request))
}

const hang: Act = (_, server) => void (server.hung += 1)
const protocol: Verdict = ['headers', 'protocol', 'wrong-answer']
const malformed: Verdict = ['headers', 'malformed', 'wrong-answer']
const malformedBody: Verdict = ['body', 'malformed', 'wrong-answer']

function resets(): Record<string, [Act, Verdict]> {
  const table: Record<string, [Act, Verdict]> = {}
  for (let code = 0; code <= 14; code++) {
    const before: Verdict = ['headers', code === 7 ? 'refused-stream' : 'stream-reset', 'reset']
    table[`RST_STREAM ${code}`] = [rst(code), before]
    table[`RST_STREAM ${code} in the body`] = [midBody(rst(code)), ['body', 'stream-reset', 'truncated']]
  }
  return table
}

const good: Record<string, Act> = {
  answer,
  'answer in pieces of one byte': request => {
    const text = Buffer.concat([
      frameOf(HEADERS, END_HEADERS, request.streamId, head(request)),
      frameOf(DATA, END_STREAM, request.streamId, bodyFor(request)),
    ])
    for (const byte of text) request.peer.raw(Buffer.from([byte]))
  },
  'answer with CONTINUATION': request => {
    const bytes = head(request)
    request.peer.frame(HEADERS, 0, request.streamId, bytes.subarray(0, 7))
    request.peer.frame(9, 0, request.streamId)
    request.peer.frame(9, END_HEADERS, request.streamId, bytes.subarray(7))
    request.peer.frame(DATA, END_STREAM, request.streamId, bodyFor(request))
  },
  'answer with padding and priority': request => {
    const priority = Buffer.concat([Buffer.from([3]), uint32(0), Buffer.from([16])])
    const padded = Buffer.concat([priority, head(request), Buffer.alloc(3)])
    request.peer.frame(HEADERS, END_HEADERS | 8 | 32, request.streamId, padded)
    request.peer.frame(DATA, END_STREAM | 8, request.streamId, `\x02${bodyFor(request)}\0\0`)
  },
  'answer after 100 and 103': request => {
    for (const code of ['100', '103'])
      request.peer.frame(HEADERS, END_HEADERS, request.streamId, block({ ':status': code, link: 'x' }))
    answer(request, {} as FaultServer)
  },
  'answer with trailers': request => {
    begin(request)
    request.peer.frame(DATA, 0, request.streamId, bodyFor(request))
    request.peer.frame(HEADERS, END_HEADERS | END_STREAM, request.streamId, block({ 'x-trailer': '1' }))
  },
  'answer among PING, PRIORITY and unknown frames': request => {
    request.peer.frame(6, 0, 0, '12345678')
    request.peer.frame(2, 0, request.streamId, Buffer.alloc(5))
    request.peer.frame(200, 255, 0, 'whatever')
    begin(request)
    request.peer.frame(201, 3, request.streamId, 'whatever')
    request.peer.frame(DATA, 0, request.streamId)
    request.peer.frame(DATA, END_STREAM, request.streamId, bodyFor(request))
  },
  'answer, then RST_STREAM NO_ERROR': request => {
    answer(request, {} as FaultServer)
    rst(0)(request, {} as FaultServer)
  },
  'answer, then FIN': request => {
    answer(request, {} as FaultServer)
    request.peer.fin()
  },
  'answer, then RST': request => {
    answer(request, {} as FaultServer)
    request.peer.later(() => request.peer.reset())
  },
  'graceful GOAWAY, answer, FIN': request => {
    request.peer.frame(7, 0, 0, goaway(0x7fff_ffff, 0))
    answer(request, {} as FaultServer)
    request.peer.frame(7, 0, 0, goaway(request.streamId, 0))
    request.peer.fin()
  },
  'GOAWAY with an error, and an answer all the same': request => {
    request.peer.frame(7, 0, 0, goaway(request.streamId, 2))
    answer(request, {} as FaultServer)
  },
}

const bad: Record<string, [Act, Verdict]> = {
  ...resets(),
  FIN: [request => request.peer.fin(), ['headers', 'closed', 'closed']],
  RST: [({ peer }) => peer.later(() => peer.reset()), ['headers', 'reset', 'reset']],
  'FIN in the header': [
    request => {
      request.peer.frame(HEADERS, 0, request.streamId, head(request))
      request.peer.fin()
    },
    ['headers', 'closed', 'closed'],
  ],
  'FIN in the body': [midBody(({ peer }) => peer.fin()), ['body', 'closed', 'truncated']],
  'RST in the body': [midBody(({ peer }) => peer.reset()), ['body', 'reset', 'truncated']],
  'GOAWAY, not processed': [
    ({ peer, streamId }) => {
      peer.frame(7, 0, 0, goaway(streamId - 2 > 0 ? streamId - 2 : 0, 0))
      peer.fin()
    },
    ['headers', 'goaway', 'reset'],
  ],
  'GOAWAY with an error, not processed': [
    ({ peer }) => peer.frame(7, 0, 0, goaway(0, 11)),
    ['headers', 'goaway', 'reset'],
  ],
  'GOAWAY twice, the second time not processed': [
    ({ peer }) => {
      peer.frame(7, 0, 0, goaway(0x7fff_ffff, 0))
      peer.frame(7, 0, 0, goaway(0, 0))
    },
    ['headers', 'goaway', 'reset'],
  ],
  'GOAWAY, then FIN': [
    ({ peer, streamId }) => {
      peer.frame(7, 0, 0, goaway(streamId, 0))
      peer.fin()
    },
    ['headers', 'closed', 'closed'],
  ],
  'GOAWAY with an error, then FIN': [
    ({ peer, streamId }) => {
      peer.frame(7, 0, 0, goaway(streamId, 2))
      peer.fin()
    },
    ['headers', 'goaway-error', 'reset'],
  ],
  'GOAWAY with an error in the body, then FIN': [
    midBody(({ peer, streamId }) => {
      peer.frame(7, 0, 0, goaway(streamId, 2))
      peer.fin()
    }),
    ['body', 'goaway-error', 'truncated'],
  ],
  'short content-length': [
    midBody(({ peer, streamId }) => peer.frame(DATA, END_STREAM, streamId)),
    ['body', 'closed', 'truncated'],
  ],
  'long content-length': [
    midBody(({ peer, streamId }) => peer.frame(DATA, END_STREAM, streamId, 'x'.repeat(97))),
    malformedBody,
  ],
  'trailers without an end': [
    midBody(({ peer, streamId }) => peer.frame(HEADERS, END_HEADERS, streamId, block({ 'x-a': '1' }))),
    malformedBody,
  ],
  '503': [status('503'), ['status', 'status-5xx', '5xx']],
  '404': [status('404'), ['status', 'status-4xx', 'wrong-answer']],
  '302': [status('302'), ['status', 'status-other', 'wrong-answer']],
  'another id': [
    request =>
      request.peer.frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        request.streamId,
        head(request, { 'x-request-id': 'another-1' }),
      ),
    ['check', 'mismatch', 'wrong-answer'],
  ],
  'no status': [
    ({ peer, streamId }) => peer.frame(HEADERS, END_HEADERS | END_STREAM, streamId, block({ 'x-a': '1' })),
    malformed,
  ],
  'a status twice': [
    ({ peer, streamId }) =>
      peer.frame(HEADERS, END_HEADERS | END_STREAM, streamId, Buffer.from([0x88, 0x88])),
    malformed,
  ],
  'interim and no more': [status('103'), malformed],
  'data before the header': [({ peer, streamId }) => peer.frame(DATA, 0, streamId, 'x'), malformed],
  'silence before the header': [hang, ['headers', 'timed-out', 'timed-out']],
  'silence in the header': [
    (request, server) => {
      request.peer.frame(HEADERS, 0, request.streamId, head(request))
      hang(request, server)
    },
    ['headers', 'timed-out', 'timed-out'],
  ],
  'silence in the body': [midBody(hang), ['body', 'timed-out', 'timed-out']],
  'an oversize frame': [raw(({ streamId }) => frameOf(DATA, 0, streamId, Buffer.alloc(16_385))), protocol],
  'HEADERS on stream 0': [({ peer }) => peer.frame(HEADERS, END_HEADERS, 0, ''), protocol],
  'HEADERS on an even stream': [({ peer }) => peer.frame(HEADERS, END_HEADERS, 2, ''), protocol],
  'HEADERS on a stream of the future': [
    ({ peer, streamId }) => peer.frame(HEADERS, END_HEADERS, streamId + 2, ''),
    protocol,
  ],
  'CONTINUATION out of the blue': [({ peer, streamId }) => peer.frame(9, 4, streamId, ''), protocol],
  'a header block broken by PING': [
    ({ peer, streamId }) => {
      peer.frame(HEADERS, 0, streamId, '')
      peer.frame(6, 0, 0, '12345678')
    },
    protocol,
  ],
  'too much padding': [({ peer, streamId }) => peer.frame(DATA, 8, streamId, '\x05abcd'), protocol],
  PUSH_PROMISE: [({ peer, streamId }) => peer.frame(5, 4, streamId, uint32(2)), protocol],
  'a header index that is not there': [
    ({ peer, streamId }) => peer.frame(HEADERS, END_HEADERS, streamId, Buffer.from([0xff, 0x20])),
    protocol,
  ],
  'a Huffman code that is none': [
    ({ peer, streamId }) =>
      peer.frame(HEADERS, END_HEADERS, streamId, Buffer.from([0, 1, 0x61, 0x82, 0xff, 0xff])),
    protocol,
  ],
  'a window beyond 2^31-1': [({ peer }) => peer.frame(8, 0, 0, uint32(0x7fff_ffff)), protocol],
  'a window of the stream beyond 2^31-1': [
    ({ peer, streamId }) => peer.frame(8, 0, streamId, uint32(0x7fff_ffff)),
    protocol,
  ],
  'an increment of 0': [({ peer }) => peer.frame(8, 0, 0, uint32(0)), protocol],
  'SETTINGS of a wrong size': [({ peer }) => peer.frame(4, 0, 0, '12345'), protocol],
  'PING of a wrong size': [({ peer }) => peer.frame(6, 0, 0, '1'), protocol],
  'GOAWAY that rises': [
    ({ peer, streamId }) => {
      peer.frame(7, 0, 0, goaway(streamId, 0))
      peer.frame(7, 0, 0, goaway(streamId + 2, 0))
    },
    protocol,
  ],
}

const expectedGood: [string, [Act, Verdict]][] = Object.entries(good).map(([name, act]) => [name, [act, 'ok']])

export const faults: ReadonlyMap<string, readonly [Act, Verdict]> = new Map([
  ...expectedGood,
  ...Object.entries(bad),
])
