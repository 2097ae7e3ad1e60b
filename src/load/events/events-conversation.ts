/** Server-sent events over HTTP/1.1: one GET, and an answer that goes on. */
import type { Outcome } from '../../model/load.ts'
import type { ChannelSetting } from '../channel.ts'
import { classify, type Breakage } from '../classify.ts'
import type { Exchange } from '../exchange.ts'
import type { BeginConversation, Conversation, Rest } from '../held-channel.ts'
import { ResponseParser, type AnswerTap } from '../response-parser.ts'
import { EventWatch, type EventsOptions } from './event-watch.ts'

export function eventsOverHttp1(setting: ChannelSetting, options: EventsOptions): BeginConversation {
  return (exchange, nowUs) => new EventsConversation(exchange, setting, options, nowUs)
}

class EventsConversation implements Conversation, AnswerTap {
  readonly request: string
  #contentType: string | null = null
  #nowUs: number
  #headSeen = false
  #wrong: Outcome | null = null
  #decided = false
  #firstByte = false
  readonly #headLimitUs: number
  readonly #watch: EventWatch
  readonly #parser = new ResponseParser(this)

  constructor(exchange: Exchange, setting: ChannelSetting, options: EventsOptions, nowUs: number) {
    const end = exchange.kept ? 'keep-alive' : 'close'
    this.request =
      `GET ${options.path} HTTP/1.1\r\nHost: ${setting.host}\r\nAccept: text/event-stream\r\n` +
      `x-request-id: ${exchange.requestId}\r\nConnection: ${end}\r\n\r\n`
    this.#watch = new EventWatch(exchange, options)
    this.#nowUs = nowUs
    this.#headLimitUs = nowUs + setting.firstByteTimeoutMs * 1000
    this.#parser.begin(false)
  }

  get servedBy(): string | null {
    return this.#parser.servedBy
  }

  get rest(): Rest {
    const { state, keepAlive } = this.#parser
    if (state === 'complete') return keepAlive ? 'reusable' : 'closing'
    return this.#watch.marked && state !== 'malformed' ? 'unfinished' : 'broken'
  }

  onBytes(bytes: Buffer, length: number, nowUs: number): Outcome | null {
    this.#nowUs = nowUs
    this.#firstByte = true
    const taken = this.#parser.push(bytes, length)
    const { state, status, malformedPart } = this.#parser
    if (state === 'malformed') return this.#failed({ kind: 'malformed', part: malformedPart })
    if (this.#decided) return null
    const outcome = this.#judge(state === 'complete', status)
    this.#decided = outcome !== null
    // Bytes beyond the end belong to nothing that was asked for.
    if (taken < length) this.#parser.keepAlive = false
    return outcome
  }

  onLost(breakage: Breakage): Outcome {
    if (breakage.kind === 'closed') {
      this.#parser.finish()
      if (this.#parser.state === 'complete')
        return this.#watch.onEnd(this.#parser.status ?? 0, this.#parser.requestId)
    }
    return this.#failed(breakage)
  }

  onField(name: string, value: string): void {
    if (name === 'content-type') this.#contentType = value
  }

  onContent(bytes: Buffer, from: number, to: number): void {
    this.#noteHead()
    this.#watch.onContent(bytes, from, to, this.#nowUs)
  }

  limitUs(): number {
    return this.#headSeen ? this.#watch.limitUs() : this.#headLimitUs
  }

  onLimit(nowUs: number): Outcome | 'timed-out' | 'go-on' {
    return this.#headSeen ? this.#watch.onLimit(nowUs) : 'timed-out'
  }

  goodbye(): string {
    return ''
  }

  #judge(complete: boolean, status: number | null): Outcome | null {
    if (status === null) return null
    this.#noteHead()
    if (this.#wrong !== null) return this.#wrong
    if (this.#watch.marked && status === 200) return { kind: 'succeeded', status }
    return complete ? this.#watch.onEnd(status, this.#parser.requestId) : null
  }

  #noteHead(): void {
    if (this.#headSeen) return
    this.#headSeen = true
    this.#wrong = this.#watch.onHead(this.#parser.status ?? 0, this.#contentType, this.#nowUs)
  }

  #failed(breakage: Breakage): Outcome {
    const reached = this.#headSeen ? 'body' : this.#firstByte ? 'headers' : 'sent'
    return this.#watch.withDetail(classify(breakage, reached, this.#parser.status))
  }
}
