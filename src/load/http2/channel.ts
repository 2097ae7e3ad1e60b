/**
 * One connection of HTTP/2: several requests on it at a time, nothing ever sent twice. What ends a stream is told apart
 * from what ends the connection, and what the server has surely not processed from what it may have.
 */
import { assert } from '../../base/assert.ts'
import { http2ErrorName } from '../../model/http2-error.ts'
import type { Outcome } from '../../model/load.ts'
import { ChannelRecord } from '../channel-record.ts'
import type { Channel, ChannelSetting } from '../channel.ts'
import { classify, type Breakage } from '../classify.ts'
import { notHeld, type DeadlineHolder } from '../deadlines.ts'
import type { Exchange } from '../exchange.ts'
import type { LinkListener, LinkRoute, TransportLink } from '../link.ts'
import { openLink } from '../open-link.ts'
import { SlowUpload } from '../slow-upload.ts'
import type { AnswerHead } from './answer-head.ts'
import type { StreamProtocol } from './answer-reader.ts'
import { errorCode, ProtocolBreach } from './codes.ts'
import { goawayFrame } from './frame-writer.ts'
import { Http2Session, type SessionEvents } from './session.ts'
import { Stream } from './stream.ts'

/**
 * `draining`: no new streams; those that are open may end. `ending`: nothing is open, and the server is expected to
 * close.
 */
const notHttp2 = { kind: 'failed', phase: 'tls', code: 'protocol', status: null } as const

type State = 'new' | 'connecting' | 'open' | 'draining' | 'ending' | 'gone'

export class Http2Channel implements Channel, LinkListener, DeadlineHolder, SessionEvents {
  deadlineUs = notHeld
  #state: State = 'new'
  /** The requests that wait for the connection to be made. */
  #waiting: Exchange[] = []
  #link: TransportLink | null = null
  #unwritten = ''
  /** While the frames of one read are gone through: when it came. They are answered by one write, at its end. */
  #readUs: number | null = null
  /** The code of a GOAWAY that was not a graceful one. */
  #goawayError: number | null = null
  readonly #record: ChannelRecord
  readonly #route: LinkRoute
  readonly #setting: ChannelSetting
  readonly #protocol: StreamProtocol
  readonly #session = new Http2Session(this)

  constructor(id: number, route: LinkRoute, setting: ChannelSetting, protocol: StreamProtocol) {
    this.#record = new ChannelRecord(id, route)
    this.#route = route
    this.#setting = setting
    this.#protocol = protocol
  }

  get idle(): boolean {
    return this.#takes && this.#hasRoom
  }

  get full(): boolean {
    return this.#takes && !this.#hasRoom
  }

