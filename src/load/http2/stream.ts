/** One request and its answer on a connection of HTTP/2: what has come of it, and what the next frame makes of it. */
import type { FailureCode, Outcome } from '../../model/load.ts'
import { classify, type Reached } from '../classify.ts'
import type { Exchange } from '../exchange.ts'
import type { SlowUpload } from '../slow-upload.ts'
import type { AnswerHead } from './answer-head.ts'
import type { AnswerReader } from './answer-reader.ts'

interface StreamStart {
  body: string
  sendWindow: number
  receiveWindow: number
  bodiless?: boolean
}

export class Stream {
  /** When something is overdue. */
  limitUs = 0
  /** The part of the request's body that is not sent yet, and how much the peer lets us send. */
  unsent: string
  sendWindow: number
  /** How much the peer may still send us. */
  receiveWindow: number
  reached: 'sent' | 'headers' | 'body' = 'sent'
  head: AnswerHead | null = null
  /** Bytes still owed, where the answer says how many there are. */
  #owed: number | null = null
  readonly #bodiless: boolean
  /** More of the body will be added: what is unsent is not the end of it. */
  upload: SlowUpload | null = null
  readonly id: number
  readonly exchange: Exchange
  readonly reader: AnswerReader

  constructor(id: number, exchange: Exchange, reader: AnswerReader, start: StreamStart) {
    this.id = id
    this.exchange = exchange
    this.reader = reader
    this.unsent = start.body
    this.sendWindow = start.sendWindow
    this.receiveWindow = start.receiveWindow
    this.#bodiless = start.bodiless ?? false
  }

  get allSent(): boolean {
    return this.unsent === '' && this.upload === null
  }

  get progress(): Reached {
    return this.reached === 'sent' && !this.allSent ? 'sending' : this.reached
  }

  /** A header section: interim, final, or trailers. */
  takeHead(head: AnswerHead, endStream: boolean): Outcome | null {
    if (this.reached === 'sent') this.reached = 'headers'
    if (head.malformedPart !== null) return this.malformed(head.malformedPart)
    if (this.head !== null) {
      if (!endStream || head.status !== null) return this.malformed('trailers')
      return this.#end(head)
    }
    if (head.status === null || head.status === 101) return this.malformed('status')
    if (head.status < 200) return endStream ? this.malformed('status') : null
    this.head = head
    this.reached = 'body'
    const { status } = head
    this.#owed = this.#bodiless || status === 204 || status === 304 ? null : head.contentLength
    return this.reader.onHead(head) ?? (endStream ? this.#end(null) : null)
  }

  takeData(bytes: Buffer, from: number, to: number, endStream: boolean): Outcome | null {
    if (this.head === null) return this.malformed('data before the header')
    if (this.#owed !== null) this.#owed -= to - from
    if (this.#owed !== null && this.#owed < 0) return this.malformed('content-length')
    const early = from < to ? this.reader.onData(bytes, from, to) : null
    return early ?? (endStream ? this.#end(null) : null)
  }

  malformed(part: string): Outcome {
    return classify({ kind: 'malformed', part }, this.reached, this.head?.status ?? null)
  }

  failed(code: FailureCode, detail: string): Outcome {
    const phase = this.reached === 'body' ? 'body' : 'headers'
    return { kind: 'failed', phase, code, status: this.head?.status ?? null, detail }
  }

  /** An end in good order, of an answer that is shorter than it says, is a truncation all the same. */
  #end(trailers: AnswerHead | null): Outcome {
    if (this.#owed !== null && this.#owed > 0) return this.failed('closed', 'END_STREAM, content-length')
    return this.reader.onEnd(trailers)
  }
}
