/**
 * A WebSocket that is held open for a while, with a sign of life every so often, and then closed by us. A goodbye by the
 * server, before that, is a good end; the end of the connection without one (1006) is not, whenever it comes.
 */
import type { Outcome } from '../../model/load.ts'
import type { ChannelSetting } from '../channel.ts'
import { classify, type Breakage } from '../classify.ts'
import { judgeAnswer, type Exchange } from '../exchange.ts'
import type { BeginConversation, Conversation, Rest } from '../held-channel.ts'
import { ResponseParser } from '../response-parser.ts'
import { cleanCloseCodes, NO_CLOSE_CODE, opcode, WebSocketBreach } from './frame-codes.ts'
import { WebSocketReader, type FrameListener } from './frame-reader.ts'
import { clientFrame, closeFrame } from './frame-writer.ts'
import { Handshake } from './handshake.ts'

export interface WebSocketOptions {
  path: string
  everyMs: number
  /** What is sent: a ping, which is answered by a pong; a text that the server sends back; one that it does not. */
  sign: 'ping' | 'echo' | 'message'
}

const NORMAL = 1000
const PROTOCOL_ERROR = 1002
const never = Number.POSITIVE_INFINITY

type State = 'handshake' | 'open' | 'closing' | 'over'

export function webSocket(setting: ChannelSetting, options: WebSocketOptions): BeginConversation {
  return (exchange, nowUs, write) => new WebSocketConversation(exchange, { setting, options, nowUs, write })
}

interface Surroundings {
  setting: ChannelSetting
  options: WebSocketOptions
  nowUs: number
  write(text: string): void
}

class WebSocketConversation implements Conversation, FrameListener {
  readonly request: string
  rest: Rest = 'broken'
  #state: State = 'handshake'
  #firstByte = false
  #outcome: Outcome | null = null
  /** What the server owes us: the text that a pong or an echo must bring. */
  #owed: string | null = null
  #signs = 0
  /** When the server must have answered; when we speak next; when we say goodbye. */
  #patienceUs: number
  #nextSignUs = never
  #endUs = never
  readonly #exchange: Exchange
  readonly #around: Surroundings
  readonly #handshake = new Handshake()
  readonly #parser = new ResponseParser(this.#handshake)
  readonly #frames = new WebSocketReader(this)

  constructor(exchange: Exchange, around: Surroundings) {
    this.#exchange = exchange
    this.#around = around
    this.request = this.#handshake.request(around.options.path, around.setting.host, exchange.requestId)
    this.#patienceUs = this.#untilLate(around.nowUs)
    this.#parser.begin(false)
  }

  get servedBy(): string | null {
    return this.#parser.servedBy
  }