  get #takes(): boolean {
    const isAlive = this.#state === 'open' || this.#state === 'new' || this.#state === 'connecting'
    return isAlive && this.#session.hasIds
  }

  get #hasRoom(): boolean {
    const { streams, maxStreams } = this.#session
    return streams.size + this.#waiting.length < maxStreams
  }

  send(exchange: Exchange, nowUs: number): void {
    assert(this.idle, 'the connection takes no request now')
    this.#record.noteUse(exchange.sample, nowUs)
    if (this.#state === 'open') return this.#open(exchange, nowUs)
    this.#waiting.push(exchange)
    if (this.#state === 'connecting') return
    this.#state = 'connecting'
    this.#setting.deadlines.set(this, nowUs + this.#setting.connectTimeoutMs * 1000)
    this.#link = openLink(this.#route, this, this.#setting, ['h2'])
  }

  close(): void {
    if (this.#state === 'open' || this.#state === 'draining') {
      this.write(goawayFrame(errorCode.noError))
      this.#flush()
    }
    this.#waiting = []
    for (const stream of [...this.#session.streams.values()]) this.#forget(stream)
    this.#leave()
    this.#link?.finish()
  }

  onEstablished(): void {
    if (this.#state !== 'connecting') return
    const alpn = this.#link?.alpn ?? null
    if (this.#setting.tls !== null && alpn !== 'h2')
      return this.#failWaiting(() => ({ ...notHttp2, detail: `ALPN ${alpn ?? 'none'}` }), true)
    const waiting = this.#waiting
    this.#waiting = []
    this.#state = 'open'
    this.#setting.deadlines.clear(this)
    this.#session.begin()
    const nowUs = this.#setting.clock.nowUs()
    for (const exchange of waiting) {
      this.#record.notePort(this.#link, exchange.sample)
      this.#open(exchange, nowUs)
    }
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.#state === 'gone' || this.#state === 'ending') return
    this.#readUs = this.#setting.clock.nowUs()
    try {
      this.#session.receive(bytes, length)
    } catch (error) {
      if (!(error instanceof ProtocolBreach)) throw error
      this.#endAll(stream => stream.failed('protocol', error.what), true)
    } finally {
      this.#readUs = null
    }
    this.#flush()
    if (this.#state === 'draining' && this.#session.streams.size === 0) this.#sayGoodbye()
  }

  onFin(): void {
    this.#link?.finish()
    this.#lost({ kind: 'closed' })
  }

  onBroken(syscall: string, code: string): void {
    this.#lost({ kind: 'error', syscall, code })
  }

  onDeadline(nowUs: number): void {
    if (this.#state === 'connecting') return this.#failWaiting(this.#unconnected({ kind: 'timed-out' }), true)
    if (this.#state !== 'ending') return this.#onStreamLimits(nowUs)
    const link = this.#link
    this.#leave()
    link?.reset()
  }

  /** Frames of one turn leave in one write. */
  write(text: string): void {
    if (this.#unwritten === '' && this.#readUs === null) queueMicrotask(() => this.#flush())
    this.#unwritten += text
  }

  onHead(stream: Stream, head: AnswerHead, endStream: boolean): void {
    const { sample } = stream.exchange
    const nowUs = this.#nowUs
    sample.firstByteUs ??= nowUs
    const outcome = stream.takeHead(head, endStream)
    if (outcome !== null) return this.#decide(stream, outcome, endStream)
    this.#limit(stream, nowUs)
  }

  onData(stream: Stream, bytes: Buffer, from: number, to: number, endStream: boolean): void {
    const outcome = stream.takeData(bytes, from, to, endStream)
    if (outcome !== null) this.#decide(stream, outcome, endStream)
  }

  onReset(stream: Stream, code: number): void {
    const refused = code === errorCode.refusedStream && stream.reached !== 'body'
    const detail = `RST_STREAM ${http2ErrorName(code)}`
    this.#settle(stream, stream.failed(refused ? 'refused-stream' : 'stream-reset', detail))
  }

  onBreach(stream: Stream, what: string): void {
    this.#session.cancel(stream, errorCode.protocolError)
    this.#settle(stream, stream.failed('protocol', what))
  }

  /** Streams that the server has not processed are over; the others may yet be answered, whatever the code is. */
  onGoaway(lastStreamId: number, code: number): void {
    if (this.#state === 'open') this.#state = 'draining'
    if (code !== errorCode.noError) this.#goawayError = code
    const detail = `GOAWAY ${http2ErrorName(code)}`
    for (const stream of [...this.#session.streams.values()])
      if (stream.id > lastStreamId) this.#settle(stream, stream.failed('goaway', detail))
  }

  /** The connection keeps the time for its streams: to it, the earliest limit is enough to know. */
  #limit(stream: Stream, nowUs: number): void {
    stream.limitUs = stream.reader.limitUs(nowUs)
    if (this.deadlineUs === notHeld || stream.limitUs < this.deadlineUs)
      this.#setting.deadlines.set(this, stream.limitUs)
  }

  #onStreamLimits(nowUs: number): void {
    for (const stream of [...this.#session.streams.values()])
      if (stream.limitUs <= nowUs && this.#session.streams.has(stream.id)) this.#onStreamLimit(stream, nowUs)
    if (this.#state !== 'open' && this.#state !== 'draining') return
    let earliestUs = Number.POSITIVE_INFINITY
    for (const { limitUs } of this.#session.streams.values()) earliestUs = Math.min(earliestUs, limitUs)
    if (earliestUs < Number.POSITIVE_INFINITY) this.#setting.deadlines.set(this, earliestUs)
  }

  #onStreamLimit(stream: Stream, nowUs: number): void {
    const verdict = stream.reader.onLimit(nowUs)
    if (verdict === 'go-on') return this.#limit(stream, nowUs)
    this.#session.cancel(stream, errorCode.cancel)
    if (verdict === 'timed-out') {
      // As in HTTP/1.1, a connection on which an answer did not come is not trusted with another request.
      if (this.#state === 'open') this.#state = 'draining'
      const status = stream.head?.status ?? null
      this.#settle(stream, classify({ kind: 'timed-out' }, stream.progress, status))
    } else this.#settle(stream, verdict)
    if (this.#state === 'draining' && this.#session.streams.size === 0) this.#sayGoodbye()
  }

  get #nowUs(): number {
    return this.#readUs ?? this.#setting.clock.nowUs()
  }

  #open(exchange: Exchange, nowUs: number): void {
    const { block, body } = this.#protocol.request(exchange)
    const reader = this.#protocol.reader(exchange)
    const { id, sendWindow, receiveWindow } = this.#session.nextStream()
    const slow = exchange.uploadMs > 0 && body !== ''
    const { bodiless = false } = this.#protocol
    const start = { body: slow ? '' : body, sendWindow, receiveWindow, bodiless }
    const stream = new Stream(id, exchange, reader, start)
    exchange.sample.writtenUs = nowUs
    this.#limit(stream, nowUs)
    this.#session.open(stream, block, body !== '')
    if (slow) this.#uploadSlowly(stream, body)
  }

  #uploadSlowly(stream: Stream, body: string): void {
    // The head has gone out as a frame of its own: to the upload, it is empty.
    const outlet = { write: (piece: string) => piece !== '\r\n\r\n' && this.#session.addBody(stream, piece) }
    const ended = (): void => {
      stream.upload = null
      this.#session.addBody(stream, '')
    }
    stream.upload = new SlowUpload(
      `\r\n\r\n${body}`,
      stream.exchange.uploadMs,
      this.#setting.clock,
      outlet,
      ended,
    )
  }

  /** The outcome is known; a stream that is not over on both sides is cancelled. */
  #decide(stream: Stream, outcome: Outcome, ended: boolean): void {
    if (!ended || !stream.allSent) this.#session.cancel(stream, errorCode.cancel)
    this.#settle(stream, outcome)
  }

  #settle(stream: Stream, outcome: Outcome): void {
    const { exchange } = stream
    const nowUs = this.#nowUs
    this.#forget(stream)
    if (this.#session.streams.size === 0) this.#record.noteIdle(nowUs)
    if (!exchange.kept && this.#state === 'open') this.#state = 'draining'
    exchange.sample.servedBy = stream.head?.servedBy ?? null
    exchange.settle(outcome, nowUs)
  }

  #forget(stream: Stream): void {
    stream.upload?.stop()
    this.#session.streams.delete(stream.id)
  }

  /** The connection has ended. Its requests fail, each as far as it had come. */
  #lost(breakage: Breakage): void {
    if (this.#state === 'connecting') return this.#failWaiting(this.#unconnected(breakage), true)
    const goaway = this.#goawayError
    this.#endAll(stream => {
      if (goaway !== null) return stream.failed('goaway-error', `GOAWAY ${http2ErrorName(goaway)}`)
      return classify(breakage, stream.progress, stream.head?.status ?? null)
    }, false)
  }

  #endAll(outcomeOf: (stream: Stream) => Outcome, giveUp: boolean): void {
    const link = this.#link
    this.#leave()
    if (giveUp) link?.reset()
    for (const stream of [...this.#session.streams.values()]) this.#settle(stream, outcomeOf(stream))
  }

  /** How far the connection had come is asked before it is given up. */
  #unconnected(breakage: Breakage): () => Outcome {
    const reached = this.#link?.stage === 'handshaking' ? 'handshaking' : 'connecting'
    return () => classify(breakage, reached, null)
  }

  #failWaiting(outcomeOf: () => Outcome, giveUp: boolean): void {
    const link = this.#link
    const waiting = this.#waiting
    this.#waiting = []
    for (const { sample } of waiting) this.#record.notePort(link, sample)
    this.#leave()
    if (giveUp) link?.reset()
    for (const exchange of waiting) exchange.settle(outcomeOf())
  }

  /** The server closes first, so that the port waits out its TIME_WAIT there; one that never does is cut off. */
  #sayGoodbye(): void {
    this.write(goawayFrame(errorCode.noError))
    this.#flush()
    this.#session.stop()
    this.#state = 'ending'
    const limitUs = this.#setting.firstByteTimeoutMs * 1000
    this.#setting.deadlines.set(this, this.#setting.clock.nowUs() + limitUs)
  }

  #flush(): void {
    const text = this.#unwritten
    this.#unwritten = ''
    if (text !== '') this.#link?.write(text)
  }

  #leave(): void {
    this.#state = 'gone'
    this.#unwritten = ''
    this.#session.stop()
    this.#setting.deadlines.clear(this)
  }
}
