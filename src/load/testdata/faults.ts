/** Each way in which a server can go wrong with one request, and the name that a driver must give it. */

/** One connection as a fault sees it. */
export interface Peer {
  write(text: string): void
  /** An orderly end. */
  finish(text?: string): void
  /** An RST. */
  reset(): void
  /** When a client in this same process has read what was written. */
  later(action: () => void): void
}

export interface PeerRequest {
  id: string
  text: string
}

interface Fault {
  /** The dotted name of the failure; null: the request succeeds. */
  expected: string | null
  /** Whether a request may follow on the same connection. */
  reusable: boolean
  strike(peer: Peer, request: PeerRequest): void
}

const fault = (expected: string | null, strike: Fault['strike']): Fault => ({
  expected,
  reusable: false,
  strike,
})
const reusable = (expected: string | null, strike: Fault['strike']): Fault => ({
  expected,
  reusable: true,
  strike,
})

const head = (id: string, fields: string, status = '200 OK'): string =>
  `HTTP/1.1 ${status}\r\nx-pod: scripted\r\nx-request-id: ${id}\r\n${fields}\r\n`
const half = 'a half of the body'
const longer = `Content-Length: ${half.length * 2}\r\n`
const exact = `Content-Length: ${half.length}\r\n`
const chunked = 'Transfer-Encoding: chunked\r\n'
const oneChunk = `${half.length.toString(16)}\r\n${half}\r\n`

const wantsClose = ({ text }: PeerRequest): boolean => /\r\nconnection: close/i.test(text)

/** A POST is echoed, as the sample app does. */
const bodyFor = ({ text }: PeerRequest): string => text.slice(text.indexOf('\r\n\r\n') + 4) || half

const exactly = (body: string): string => `Content-Length: ${body.length}\r\n`

/** What the sample app would answer. */
function answer(peer: Peer, request: PeerRequest): void {
  const close = wantsClose(request)
  const connection = `Connection: ${close ? 'close' : 'keep-alive'}\r\n`
  const body = bodyFor(request)
  const whole = request.text.startsWith('GET /stream')
    ? head(request.id, connection + chunked) + `${oneChunk}0\r\n\r\n`
    : head(request.id, connection + exactly(body)) + body
  if (close) peer.finish(whole)
  else peer.write(whole)
}

function thenReset(text: (id: string) => string): Fault['strike'] {
  return (peer, { id }) => {
    peer.write(text(id))
    peer.later(() => peer.reset())
  }
}

function thenFinish(text: (id: string) => string): Fault['strike'] {
  return (peer, { id }) => peer.finish(text(id))
}

function only(text: (id: string) => string): Fault['strike'] {
  return (peer, { id }) => peer.write(text(id))
}

/** Bytes that nobody asked for, once the answer has been read. */
function idleBytes(text: string, end: boolean): Fault['strike'] {
  return (peer, request) => {
    answer(peer, request)
    if (wantsClose(request)) return
    peer.later(() => (end ? peer.finish(text) : peer.write(text)))
  }
}

