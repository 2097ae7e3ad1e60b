/**
 * One HTTP/1.1 answer out of the bytes of a connection, however they are cut. Written by hand because the measurer must
 * know exactly how far an answer had come when the connection broke, and because it costs a fraction of a client
 * library. Strict where laxness could turn a broken answer into a whole one. A head that comes whole is read where it
 * lies, byte by byte, and makes no strings that were not asked for.
 */
import { ChunkedBody } from './chunked-body.ts'
import { endOfHead, headerOf, isBlank, isSame, numberAt, statusOf, trimEnd, trimStart } from './head-bytes.ts'
import { SeenBytes } from './seen-bytes.ts'

const MAX_HEAD_BYTES = 64 * 1024
/** Each is rare, and none is part of the answer; a server that sends them without end is not answering. */
const MAX_INTERIM_ANSWERS = 32
const PREFIX = 'HTTP/1.'
const COLON = 58
const CARRIAGE_RETURN = 13
const LINE_FEED = 10

/** For what a protocol on top wants to know besides: all header fields, and the content. */
export interface AnswerTap {
  onField(name: string, value: string): void
  onContent(bytes: Buffer, from: number, to: number): void
}

export type ParserState = 'headers' | 'body' | 'complete' | 'malformed'
type Framing = 'length' | 'chunked' | 'until-close'

export class ResponseParser {
  state: ParserState = 'headers'
  status: number | null = null
  /** May the connection carry another request after this answer? */
  keepAlive = false
  /** Headers `x-pod` and `x-request-id`; null when the server does not send them. */
  servedBy: string | null = null
  requestId: string | null = null
  /** The body, if it was asked for. */
  body = ''
  /** What was wrong, once the state is `malformed`. */
  malformedPart = ''
  #head = ''
  #framing: Framing = 'until-close'
  #left = 0
  #chunks: ChunkedBody | null = null
  #keepBody = false
  #bodiless = false
  #interim = 0
  /** The texts that are likely to come: if they do, no string is made. */
  #expectedId = ''
  #lastPod = ''
  #connection = ''
  #transferEncoding = ''
  /** -1: there was none; NaN: it is not a length. */
  #contentLength = -1
  #pod: string | null = null
  readonly #lastHead = new SeenBytes()
  #lastStatus = 0
  readonly #tap: AnswerTap | null

  constructor(tap: AnswerTap | null = null) {
    this.#tap = tap
  }

  /** `bodiless`: the request was a HEAD. */
  begin(keepBody: boolean, expectedId = '', bodiless = false): void {
    this.state = 'headers'
    this.status = null
    this.servedBy = null
    this.requestId = null
    this.body = ''
    this.#head = ''
    this.#chunks = null
    this.#keepBody = keepBody
    this.#bodiless = bodiless
    this.#interim = 0
    this.#expectedId = expectedId
  }

  /** Takes bytes up to the end of the answer; returns how many it took. */
  push(bytes: Buffer, length: number): number {
    let at = 0
    while (at < length && (this.state === 'headers' || this.state === 'body'))
      at = this.state === 'headers' ? this.#readHead(bytes, at, length) : this.#readBody(bytes, at, length)
    return at
  }

