/** The bytes of a request: put together once for each kind, so that only its id is new each time. */
import type { CustomRequest, RequestKind } from '../model/load.ts'
import type { Exchange } from './exchange.ts'

/** A body of about 1 KiB that names its request, so that an answer meant for another is noticed. */
const padding = 'abcdefghijklmnopqrstuvwxyz012345'.repeat(31)
const bodyStart = '{"id":"'
const bodyEnd = `","padding":"${padding}"}`

/** What stands before the id, between its two places, and after. */
interface Template {
  /** All of it, where `after` is null: a user's request that has an id of its own. */
  before: string
  /** With a body that names the request: its length depends on the id's. */
  body: { between: string; after: string; length: number } | null
  after: string | null
}

export class RequestTexts {
  readonly #templates = new Map<RequestKind, { kept: Template; own: Template }>()
  readonly #host: string
  readonly #answerMs: number
  readonly #custom: CustomRequest | null

  constructor(host: string, answerMs: number, custom: CustomRequest | null) {
    this.#host = host
    this.#answerMs = answerMs
    this.#custom = custom
  }

  /** A connection of its own is asked to end after the answer. */
  of(exchange: Exchange): string {
    const { before, body, after } = this.#templateOf(exchange)
    const { requestId } = exchange
    if (after === null) return before
    if (body === null) return before + requestId + after
    const length = body.length + requestId.length
    return `${before}${requestId}${after}Content-Length: ${length}${body.between}${requestId}${body.after}`
  }

  #templateOf({ sample, kept }: Exchange): Template {
    let pair = this.#templates.get(sample.kind)
    if (pair === undefined) {
      pair = { kept: this.#build(sample.kind, 'keep-alive'), own: this.#build(sample.kind, 'close') }
      this.#templates.set(sample.kind, pair)
    }
    return kept ? pair.kept : pair.own
  }

  #build(kind: RequestKind, connection: string): Template {
    const custom = this.#custom
    if (custom !== null) return this.#buildCustom(custom, connection)
    const before = `${requestLine(kind, this.#answerMs)}Host: ${this.#host}\r\nx-request-id: `
    const after = `\r\nConnection: ${connection}\r\n`
    if (kind !== 'post') return { before, body: null, after: `${after}\r\n` }
    const length = bodyStart.length + bodyEnd.length
    const body = { between: `\r\n\r\n${bodyStart}`, after: bodyEnd, length }
    return { before, body, after: `${after}Content-Type: application/json\r\n` }
  }

  #buildCustom({ method, path, headers, body }: CustomRequest, connection: string): Template {
    const given = new Set(headers.map(([name]) => name.toLowerCase()))
    // Bytes, told as one character each: that is how they are written.
    const content = body === null ? '' : bytesOf(body)
    const hasBody = body !== null || ['POST', 'PUT', 'PATCH'].includes(method)
    const named = given.has('x-request-id')
    const ours: [name: string, value: string][] = [
      ['Host', this.#host],
      ...(hasBody && !given.has('transfer-encoding')
        ? [['Content-Length', String(content.length)] as [string, string]]
        : []),
      ['Connection', connection],
    ]
    const left = ours.filter(([name]) => !given.has(name.toLowerCase()))
    const lines = [...left, ...headers].map(([name, value]) => `${name}: ${bytesOf(value)}\r\n`).join('')
    const before = `${method} ${path} HTTP/1.1\r\n${lines}`
    return named
      ? { before: `${before}\r\n${content}`, body: null, after: null }
      : { before: `${before}x-request-id: `, body: null, after: `\r\n\r\n${content}` }
  }
}

function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function requestLine(kind: RequestKind, answerMs: number): string {
  const { method, path } = requestTarget(kind, answerMs)
  return `${method} ${path} HTTP/1.1\r\n`
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

export function requestBody(requestId: string): string {
  return bodyStart + requestId + bodyEnd
}
