/** Plain requests over HTTP/2: the same as over HTTP/1.1, and judged the same. */
import type { CustomRequest, Outcome, RequestKind } from '../../model/load.ts'
import type { ChannelSetting } from '../channel.ts'
import { judgeAnswer, type Exchange } from '../exchange.ts'
import { requestBody, requestTarget } from '../request-text.ts'
import { connectionFields } from './answer-head.ts'
import type { AnswerReader, StreamProtocol, StreamRequest } from './answer-reader.ts'
import { headerBlock, headerField } from './header-block.ts'
import { PatientReader } from './patient-reader.ts'

/** Longer than any body that is compared with what was asked for. */
const MAX_KEPT_BYTES = 64 * 1024

export class PlainRequests implements StreamProtocol {
  readonly #setting: ChannelSetting
  /** Header blocks without what differs from request to request: the last of each kind. */
  readonly #blocks = new Map<RequestKind, { answerMs: number; length: number; block: string }>()

  readonly #custom: StreamRequest | null

  constructor(setting: ChannelSetting) {
    this.#setting = setting
    this.#custom = setting.request === null ? null : customRequest(setting.request, setting)
  }

  get bodiless(): boolean {
    return this.#setting.request?.method === 'HEAD'
  }

  request(exchange: Exchange): StreamRequest {
    if (this.#custom !== null)
      return {
        block: this.#custom.block + headerField('x-request-id', exchange.requestId),
        body: this.#custom.body,
      }
    const body = exchange.sample.kind === 'post' ? requestBody(exchange.requestId) : ''
    const block = this.#blockFor(exchange.sample.kind, exchange.answerMs, body.length)
    return { block: block + headerField('x-request-id', exchange.requestId), body }
  }

  reader(exchange: Exchange): AnswerReader {
    return new PlainReader(exchange, this.#setting.firstByteTimeoutMs)
  }

  #blockFor(kind: RequestKind, answerMs: number, length: number): string {
    const last = this.#blocks.get(kind)
    if (last?.answerMs === answerMs && last.length === length) return last.block
    const { method, path } = requestTarget(kind, answerMs)
    const fields = [...requestHead(method, path, this.#setting)]
    if (length > 0) fields.push(['content-type', 'application/json'], ['content-length', String(length)])
    const block = headerBlock(fields)
    this.#blocks.set(kind, { answerMs, length, block })
    return block
  }
}

function customRequest(request: CustomRequest, setting: ChannelSetting): StreamRequest {
  const body = request.body === null ? '' : Buffer.from(request.body, 'utf8').toString('latin1')
  const named = request.headers.map(([name, value]) => [name.toLowerCase(), value] as const)
  const host = named.find(([name]) => name === 'host')?.[1] ?? setting.host
  const fields = named.filter(([name]) => name !== 'host' && !connectionFields.has(name))
  const length = request.body === null ? [] : [['content-length', String(body.length)] as const]
  const head = requestHead(request.method, request.path, { ...setting, host })
  return { block: headerBlock([...head, ...fields, ...length]), body }
}

export function requestHead(
  method: string,
  path: string,
  setting: ChannelSetting,
): (readonly [name: string, value: string])[] {
  return [
    [':method', method],
    [':scheme', setting.tls === null ? 'http' : 'https'],
    [':authority', setting.host],
    [':path', path],
  ]
}

class PlainReader extends PatientReader {
  #body = ''

  onData(bytes: Buffer, from: number, to: number): null {
    if (this.exchange.sample.kind === 'post' && this.#body.length < MAX_KEPT_BYTES)
      this.#body += bytes.toString('latin1', from, to)
    return null
  }

  onEnd(): Outcome {
    const { status, requestId } = this.head ?? { status: 0, requestId: null }
    return judgeAnswer(this.exchange, { status: status ?? 0, requestId, body: this.#body })
  }

  override limitUs(nowUs: number): number {
    return super.limitUs(nowUs) + this.exchange.uploadMs * 1000
  }
}
