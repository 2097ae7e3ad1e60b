/**
 * One HTTP/1.1 connection: at most one request on it at a time, nothing ever sent twice. The outcome of a request is
 * decided by the first thing that decides it: a complete answer, the end of the connection, or the time limit.
 */
import { assert } from '../base/assert.ts'
import type { Outcome, PopulationProfile, SampleConnection } from '../model/load.ts'
import type { Channel, ChannelSetting, OpenChannel } from './channel.ts'
import { classify, type Breakage, type Reached } from './classify.ts'
import { notHeld, type DeadlineHolder } from './deadlines.ts'
import { judgeAnswer, type Exchange } from './exchange.ts'
import type { LinkListener, LinkRoute, TransportLink } from './link.ts'
import { openLink } from './open-link.ts'
import { RequestTexts } from './request-text.ts'
import { ResponseParser } from './response-parser.ts'
import { SlowUpload } from './slow-upload.ts'

/** `ending`: the answer is complete and the server is expected to close; the outcome no longer depends on it. */
type State = 'new' | 'connecting' | 'waiting' | 'idle' | 'ending' | 'gone'

const protocols = ['http/1.1']

/** Opens the connections of one population, which all send the same requests. */
export function http1Connections(profile: PopulationProfile, setting: ChannelSetting): OpenChannel {
  const texts = new RequestTexts(setting.host, profile.answerMs, setting.request)
  return (id, route) => new Connection(id, route, setting, texts)
}

export class Connection implements Channel, LinkListener, DeadlineHolder {
  deadlineUs = notHeld
  #state: State = 'new'
  #exchange: Exchange | null = null
  #idleSinceUs: number | null = null
  #link: TransportLink | null = null
  #upload: SlowUpload | null = null
  /** The one object of all its samples: a sample is read as soon as it is settled, and the next comes after. */
  readonly #told: SampleConnection
  readonly #route: LinkRoute
  readonly #parser = new ResponseParser()
  readonly #setting: ChannelSetting
  readonly #texts: RequestTexts