  onBytes(bytes: Buffer, length: number, nowUs: number): Outcome | null {
    this.#firstByte = true
    const taken = this.#state === 'handshake' ? this.#shakeHands(bytes, length, nowUs) : 0
    if (this.#state === 'open' || this.#state === 'closing') this.#readFrames(bytes, taken, length)
    return this.#outcome
  }

  onLost(breakage: Breakage): Outcome {
    const { status } = this.#parser
    if (this.#state !== 'handshake') {
      const outcome = classify(breakage, 'body', status)
      return breakage.kind === 'timed-out' ? outcome : { ...outcome, code: 'abnormal-close' }
    }
    if (breakage.kind === 'closed') {
      this.#parser.finish()
      if (this.#parser.state === 'complete') return this.#refused()
    }
    return classify(breakage, this.#reached(), status)
  }

  /** While the server owes us something, that comes first: nothing is asked of it, and it is not taken leave of. */
  limitUs(): number {
    if (this.#owed !== null) return this.#patienceUs
    return Math.min(this.#patienceUs, this.#nextSignUs, this.#endUs)
  }

  onLimit(nowUs: number): Outcome | 'timed-out' | 'go-on' {
    if (nowUs >= this.#patienceUs) return 'timed-out'
    if (this.#owed !== null) return 'go-on'
    if (nowUs >= this.#endUs) {
      this.#around.write(closeFrame(NORMAL))
      this.#state = 'closing'
      this.#endUs = never
      this.#nextSignUs = never
      this.#patienceUs = this.#untilLate(nowUs)
    } else if (nowUs >= this.#nextSignUs) this.#giveSign(nowUs)
    return 'go-on'
  }

  goodbye(): string {
    return this.#state === 'open' ? closeFrame(NORMAL) : ''
  }

  onMessage(text: string | null): void {
    if (this.#around.options.sign === 'echo' && text === this.#owed) this.#paid()
  }

  onPing(payload: Buffer): void {
    this.#around.write(clientFrame(opcode.pong, payload.toString('latin1')))
  }

  onPong(payload: Buffer): void {
    if (this.#around.options.sign === 'ping' && payload.toString('latin1') === this.#owed) this.#paid()
  }

  onClose(code: number): void {
    if (this.#state === 'open')
      this.#around.write(code === NO_CLOSE_CODE ? clientFrame(opcode.close, '') : closeFrame(code))
    this.#state = 'over'
    this.rest = 'closing'
    this.#outcome = cleanCloseCodes.has(code)
      ? { kind: 'succeeded', status: code }
      : { kind: 'failed', phase: 'status', code: 'status-other', status: code, detail: `close ${code}` }
  }

  #shakeHands(bytes: Buffer, length: number, nowUs: number): number {
    const taken = this.#parser.push(bytes, length)
    const { state, status, malformedPart } = this.#parser
    if (state === 'malformed')
      this.#outcome = classify({ kind: 'malformed', part: malformedPart }, this.#reached(), status)
    else if (state === 'complete' && status !== 101) {
      this.rest = 'closing'
      this.#outcome = this.#refused()
    } else if (state === 'complete') this.#open(nowUs)
    return taken
  }

  #open(nowUs: number): void {
    const flaw = this.#handshake.flaw
    if (flaw !== null) {
      const detail = `handshake ${flaw}`
      this.#outcome = { kind: 'failed', phase: 'headers', code: 'protocol', status: 101, detail }
      return
    }
    const { answerMs } = this.#exchange
    this.#state = 'open'
    this.#patienceUs = never
    this.#nextSignUs = nowUs + this.#around.options.everyMs * 1000
    if (answerMs > 0) this.#endUs = nowUs + answerMs * 1000
  }

  #readFrames(bytes: Buffer, from: number, to: number): void {
    try {
      this.#frames.push(bytes, from, to)
    } catch (error) {
      if (!(error instanceof WebSocketBreach)) throw error
      this.#around.write(closeFrame(PROTOCOL_ERROR))
      this.#state = 'over'
      this.#outcome = { kind: 'failed', phase: 'body', code: 'protocol', status: 101, detail: error.what }
    }
  }

  /** A server that answers a handshake well with anything but 101 has not opened a WebSocket. */
  #refused(): Outcome {
    const status = this.#parser.status ?? 0
    const outcome = judgeAnswer(this.#exchange, { status, requestId: null, body: '' })
    if (outcome.kind === 'failed') return outcome
    return { kind: 'failed', phase: 'status', code: 'status-other', status, detail: null }
  }

  #reached(): 'sent' | 'headers' | 'body' {
    if (this.#parser.status !== null) return 'body'
    return this.#firstByte ? 'headers' : 'sent'
  }

  #giveSign(nowUs: number): void {
    const { sign, everyMs } = this.#around.options
    this.#nextSignUs = nowUs + everyMs * 1000
    this.#signs += 1
    const text = `${this.#exchange.requestId}:${this.#signs}`
    this.#around.write(clientFrame(sign === 'ping' ? opcode.ping : opcode.text, text))
    if (sign === 'message') return
    this.#owed = text
    this.#patienceUs = this.#untilLate(nowUs)
  }

  #paid(): void {
    this.#owed = null
    if (this.#state === 'open') this.#patienceUs = never
  }

  #untilLate(nowUs: number): number {
    return nowUs + this.#around.setting.firstByteTimeoutMs * 1000
  }
}
