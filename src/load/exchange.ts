/** One request and what is made of its answer. */
import type { Outcome, Sample } from '../model/load.ts'

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

export interface CompleteAnswer {
  readonly status: number | null
  readonly requestId: string | null
  readonly body: string
}

/** The outcome of a complete answer. A server that echoes no id is not the sample app, and is not checked further. */
export function judgeAnswer(exchange: Exchange, answer: CompleteAnswer): Outcome {
  const status = answer.status ?? 0
  if (status >= 500 && status < 600) return rejected('status-5xx', status)
  if (status >= 400 && status < 500) return rejected('status-4xx', status)
  if (status < 200 || status > 299) return rejected('status-other', status)
  if (answer.requestId === null) return succeeded(status)
  const echoed = exchange.sample.kind !== 'post' || answer.body.includes(exchange.requestId)
  if (answer.requestId === exchange.requestId && echoed) return succeeded(status)
  const detail = echoed ? 'header x-request-id' : 'body'
  return { kind: 'failed', phase: 'check', code: 'mismatch', status, detail }
}

const ok: Outcome = { kind: 'succeeded', status: 200 }

function succeeded(status: number): Outcome {
  return status === 200 ? ok : { kind: 'succeeded', status }
}

function rejected(code: 'status-5xx' | 'status-4xx' | 'status-other', status: number): Outcome {
  return { kind: 'failed', phase: 'status', code, status, detail: null }
}
