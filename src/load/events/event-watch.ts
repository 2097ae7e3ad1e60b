/**
 * What is made of a stream of events, whatever brings it: it has gone well when the server has said that it is over, or
 * when we have listened for as long as we meant to. One that ends without the mark has been cut off.
 */
import type { Outcome } from '../../model/load.ts'
import { judgeAnswer, type Exchange } from '../exchange.ts'
import { EventParser } from './event-parser.ts'

export interface EventsOptions {
  path: string
  /** The name of the event with which the server says that nothing more will come. */
  endEvent: string
  /** A server that says nothing for this long, not even a comment, has gone. */
  maxSilenceMs: number
}

export class EventWatch {
  /** The mark has come. */
  marked = false
  #events = 0
  #longestGapUs = 0
  #lastUs = 0
  #heardUs = 0
  #endUs = Number.POSITIVE_INFINITY
  #nowUs = 0
  readonly #exchange: Exchange
  readonly #options: EventsOptions
  readonly #parser = new EventParser((name, whole) => this.#take(name, whole))

  constructor(exchange: Exchange, options: EventsOptions) {
    this.#exchange = exchange
    this.#options = options
  }

  /** An outcome if this is no stream of events, and says so by its type; one that says so by its status is read whole. */
  onHead(status: number, contentType: string | null, nowUs: number): Outcome | null {
    this.#heardUs = nowUs
    this.#lastUs = nowUs
    if (this.#exchange.answerMs > 0) this.#endUs = nowUs + this.#exchange.answerMs * 1000
    if (status !== 200 || /^text\/event-stream\s*(?:;|$)/i.test(contentType ?? '')) return null
    return { kind: 'failed', phase: 'headers', code: 'malformed', status, detail: 'content-type' }
  }

  onContent(bytes: Buffer, from: number, to: number, nowUs: number): void {
    this.#heardUs = nowUs
    this.#nowUs = nowUs
    this.#parser.push(bytes, from, to)
  }

  /** The answer is complete, and there was no mark in it. */
  onEnd(status: number, requestId: string | null): Outcome {
    if (status !== 200) {
      const outcome = judgeAnswer(this.#exchange, { status, requestId, body: '' })
      if (outcome.kind === 'failed') return outcome
      return { kind: 'failed', phase: 'status', code: 'status-other', status, detail: null }
    }
    return this.withDetail({ kind: 'failed', phase: 'body', code: 'closed', status, detail: 'no end mark' })
  }

  limitUs(): number {
    return Math.min(this.#endUs, this.#heardUs + this.#options.maxSilenceMs * 1000)
  }

  onLimit(nowUs: number): Outcome | 'timed-out' | 'go-on' {
    if (nowUs >= this.#endUs) return { kind: 'succeeded', status: 200 }
    return nowUs >= this.limitUs() ? 'timed-out' : 'go-on'
  }

  /** A failure tells how well it had gone before. */
  withDetail(outcome: Outcome): Outcome {
    if (outcome.kind !== 'failed' || outcome.phase !== 'body') return outcome
    const heard = `${this.#events} events, longest gap ${Math.round(this.#longestGapUs / 1000)} ms`
    return { ...outcome, detail: outcome.detail === null ? heard : `${outcome.detail}; ${heard}` }
  }

  #take(name: string, whole: boolean): void {
    if (name === this.#options.endEvent) this.marked = true
    if (!whole) return
    this.#events += 1
    this.#longestGapUs = Math.max(this.#longestGapUs, this.#nowUs - this.#lastUs)
    this.#lastUs = this.#nowUs
  }
}
