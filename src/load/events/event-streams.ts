/** Server-sent events over HTTP/2: each is a stream of a connection that may carry others. */
import type { Outcome } from '../../model/load.ts'
import type { ChannelSetting } from '../channel.ts'
import type { Exchange } from '../exchange.ts'
import type { AnswerHead } from '../http2/answer-head.ts'
import type { AnswerReader, StreamProtocol, StreamRequest } from '../http2/answer-reader.ts'
import { headerBlock, headerField } from '../http2/header-block.ts'
import { requestHead } from '../http2/plain-requests.ts'
import { EventWatch, type EventsOptions } from './event-watch.ts'

export class EventStreams implements StreamProtocol {
  readonly #block: string
  readonly #setting: ChannelSetting
  readonly #options: EventsOptions

  constructor(setting: ChannelSetting, options: EventsOptions) {
    this.#setting = setting
    this.#options = options
    this.#block = headerBlock([...requestHead('GET', options.path, setting), ['accept', 'text/event-stream']])
  }

  request({ requestId }: Exchange): StreamRequest {
    return { block: this.#block + headerField('x-request-id', requestId), body: '' }
  }

  reader(exchange: Exchange): AnswerReader {
    return new EventsReader(new EventWatch(exchange, this.#options), this.#setting)
  }
}

class EventsReader implements AnswerReader {
  #head: AnswerHead | null = null
  readonly #watch: EventWatch
  readonly #setting: ChannelSetting

  constructor(watch: EventWatch, setting: ChannelSetting) {
    this.#watch = watch
    this.#setting = setting
  }

  onHead(head: AnswerHead): Outcome | null {
    this.#head = head
    return this.#watch.onHead(head.status ?? 0, head.contentType, this.#setting.clock.nowUs())
  }

  onData(bytes: Buffer, from: number, to: number): Outcome | null {
    const status = this.#head?.status ?? 0
    this.#watch.onContent(bytes, from, to, this.#setting.clock.nowUs())
    return this.#watch.marked && status === 200 ? { kind: 'succeeded', status } : null
  }

  onEnd(): Outcome {
    return this.#watch.onEnd(this.#head?.status ?? 0, this.#head?.requestId ?? null)
  }

  limitUs(nowUs: number): number {
    return this.#head === null ? nowUs + this.#setting.firstByteTimeoutMs * 1000 : this.#watch.limitUs()
  }

  onLimit(nowUs: number): Outcome | 'timed-out' | 'go-on' {
    return this.#head === null ? 'timed-out' : this.#watch.onLimit(nowUs)
  }
}