  /** The server has closed its side: that ends a body which has no other end. */
  finish(): void {
    if (this.state === 'body' && this.#framing === 'until-close') this.state = 'complete'
  }

  #readHead(bytes: Buffer, at: number, length: number): number {
    if (this.#head !== '') return this.#readCutHead(bytes, at, length)
    if (this.#lastHead.startAt(bytes, at, length)) {
      this.#takeFinal(this.#lastStatus, bytes, at)
      return at + this.#lastHead.length
    }
    if (!startsLikeHttp(bytes, at, length)) return this.#fail('status-line', length)
    const end = endOfHead(bytes, at, length)
    if (end - at > MAX_HEAD_BYTES + 4 || (end === -1 && length - at > MAX_HEAD_BYTES))
      return this.#fail('head-size', length)
    if (end === -1) {
      // Its end may never come: a server that ends lines in its own way is told at once, not when the time is up.
      if (hasBareLineFeed(bytes, at, length)) return this.#fail('line-end', length)
      this.#head = bytes.toString('latin1', at, length)
      return length
    }
    this.#takeHead(bytes, at, end - 2)
    return end
  }

  /** The head began in an earlier read: the two are put together, and read as one. */
  #readCutHead(bytes: Buffer, at: number, length: number): number {
    const before = this.#head.length
    const together = Buffer.from(this.#head + bytes.toString('latin1', at, length), 'latin1')
    this.#head = ''
    const taken = this.#readHead(together, 0, together.length)
    return at + taken - before
  }

  /** `end`: after the last line's own end. */
  #takeHead(bytes: Buffer, at: number, end: number): void {
    const status = statusOf(bytes, at)
    if (status === 0) return void this.#fail('status-line', 0)
    let line = endOfLine(bytes, at)
    if (bytes[line - 2] !== CARRIAGE_RETURN) return void this.#fail('line-end', 0)
    // An interim answer (RFC 9110, 15.2): the real one follows.
    if (status < 200 && status !== 101) {
      if (hasBareLineFeed(bytes, at, end)) return void this.#fail('line-end', 0)
      this.#interim += 1
      if (this.#interim > MAX_INTERIM_ANSWERS) this.#fail('interim', 0)
      return
    }
    this.#connection = ''
    this.#transferEncoding = ''
    this.#contentLength = -1
    this.#pod = null
    this.#lastHead.forget()
    while (line < end) {
      const next = endOfField(bytes, line, end)
      if (bytes[next - 2] !== CARRIAGE_RETURN) return void this.#fail('line-end', 0)
      if (!this.#takeHeader(bytes, line, next - 2)) return
      line = next
    }
    this.#takeFinal(status, bytes, at)
    // One that names no request is likely to come again. What it says stays where it was noted.
    if (this.requestId !== null || this.#tap !== null) return
    this.#lastStatus = status
    this.#lastHead.keep(bytes, at, end + 2)
  }

  /** Not before all of the head was read: of one that is malformed nothing is believed, wherever it was cut. */
  #takeFinal(status: number, bytes: Buffer, at: number): void {
    this.status = status
    this.servedBy = this.#pod
    this.#setKeepAlive(bytes[at + PREFIX.length] === 49)
    this.#frame()
  }

  #takeHeader(bytes: Buffer, at: number, end: number): boolean {
    let colon = at
    while (colon < end && bytes[colon] !== COLON) {
      const byte = bytes[colon] ?? 0
      if (byte <= 32 || byte === 0xa0) return this.#refuse('header')
      colon += 1
    }
    if (colon === at || colon === end) return this.#refuse('header')
    const header = headerOf(bytes, at, colon - at)
    if (header === null && this.#tap === null) return true
    const from = trimStart(bytes, colon + 1, end)
    const to = trimEnd(bytes, from, end)
    this.#tap?.onField(bytes.toString('latin1', at, colon).toLowerCase(), bytes.toString('latin1', from, to))
    switch (header) {
      case null:
        return true
      case 'connection':
        this.#connection += `,${bytes.toString('latin1', from, to)}`
        return true
      case 'transfer-encoding':
        this.#transferEncoding += `,${bytes.toString('latin1', from, to)}`
        return true
      case 'content-length': {
        const length = numberAt(bytes, from, to)
        if (this.#contentLength !== -1 && this.#contentLength !== length)
          return this.#refuse('content-length')
        this.#contentLength = length
        return true
      }
      case 'x-pod':
        if (!isSame(bytes, from, to, this.#lastPod)) this.#lastPod = bytes.toString('latin1', from, to)
        this.#pod = this.#lastPod
        return true
      case 'x-request-id':
        this.requestId = isSame(bytes, from, to, this.#expectedId)
          ? this.#expectedId
          : bytes.toString('latin1', from, to)
        return true
    }
  }

  #setKeepAlive(isHttp11: boolean): void {
    if (this.#connection === '' || this.#connection === ',keep-alive') {
      this.keepAlive = isHttp11 || this.#connection !== ''
      return
    }
    const options = this.#connection.toLowerCase().split(',')
    const has = (name: string): boolean => options.some(option => option.trim() === name)
    this.keepAlive = !has('close') && (isHttp11 || has('keep-alive'))
  }

  /** How the end of the body is told (RFC 9112, 6.3). */
  #frame(): void {
    this.state = 'body'
    if (this.status === 101) {
      this.state = 'complete'
      this.keepAlive = false
    } else if (this.status === 204 || this.status === 304 || this.#bodiless) {
      this.state = 'complete'
    } else if (this.#transferEncoding !== '') {
      const last = this.#transferEncoding.toLowerCase().split(',').at(-1)?.trim()
      this.#framing = last === 'chunked' ? 'chunked' : 'until-close'
      if (last === 'chunked') this.#chunks = new ChunkedBody()
      if (last !== 'chunked' || this.#contentLength !== -1) this.keepAlive = false
    } else if (this.#contentLength !== -1) {
      if (Number.isNaN(this.#contentLength)) return void this.#fail('content-length', 0)
      this.#framing = 'length'
      this.#left = this.#contentLength
      if (this.#left === 0) this.state = 'complete'
    } else {
      this.#framing = 'until-close'
      this.keepAlive = false
    }
  }

  #readBody(bytes: Buffer, at: number, length: number): number {
    if (this.#framing === 'length') {
      const end = Math.min(length, at + this.#left)
      this.#left -= end - at
      this.#keep(bytes, at, end)
      if (this.#left === 0) this.state = 'complete'
      return end
    }
    if (this.#framing === 'until-close' || this.#chunks === null) {
      this.#keep(bytes, at, length)
      return length
    }
    const end = this.#chunks.push(bytes, at, length, (from, to) => this.#keep(bytes, from, to))
    if (this.#chunks.state === 'complete') this.state = 'complete'
    else if (this.#chunks.state === 'malformed') this.#fail('chunk', end)
    return end
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    this.#tap?.onContent(bytes, from, to)
    if (this.#keepBody) this.body += bytes.toString('latin1', from, to)
  }

  #refuse(part: string): false {
    this.#fail(part, 0)
    return false
  }

  #fail(part: string, at: number): number {
    this.state = 'malformed'
    this.malformedPart = part
    return at
  }
}

function startsLikeHttp(bytes: Buffer, at: number, length: number): boolean {
  const shown = Math.min(PREFIX.length, length - at)
  for (let index = 0; index < shown; index++) if (bytes[at + index] !== PREFIX.charCodeAt(index)) return false
  return true
}

/** Where the next line begins. The head is known to end with a line's end. */
function endOfLine(bytes: Buffer, at: number): number {
  let place = at
  while (bytes[place] !== LINE_FEED) place += 1
  return place + 1
}

/** Where the next field begins. A line that begins with white space goes on with the one before (RFC 9112, 5.2). */
function endOfField(bytes: Buffer, at: number, end: number): number {
  let next = endOfLine(bytes, at)
  while (next < end && isBlank(bytes[next]) && bytes[next - 2] === CARRIAGE_RETURN) {
    bytes.fill(' ', next - 2, next)
    next = endOfLine(bytes, next)
  }
  return next
}

function hasBareLineFeed(bytes: Buffer, at: number, length: number): boolean {
  for (let place = at; place < length; place++)
    if (bytes[place] === LINE_FEED && bytes[place - 1] !== CARRIAGE_RETURN) return true
  return false
}
