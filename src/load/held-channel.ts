/**
 * One connection that is held by one request at a time, for as long as the two sides have something to say: a stream of
 * events, a WebSocket. What is said is the conversation's affair; how the connection comes and goes is this one's.
 */
import { assert } from '../base/assert.ts'
import type { Outcome } from '../model/load.ts'
import { ChannelRecord } from './channel-record.ts'
import type { Channel, ChannelSetting } from './channel.ts'
import { classify, type Breakage } from './classify.ts'
import type { DeadlineHolder } from './deadlines.ts'
import type { Exchange } from './exchange.ts'
import type { LinkListener, LinkRoute, TransportLink } from './link.ts'
import { openLink } from './open-link.ts'

/**
 * What is to become of the connection once the outcome is known. `broken`: nothing can follow. `closing`: the server
 * ends it. `unfinished`: the rest of the answer is still to come, and then perhaps another request.
 */
export type Rest = 'broken' | 'closing' | 'unfinished' | 'reusable'

export interface Conversation {
  readonly request: string
  readonly servedBy: string | null
  readonly rest: Rest
  /** Takes all of them. The first outcome that anything here returns is the one. */
  onBytes(bytes: Buffer, length: number, nowUs: number): Outcome | null
  /** The connection has ended, or the time is up. */
  onLost(breakage: Breakage): Outcome
  /** Until when things may stay as they are; asked after everything that happens. */
  limitUs(nowUs: number): number
  onLimit(nowUs: number): Outcome | 'timed-out' | 'go-on'
  /** The last words, where the driver itself ends the connection; empty for none. */
  goodbye(): string
}

export type BeginConversation = (
  exchange: Exchange,
  nowUs: number,
  write: (text: string) => void,
) => Conversation

type State = 'new' | 'connecting' | 'talking' | 'ending' | 'idle' | 'gone'

const protocols = ['http/1.1']

export class HeldChannel implements Channel, LinkListener, DeadlineHolder {
  deadlineUs = 0
  #state: State = 'new'
  #exchange: Exchange | null = null
  #talk: Conversation | null = null
  #link: TransportLink | null = null
  readonly #record: ChannelRecord
  readonly #route: LinkRoute
  readonly #setting: ChannelSetting
  readonly #begin: BeginConversation

  constructor(id: number, route: LinkRoute, setting: ChannelSetting, begin: BeginConversation) {
    this.#record = new ChannelRecord(id, route)
    this.#route = route
    this.#setting = setting
    this.#begin = begin
  }

  get idle(): boolean {
    return this.#state === 'new' || this.#state === 'idle'
  }

  get full(): boolean {
    return this.#exchange !== null
  }

  send(exchange: Exchange, nowUs: number): void {
    assert(this.idle, 'the connection is busy')
    this.#exchange = exchange
    this.#record.noteUse(exchange.sample, nowUs)
    if (this.#state === 'idle') return this.#speak(exchange, nowUs)
    this.#state = 'connecting'
    this.#setting.deadlines.set(this, nowUs + this.#setting.connectTimeoutMs * 1000)
    this.#link = openLink(this.#route, this, this.#setting, protocols)
  }

  close(): void {
    const goodbye = this.#state === 'talking' ? (this.#talk?.goodbye() ?? '') : ''
    this.#exchange = null
    this.#leave()
    if (goodbye === '') return this.#link?.reset()
    this.#link?.write(goodbye)
    this.#link?.finish()
  }

  onEstablished(): void {
    const exchange = this.#exchange
    if (this.#state !== 'connecting' || exchange === null) return
    this.#record.notePort(this.#link, exchange.sample)
    this.#speak(exchange, this.#setting.clock.nowUs())
  }

  onBytes(bytes: Buffer, length: number): void {
    const nowUs = this.#setting.clock.nowUs()
    // Nobody asked: whatever it is, it must not be taken for the answer to the next request.
    if (this.#state === 'idle') return this.#giveUp()
    if (this.#state === 'ending' && this.#talk?.rest === 'unfinished') {
      this.#talk.onBytes(bytes, length, nowUs)
      return this.#end(this.#talk.rest, nowUs)
    }
    const exchange = this.#exchange
    const talk = this.#talk
    if (this.#state !== 'talking' || exchange === null || talk === null) return
    exchange.sample.firstByteUs ??= nowUs
    const outcome = talk.onBytes(bytes, length, nowUs)
    if (outcome === null) return this.#setting.deadlines.set(this, talk.limitUs(nowUs))
    this.#end(talk.rest, nowUs)
    this.#settle(outcome)
  }

  onFin(): void {
    this.#link?.finish()
    this.#lost({ kind: 'closed' }, this.#state === 'connecting')
  }

  onBroken(syscall: string, code: string): void {
    this.#lost({ kind: 'error', syscall, code }, this.#state === 'connecting')
  }

  onDeadline(nowUs: number): void {
    const talk = this.#talk
    if (this.#state !== 'talking' || talk === null) {
      if (this.#exchange === null) return this.#giveUp()
      return this.#lost({ kind: 'timed-out' }, true)
    }
    const verdict = talk.onLimit(nowUs)
    if (verdict === 'go-on') return this.#setting.deadlines.set(this, talk.limitUs(nowUs))
    if (verdict === 'timed-out') return this.#lost({ kind: 'timed-out' }, true)
    this.#end(talk.rest, nowUs)
    this.#settle(verdict)
  }

  #speak(exchange: Exchange, nowUs: number): void {
    const talk = this.#begin(exchange, nowUs, text => this.#link?.write(text))
    this.#talk = talk
    this.#state = 'talking'
    exchange.sample.writtenUs = nowUs
    this.#setting.deadlines.set(this, talk.limitUs(nowUs))
    this.#link?.write(talk.request)
  }

  #lost(breakage: Breakage, giveUp: boolean): void {
    const exchange = this.#exchange
    if (exchange === null) return giveUp ? this.#giveUp() : this.#leave()
    this.#record.notePort(this.#link, exchange.sample)
    const outcome = this.#talk?.onLost(breakage) ?? classify(breakage, this.#reached(), null)
    if (giveUp) this.#giveUp()
    else this.#leave()
    this.#settle(outcome)
  }

  #reached(): 'connecting' | 'handshaking' {
    return this.#link?.stage === 'handshaking' ? 'handshaking' : 'connecting'
  }

  /** The server closes first, so that the port waits out its TIME_WAIT there; one that never does is cut off. */
  #end(rest: Rest, nowUs: number): void {
    if (rest === 'broken') return this.#giveUp()
    if (rest === 'reusable' && this.#exchange?.kept !== false) {
      this.#state = 'idle'
      this.#record.noteIdle(nowUs)
      return this.#setting.deadlines.clear(this)
    }
    if (this.#state === 'talking')
      this.#setting.deadlines.set(this, nowUs + this.#setting.firstByteTimeoutMs * 1000)
    this.#state = 'ending'
  }

  #settle(outcome: Outcome): void {
    const exchange = this.#exchange
    if (exchange === null) return
    this.#exchange = null
    exchange.sample.servedBy = this.#talk?.servedBy ?? null
    exchange.settle(outcome)
  }

  #giveUp(): void {
    this.#leave()
    this.#link?.reset()
  }

  #leave(): void {
    this.#state = 'gone'
    this.#setting.deadlines.clear(this)
  }
}