  constructor(id: number, route: LinkRoute, setting: ChannelSetting, texts: RequestTexts) {
    this.#route = route
    this.#setting = setting
    this.#texts = texts
    this.#told = {
      id,
      use: 0,
      idleUs: null,
      openedUs: 0,
      localPort: null,
      remoteAddress: route.address,
      remotePort: route.port,
    }
  }

  /** Open, and nothing is known against sending a request on it. */
  get idle(): boolean {
    return this.#state === 'idle'
  }

  get full(): boolean {
    return this.#exchange !== null
  }

  send(exchange: Exchange, nowUs: number): void {
    const told = this.#told
    assert(
      this.#exchange === null && (this.#state === 'new' || this.#state === 'idle'),
      'the connection is busy',
    )
    this.#exchange = exchange
    told.use += 1
    told.idleUs = this.#idleSinceUs === null ? null : nowUs - this.#idleSinceUs
    exchange.sample.connection = told
    if (this.#state === 'idle') return this.#write(exchange, nowUs)
    told.openedUs = nowUs
    this.#state = 'connecting'
    this.#setting.deadlines.set(this, nowUs + this.#setting.connectTimeoutMs * 1000)
    this.#link = openLink(this.#route, this, this.#setting, protocols)
  }

  close(): void {
    this.#exchange = null
    this.#leave()
    this.#link?.reset()
  }

  onEstablished(): void {
    if (this.#state !== 'connecting' || this.#exchange === null) return
    this.#notePort()
    this.#write(this.#exchange, this.#setting.clock.nowUs())
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.#state === 'idle') {
      // Nobody asked: whatever it is, it must not be taken for the answer to the next request.
      this.#leave()
      this.#link?.reset()
    }
    const exchange = this.#exchange
    if (this.#state !== 'waiting' || exchange === null) return
    const nowUs = this.#setting.clock.nowUs()
    const isFirst = exchange.sample.firstByteUs === null
    if (isFirst) exchange.sample.firstByteUs = nowUs
    const taken = this.#parser.push(bytes, length)
    if (this.#parser.state === 'complete') this.#answered(exchange, taken < length, nowUs)
    else if (this.#parser.state === 'malformed')
      this.#fail({ kind: 'malformed', part: this.#parser.malformedPart }, true)
    else if (isFirst) this.#setting.deadlines.set(this, nowUs + this.#answerLimitUs(exchange))
  }

  onFin(): void {
    this.#link?.finish()
    const exchange = this.#exchange
    if (exchange === null) return this.#leave()
    // The handshake of TLS was cut off.
    if (this.#state === 'connecting') return this.#fail({ kind: 'closed' }, true)
    this.#parser.finish()
    if (this.#parser.state !== 'complete') return this.#fail({ kind: 'closed' }, this.#sending)
    this.#leave()
    this.#settle(exchange, this.#judge(exchange), this.#setting.clock.nowUs())
  }

  onBroken(syscall: string, code: string): void {
    if (this.#exchange === null) this.#leave()
    else this.#fail({ kind: 'error', syscall, code }, false)
  }

  onDeadline(): void {
    if (this.#exchange !== null) return this.#fail({ kind: 'timed-out' }, true)
    this.#leave()
    this.#link?.reset()
  }

  #write(exchange: Exchange, nowUs: number): void {
    this.#state = 'waiting'
    this.#parser.begin(
      exchange.sample.kind === 'post' && this.#setting.request === null,
      exchange.requestId,
      this.#setting.request?.method === 'HEAD',
    )
    exchange.sample.writtenUs = nowUs
    this.#setting.deadlines.set(this, nowUs + this.#answerLimitUs(exchange))
    const text = this.#texts.of(exchange)
    if (exchange.uploadMs === 0) this.#link?.write(text)
    else this.#uploadSlowly(text, exchange.uploadMs)
  }

  #uploadSlowly(text: string, uploadMs: number): void {
    const link = this.#link
    if (link === null) return
    this.#upload = new SlowUpload(text, uploadMs, this.#setting.clock, link, () => (this.#upload = null))
  }

  #answerLimitUs(exchange: Exchange): number {
    return (exchange.answerMs + exchange.uploadMs + this.#setting.firstByteTimeoutMs) * 1000
  }

  #answered(exchange: Exchange, tooMany: boolean, nowUs: number): void {
    if (tooMany || this.#upload !== null) {
      // More than was asked for, or an answer before the request was whole: nothing can follow on this connection.
      this.#leave()
      this.#link?.reset()
    } else if (this.#parser.keepAlive && exchange.kept) {
      this.#state = 'idle'
      this.#idleSinceUs = nowUs
      this.#setting.deadlines.rest(this)
    } else {
      // The server closes first, so that the port waits out its TIME_WAIT there; one that never does is cut off.
      this.#state = 'ending'
      this.#setting.deadlines.set(this, nowUs + this.#setting.firstByteTimeoutMs * 1000)
    }
    this.#settle(exchange, this.#judge(exchange), nowUs)
  }

  #judge(exchange: Exchange): Outcome {
    return judgeAnswer(exchange, this.#parser, this.#setting.request !== null)
  }

  #fail(breakage: Breakage, giveUp: boolean): void {
    const exchange = this.#exchange
    if (exchange === null) return
    this.#notePort()
    const outcome = classify(breakage, this.#reached(exchange), this.#parser.status)
    this.#leave()
    if (giveUp) this.#link?.reset()
    this.#settle(exchange, outcome, this.#setting.clock.nowUs())
  }

  /** A part of the request has not been written: it is sent slowly, or the server does not read. */
  get #sending(): boolean {
    return this.#upload !== null || this.#link?.unsent === true
  }

  #reached(exchange: Exchange): Reached {
    if (this.#state === 'connecting')
      return this.#link?.stage === 'handshaking' ? 'handshaking' : 'connecting'
    if (exchange.sample.firstByteUs === null) return this.#sending ? 'sending' : 'sent'
    return this.#parser.status === null ? 'headers' : 'body'
  }

  #settle(exchange: Exchange, outcome: Outcome, nowUs: number): void {
    exchange.sample.servedBy = this.#parser.servedBy
    this.#exchange = null
    exchange.settle(outcome, nowUs)
  }

  #leave(): void {
    this.#state = 'gone'
    this.#upload?.stop()
    this.#setting.deadlines.clear(this)
  }

  /** A connect that hangs has a port too, and which one tells a poisoned conntrack entry from a slow server. */
  #notePort(): void {
    const { route = this.#route, localPort = null } = this.#link ?? {}
    this.#told.remoteAddress = route.address
    this.#told.remotePort = route.port
    this.#told.openedUs = route.sentUs ?? this.#told.openedUs
    this.#told.localPort ??= localPort
  }
}
