/**
 * One HTTP/1.1 connection: at most one request on it at a time, nothing ever sent twice. The outcome of a request is
 * decided by the first thing that decides it: a complete answer, the end of the connection, or the time limit.
 */
import { assert } from '../base/assert.ts'
import type { Outcome } from '../model/load.ts'
import type { Channel, ChannelSetting } from './channel.ts'
import { classify, type Breakage, type Reached } from './classify.ts'
import type { DeadlineHolder } from './deadlines.ts'
import { judgeAnswer, requestText, type Exchange } from './exchange.ts'
import type { LinkListener, LinkRoute, TransportLink } from './link.ts'
import { openLink } from './open-link.ts'
import { ResponseParser } from './response-parser.ts'

/** `ending`: the answer is complete and the server is expected to close; the outcome no longer depends on it. */
type State = 'new' | 'connecting' | 'waiting' | 'idle' | 'ending' | 'gone'

const protocols = ['http/1.1']

export class Connection implements Channel, LinkListener, DeadlineHolder {
  deadlineUs = 0
  #state: State = 'new'
  #exchange: Exchange | null = null
  #uses = 0
  #idleSinceUs: number | null = null
  #openedUs = 0
  #localPort: number | null = null
  #link: TransportLink | null = null
  readonly #id: number
  readonly #route: LinkRoute
  readonly #parser = new ResponseParser()
  readonly #setting: ChannelSetting

  constructor(id: number, route: LinkRoute, setting: ChannelSetting) {
    this.#id = id
    this.#route = route
    this.#setting = setting
  }

  /** Open, and nothing is known against sending a request on it. */
  get idle(): boolean {
    return this.#state === 'idle'
  }

  send(exchange: Exchange, nowUs: number): void {
    assert(
      this.#exchange === null && (this.#state === 'new' || this.#state === 'idle'),
      'the connection is busy',
    )
    this.#exchange = exchange
    this.#uses += 1
    if (this.#state === 'new') this.#openedUs = nowUs
    exchange.sample.connection = {
      id: this.#id,
      use: this.#uses,
      idleUs: this.#idleSinceUs === null ? null : nowUs - this.#idleSinceUs,
      openedUs: this.#openedUs,
      localPort: this.#localPort,
      remoteAddress: this.#route.address,
      remotePort: this.#route.port,
    }
    if (this.#state === 'idle') return this.#write(exchange, nowUs)
    this.#state = 'connecting'
    this.#setting.deadlines.set(this, nowUs + this.#setting.connectTimeoutMs * 1000)
    this.#link = openLink(this.#route, this, this.#setting, protocols)
  }

  close(): void {
    this.#leave()
    this.#exchange = null
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
      this.#state = 'gone'
      this.#link?.reset()
    }
    const exchange = this.#exchange
    if (this.#state !== 'waiting' || exchange === null) return
    if (exchange.sample.firstByteUs === null) {
      const nowUs = this.#setting.clock.nowUs()
      exchange.sample.firstByteUs = nowUs
      this.#setting.deadlines.set(this, nowUs + this.#answerLimitUs(exchange))
    }
    const taken = this.#parser.push(bytes, length)
    if (this.#parser.state === 'malformed')
      this.#fail({ kind: 'malformed', part: this.#parser.malformedPart }, true)
    else if (this.#parser.state === 'complete') this.#answered(exchange, taken < length)
  }

  onFin(): void {
    this.#link?.finish()
    const exchange = this.#exchange
    if (exchange === null) return this.#leave()
    if (this.#state === 'connecting') return this.#fail({ kind: 'closed' }, true)
    this.#parser.finish()
    if (this.#parser.state !== 'complete') return this.#fail({ kind: 'closed' }, false)
    this.#answered(exchange, false)
    this.#leave()
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
    this.#parser.begin(exchange.sample.kind === 'post')
    exchange.sample.writtenUs = nowUs
    this.#setting.deadlines.set(this, nowUs + this.#answerLimitUs(exchange))
    this.#link?.write(requestText(exchange, this.#setting.host))
  }

  #answerLimitUs(exchange: Exchange): number {
    return (exchange.answerMs + this.#setting.firstByteTimeoutMs) * 1000
  }

  #answered(exchange: Exchange, tooMany: boolean): void {
    const nowUs = this.#setting.clock.nowUs()
    const { status, requestId, body, keepAlive } = this.#parser
    if (tooMany) {
      this.#leave()
      this.#link?.reset()
    } else if (keepAlive && exchange.kept) {
      this.#state = 'idle'
      this.#idleSinceUs = nowUs
      this.#setting.deadlines.clear(this)
    } else {
      // The server closes first, so that the port waits out its TIME_WAIT there; one that never does is cut off.
      this.#state = 'ending'
      this.#setting.deadlines.set(this, nowUs + this.#setting.firstByteTimeoutMs * 1000)
    }
    this.#settle(exchange, judgeAnswer(exchange, { status: status ?? 0, requestId, body }))
  }

  #fail(breakage: Breakage, giveUp: boolean): void {
    const exchange = this.#exchange
    if (exchange === null) return
    this.#notePort()
    const outcome = classify(breakage, this.#reached(exchange), this.#parser.status)
    this.#leave()
    if (giveUp) this.#link?.reset()
    this.#settle(exchange, outcome)
  }

  #reached(exchange: Exchange): Reached {
    if (this.#state === 'connecting')
      return this.#link?.stage === 'handshaking' ? 'handshaking' : 'connecting'
    if (exchange.sample.firstByteUs === null) return 'sent'
    return this.#parser.status === null ? 'headers' : 'body'
  }

  #settle(exchange: Exchange, outcome: Outcome): void {
    exchange.sample.servedBy = this.#parser.servedBy
    this.#exchange = null
    exchange.settle(outcome)
  }

  #leave(): void {
    this.#state = 'gone'
    this.#setting.deadlines.clear(this)
  }

  /** A connect that hangs has a port too, and which one tells a poisoned conntrack entry from a slow server. */
  #notePort(): void {
    this.#localPort ??= this.#link?.localPort ?? null
    const connection = this.#exchange?.sample.connection
    if (connection) connection.localPort = this.#localPort
  }
}
