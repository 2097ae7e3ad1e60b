/** What readers of a whole answer have in common: its head is kept, and it may take as long as was asked for. */
import type { Outcome } from '../../model/load.ts'
import type { Exchange } from '../exchange.ts'
import type { AnswerHead } from './answer-head.ts'
import type { AnswerReader } from './answer-reader.ts'

export abstract class PatientReader implements AnswerReader {
  protected head: AnswerHead | null = null
  protected readonly exchange: Exchange
  readonly #patienceMs: number

  constructor(exchange: Exchange, patienceMs: number) {
    this.exchange = exchange
    this.#patienceMs = patienceMs
  }

  abstract onData(bytes: Buffer, from: number, to: number): null
  abstract onEnd(trailers: AnswerHead | null): Outcome

  onHead(head: AnswerHead): null {
    this.head = head
    return null
  }

  limitUs(nowUs: number): number {
    return nowUs + (this.exchange.answerMs + this.#patienceMs) * 1000
  }

  onLimit(): 'timed-out' {
    return 'timed-out'
  }
}
