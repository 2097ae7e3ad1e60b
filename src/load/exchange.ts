/** One request and what is made of its answer. */
import type { LoadRequest, Outcome, RequestKind, Sample } from '../model/load.ts'

export interface Exchange {
  /** Filled in as the request goes on; it leaves the driver when the outcome is known. */
  readonly sample: Sample
  readonly requestId: string
  readonly answerMs: number
  /** How long the body takes to be sent; 0 = at once. */
  readonly uploadMs: number
  /** The connection is kept for later requests; otherwise it is this request's own. */
  readonly kept: boolean
  /** Called exactly once, when the outcome is known; `nowUs` saves another look at the clock. */
  settle(outcome: Outcome, nowUs?: number): void
}

/** A body of about 1 KiB that names its request, so that an answer meant for another is noticed. */
const padding = 'abcdefghijklmnopqrstuvwxyz012345'.repeat(31)

/** The bytes of the request. A connection of its own is asked to end after the answer. */
export function requestText(exchange: Exchange, host: string, request: LoadRequest | null = null): string {
  if (request !== null) return ownRequestText(exchange, host, request)
  const { requestId, answerMs, kept, sample } = exchange
  const end = kept ? 'keep-alive' : 'close'
  const headers = `Host: ${host}\r\nx-request-id: ${requestId}\r\nConnection: ${end}\r\n`
  const line = requestLine(sample.kind, answerMs)
  if (sample.kind !== 'post') return `${line}${headers}\r\n`
  const body = `{"id":"${requestId}","padding":"${padding}"}`
  return `${line}${headers}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

/** A user's own request: their headers as they are, and of the driver's only those that they left to it. */
function ownRequestText(exchange: Exchange, host: string, request: LoadRequest): string {
  const { method, path, headers, body } = request
  const given = new Set(headers.map(({ name }) => name.toLowerCase()))
  // Bytes, told as one character each: that is how they are written.
  const content = body === null ? '' : Buffer.from(body).toString('latin1')
  const own: [string, string][] = [
    ['Host', host],
    ['x-request-id', exchange.requestId],
    ['Connection', exchange.kept ? 'keep-alive' : 'close'],
  ]
  const hasBody = body !== null || ['POST', 'PUT', 'PATCH'].includes(method)
  if (hasBody && !given.has('transfer-encoding')) own.push(['Content-Length', String(content.length)])
  const lines = [
    ...own.filter(([name]) => !given.has(name.toLowerCase())),
    ...headers.map(({ name, value }) => [name, Buffer.from(value).toString('latin1')]),
  ].map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${content}`
}

function requestLine(kind: RequestKind, answerMs: number): string {
  const query = answerMs > 0 || kind === 'slow' ? `?ms=${answerMs}` : ''
  switch (kind) {
    case 'get':
      return `GET /${query} HTTP/1.1\r\n`
    case 'post':
      return `POST /echo${query} HTTP/1.1\r\n`
    case 'stream':
      return `GET /stream${query} HTTP/1.1\r\n`
    case 'slow':
      return `GET /slow${query} HTTP/1.1\r\n`
  }
}

export interface CompleteAnswer {
  status: number
  requestId: string | null
  body: string
}

/**
 * The outcome of a complete answer. A server that echoes no id is not the sample app, and is not checked further; one
 * that a user chose may have ids of its own, so there only the id of another of our requests is a mismatch.
 */
export function judgeAnswer(exchange: Exchange, answer: CompleteAnswer, own = false): Outcome {
  const { status } = answer
  if (status >= 500 && status < 600) return rejected('status-5xx', status)
  if (status >= 400 && status < 500) return rejected('status-4xx', status)
  if (status < 200 || status > 299) return rejected('status-other', status)
  if (answer.requestId === null || (own && !isOurs(answer.requestId, exchange)))
    return { kind: 'succeeded', status }
  const echoed = own || exchange.sample.kind !== 'post' || answer.body.includes(exchange.requestId)
  if (answer.requestId === exchange.requestId && echoed) return { kind: 'succeeded', status }
  const detail = echoed ? 'header x-request-id' : 'body'
  return { kind: 'failed', phase: 'check', code: 'mismatch', status, detail }
}

/** All ids of a run begin alike. */
function isOurs(requestId: string, exchange: Exchange): boolean {
  const prefix = exchange.requestId.slice(0, exchange.requestId.indexOf('-') + 1)
  return requestId.startsWith(prefix)
}

function rejected(code: 'status-5xx' | 'status-4xx' | 'status-other', status: number): Outcome {
  return { kind: 'failed', phase: 'status', code, status, detail: null }
}
