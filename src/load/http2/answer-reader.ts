/**
 * What runs over HTTP/2 (plain requests, gRPC, server-sent events) as the connection sees it: what is asked, and what the
 * answer is taken for. A reader decides the outcome from what arrived; how a stream or a connection ends before that is
 * the connection's to judge.
 */
import type { Outcome } from '../../model/load.ts'
import type { Exchange } from '../exchange.ts'
import type { AnswerHead } from './answer-head.ts'

export interface StreamRequest {
  /** The whole header block. */
  block: string
  /** One character per byte; empty for none. */
  body: string
}

export interface AnswerReader {
  /** The head of the final answer. An outcome, here and in `onData`, ends the stream at once, by our own choice. */
  onHead(head: AnswerHead): Outcome | null
  onData(bytes: Buffer, from: number, to: number): Outcome | null
  /** The stream has ended in good order. */
  onEnd(trailers: AnswerHead | null): Outcome
  /** Until when it may stay as it is: asked when the request is written, at the head, and after `onLimit`. */
  limitUs(nowUs: number): number
  onLimit(nowUs: number): Outcome | 'timed-out' | 'go-on'
}

export interface StreamProtocol {
  /** Answers have no body, whatever length they tell: the requests are HEAD. */
  readonly bodiless?: boolean
  request(exchange: Exchange): StreamRequest
  reader(exchange: Exchange): AnswerReader
}
