/** One request and what is made of its answer. */
import type { Outcome, RequestKind, Sample } from '../model/load.ts'

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
export function requestText(exchange: Exchange, host: string): string {
  const { requestId, answerMs, kept, sample } = exchange
  const end = kept ? 'keep-alive' : 'close'
  const headers = `Host: ${host}\r\nx-request-id: ${requestId}\r\nConnection: ${end}\r\n`
  const { method, path } = requestTarget(sample.kind, answerMs)
  const line = `${method} ${path} HTTP/1.1\r\n`
  if (method === 'GET') return `${line}${headers}\r\n`
  const body = requestBody(exchange)
  return `${line}${headers}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

export function requestBody({ requestId }: Exchange): string {
  return `{"id":"${requestId}","padding":"${padding}"}`
}

export function requestTarget(kind: RequestKind, answerMs: number): { method: 'GET' | 'POST'; path: string } {
  const query = answerMs > 0 || kind === 'slow' ? `?ms=${answerMs}` : ''
  switch (kind) {
    case 'get':
      return { method: 'GET', path: `/${query}` }
    case 'post':
      return { method: 'POST', path: `/echo${query}` }
    case 'stream':
      return { method: 'GET', path: `/stream${query}` }
    case 'slow':
      return { method: 'GET', path: `/slow${query}` }
  }
}

export interface CompleteAnswer {
  status: number
  requestId: string | null
  body: string
}

/** The outcome of a complete answer. A server that echoes no id is not the sample app, and is not checked further. */
export function judgeAnswer(exchange: Exchange, answer: CompleteAnswer): Outcome {
  const { status } = answer
  if (status >= 500 && status < 600) return rejected('status-5xx', status)
  if (status >= 400 && status < 500) return rejected('status-4xx', status)
  if (status < 200 || status > 299) return rejected('status-other', status)
  if (answer.requestId === null) return { kind: 'succeeded', status }
  const echoed = exchange.sample.kind !== 'post' || answer.body.includes(exchange.requestId)
  if (answer.requestId === exchange.requestId && echoed) return { kind: 'succeeded', status }
  const detail = echoed ? 'header x-request-id' : 'body'
  return { kind: 'failed', phase: 'check', code: 'mismatch', status, detail }
}

function rejected(code: 'status-5xx' | 'status-4xx' | 'status-other', status: number): Outcome {
  return { kind: 'failed', phase: 'status', code, status, detail: null }
}