export const requestFaults = {
  'answer': reusable(null, answer),
  'answer-and-close': fault(null, (peer, request) => {
    const body = bodyFor(request)
    peer.finish(head(request.id, `${exactly(body)}Connection: close\r\n`) + body)
  }),
  'answer-until-close': fault(null, (peer, request) => peer.finish(head(request.id, '') + bodyFor(request))),
  'answer-then-fin': fault(null, idleBytes('', true)),
  'continue-first': reusable(null, (peer, request) => {
    peer.write('HTTP/1.1 100 Continue\r\n\r\n')
    answer(peer, request)
  }),
  'hints-first': reusable(null, (peer, request) => {
    peer.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n')
    peer.later(() => answer(peer, request))
  }),
  'idle-408': fault(null, idleBytes('HTTP/1.1 408 Timeout\r\nConnection: close\r\n\r\n', true)),
  'unsolicited-bytes': fault(null, idleBytes('and another thing', false)),
  'length-too-short': fault(null, (peer, request) => {
    const body = bodyFor(request)
    peer.write(head(request.id, exactly(body)) + body + half)
  }),

  'fin-before': fault('closed.before-response', peer => peer.finish()),
  'reset-before': fault('reset.before-response', peer => peer.reset()),
  'fin-mid-headers': fault('closed.mid-headers', thenFinish(id => head(id, exact).slice(0, 30))),
  'reset-mid-headers': fault('reset.mid-headers', thenReset(id => head(id, exact).slice(0, 30))),
  'fin-after-interim': fault('closed.mid-headers', thenFinish(() => 'HTTP/1.1 100 Continue\r\n\r\n')),
  'fin-mid-length': fault('closed.mid-body', thenFinish(id => head(id, longer) + half)),
  'fin-before-body': fault('closed.mid-body', thenFinish(id => head(id, longer))),
  'fin-mid-chunk': fault('closed.mid-body', thenFinish(id => head(id, chunked) + oneChunk.slice(0, 9))),
  'fin-between-chunks': fault('closed.mid-body', thenFinish(id => head(id, chunked) + oneChunk)),
  'fin-mid-trailers': fault(
    'closed.mid-body',
    thenFinish(id => `${head(id, chunked)}${oneChunk}0\r\nx-sum: 1\r\n`),
  ),
  'reset-mid-length': fault('reset.mid-body', thenReset(id => head(id, longer) + half)),
  'reset-mid-chunks': fault('reset.mid-body', thenReset(id => head(id, chunked) + oneChunk)),
  'reset-until-close': fault('reset.mid-body', thenReset(id => head(id, '') + half)),

  'garbage': fault('http.malformed', only(() => '\x15\x03\x01\x00\x02\x02\x16 not HTTP at all')),
  'header-without-colon': fault('http.malformed', only(() => 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n')),
  'length-not-a-number': fault('http.malformed', only(id => head(id, 'Content-Length: -1\r\n'))),
  'two-lengths': fault('http.malformed', only(id => head(id, exact + longer) + half)),
  'bad-chunk': fault('http.malformed', only(id => `${head(id, chunked)}xyz\r\n`)),
  'endless-header': fault('http.malformed', only(() => `HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(80_000)}`)),
  'answer-to-another': reusable('http.mismatch', only(() => head('another-1', exact) + half)),

  'unavailable': reusable('http.5xx', (peer, request) => {
    const whole = head(request.id, `Retry-After: 1\r\n${exact}`, '503 Service Unavailable') + half
    if (wantsClose(request)) peer.finish(whole)
    else peer.write(whole)
  }),
  'unavailable-and-close': fault(
    'http.5xx',
    thenFinish(id => head(id, `${exact}Connection: close\r\n`, '503 Service Unavailable') + half),
  ),
  'not-found': fault(
    'http.4xx',
    thenFinish(id => head(id, `${exact}Connection: close\r\n`, '404 Not Found') + half),
  ),
  'redirect': fault(
    'http.3xx',
    thenFinish(id => head(id, 'Location: /again\r\nContent-Length: 0\r\nConnection: close\r\n', '302 Found')),
  ),

  'hang': fault('timeout.first-byte', () => undefined),
  'hang-mid-headers': fault('timeout.headers', only(id => head(id, exact).slice(0, 30))),
  'hang-mid-body': fault('timeout.body', only(id => head(id, longer) + half)),
  'hang-mid-chunks': fault('timeout.body', only(id => head(id, chunked) + oneChunk)),
} as const satisfies Record<string, Fault>
export type RequestFault = keyof typeof requestFaults
export const requestFaultNames = Object.keys(requestFaults) as RequestFault[]

/** What can be done to a connection before its first request is read. */
export const acceptFaults = {
  'accept-then-fin': { expected: 'closed.before-response', strike: peer => peer.later(() => peer.finish()) },
  'accept-then-reset': { expected: 'reset.before-response', strike: peer => peer.later(() => peer.reset()) },
  'accept-and-hang': { expected: 'timeout.first-byte', strike: () => undefined },
} as const satisfies Record<string, { expected: string; strike(peer: Peer): void }>
export type AcceptFault = keyof typeof acceptFaults
export const acceptFaultNames = Object.keys(acceptFaults) as AcceptFault[]
