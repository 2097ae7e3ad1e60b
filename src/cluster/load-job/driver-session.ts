/**
 * The conversation with one driver in its pod. A connection that breaks (an API server that restarts, say) is made
 * again, and the driver goes on at the line that was read last. It is given up when its pod has ended, or when nothing
 * was heard for longer than the driver itself would wait.
 */
import { assertNever } from '../../base/assert.ts'
import { sleep, type Clock, type Timer } from '../../base/clock.ts'
import { LineSplitter, toLine } from '../../base/ndjson.ts'
import { apiErrorCode } from '../../kube/api-error.ts'
import type { KubeClient } from '../../kube/client.ts'
import type { ExecPlace, ExecStream } from '../../kube/exec.ts'
import type { Pod } from '../../kube/types.ts'
import type { LoadMessage, LoadPlan } from '../../model/load.ts'
import type { RemoteCommand, RemoteLine } from '../../model/remote-load.ts'
import { ClockRelation } from './clock-relation.ts'
import { NumberedLines } from './numbered.ts'

export interface SessionPlan {
  client: KubeClient
  clock: Clock
  place: ExecPlace
  /** Starts the relay in the driver's pod. */
  relay: string[]
  /** Each message once, in order. */
  onMessage(message: LoadMessage): void
}

/** How often lines are acknowledged and the clocks compared. */
const TICK_MS = 250
/** A connection that answers no ping for so long is dead, whatever the socket believes. */
const SILENCE_US = 8_000_000
/** A driver waits a minute for us; after that there is nobody to go back to. */
const GIVE_UP_US = 60_000_000
const FIRST_BACKOFF_MS = 200
const MAX_BACKOFF_MS = 2000
const FAREWELL_MS = 1500
/** Before the load starts, one round trip after the other: the quickest of them decides. */
const FIRST_EXCHANGES = 16

export class DriverSession {
  readonly relation = new ClockRelation()
  readonly lines = new NumberedLines()
  reconnects = -1
  /** Resolves once the clocks are related well enough to begin. */
  readonly related: Promise<void>
  /** Resolves when the driver has said all, with null, or with the reason why it never will. */
  readonly over: Promise<string | null>
  #tellRelated: () => void = () => undefined
  #tellOver: (reason: string | null) => void = () => undefined
  #isOver = false
  #stream: ExecStream | null = null
  #loadPlan: LoadPlan | null = null
  #stopped = false
  #heardUs: number
  #pingId = 0
  readonly #pings = new Map<number, number>()
  readonly #plan: SessionPlan

  constructor(plan: SessionPlan) {
    this.#plan = plan
    this.#heardUs = plan.clock.nowUs()
    this.related = new Promise(resolve => (this.#tellRelated = resolve))
    this.over = new Promise(resolve => (this.#tellOver = resolve))
    void this.#converse()
  }

  begin(loadPlan: LoadPlan): void {
    this.#loadPlan = loadPlan
    this.#send({ type: 'plan', plan: loadPlan })
  }

  stop(): void {
    this.#stopped = true
    this.#send({ type: 'stop' })
  }

  /** Nothing more is wanted of it. */
  end(reason: string | null): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stream?.close()
    this.#tellOver(reason)
  }

  async #converse(): Promise<void> {
    const { clock } = this.#plan
    let backoffMs = FIRST_BACKOFF_MS
    while (!this.#isOver) {
      const heardUs = this.#heardUs
      const why = await this.#connection()
      if (this.#heardUs !== heardUs) backoffMs = FIRST_BACKOFF_MS
      const gone = await this.#podEnd()
      if (gone !== null) return this.end(`${gone}; the connection's last word: ${why}`)
      if (clock.nowUs() - this.#heardUs > GIVE_UP_US)
        return this.end(`nothing was heard of it for ${GIVE_UP_US / 1e6} s: ${why}`)
      await sleep(clock, backoffMs)
      backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)
    }
  }

  /** One connection from its begin to its end; resolves with why it ended. */
  async #connection(): Promise<string> {
    const { client, place, relay, clock } = this.#plan
    let tick: Timer | null = null
    try {
      return await new Promise<string>((resolve, reject) => {
        const splitter = new LineSplitter(line => this.#hear(line))
        let closed = false
        const onClosed = (why: string): void => {
          closed = true
          resolve(why)
        }
        const onOutput = (text: string): void => {
          if (!closed) splitter.push(text)
        }
        client.exec(place, relay, { onOutput, onClosed }).then(stream => {
          if (closed) return stream.close()
          this.#greet(stream)
          const openedUs = clock.nowUs()
          const turn = (): void => {
            const silentUs = clock.nowUs() - Math.max(this.#heardUs, openedUs)
            if (silentUs > SILENCE_US) stream.close()
            this.#send({ type: 'read', to: this.lines.next })
            this.#ping()
            tick = clock.after(TICK_MS, turn)
          }
          turn()
        }, reject)
      })
    } catch (error) {
      return error instanceof Error ? error.message : 'it could not be opened'
    } finally {
      cancel(tick)
      this.#stream?.close()
      this.#stream = null
      this.#pings.clear()
    }
  }

  #greet(stream: ExecStream): void {
    if (this.#isOver) return stream.close()
    this.#stream = stream
    this.reconnects += 1
    this.#send({ type: 'resume', from: this.lines.next })
    // Both may have been lost with the connection before; a second one changes nothing.
    if (this.#loadPlan !== null) this.#send({ type: 'plan', plan: this.#loadPlan })
    if (this.#stopped) this.#send({ type: 'stop' })
  }

  #ping(): void {
    const id = this.#pingId++
    this.#pings.set(id, this.#plan.clock.nowUs())
    this.#send({ type: 'ping', id })
  }

  #send(command: RemoteCommand): void {
    this.#stream?.write(toLine(command))
  }

  #hear(text: string): void {
    const nowUs = this.#plan.clock.nowUs()
    this.#heardUs = nowUs
    const line = parseLine(text)
    // Torn on the way: the next connection brings it again, whole.
    if (line === null) return this.#stream?.close()
    switch (line.type) {
      case 'pong':
        return this.#compare(line.id, line.atUs, nowUs)
      case 'line':
        if (this.lines.accept(line.number)) this.#take(line.message)
        return
      case 'refused':
        return this.end(`it refused its plan: ${line.problems.join('; ')}`)
      default:
        return assertNever(line)
    }
  }

  #take(message: LoadMessage): void {
    this.#plan.onMessage(message)
    if (message.type !== 'ended') return
    this.#send({ type: 'read', to: this.lines.next })
    // Its program ends when it has read that, and the connection with it.
    this.#isOver = true
    this.#plan.clock.after(FAREWELL_MS, () => this.#stream?.close())
    this.#tellOver(this.#stopped ? null : 'it ended before it was told to')
  }

  #compare(id: number, otherUs: number, receivedUs: number): void {
    const sentUs = this.#pings.get(id)
    if (sentUs === undefined) return
    this.#pings.delete(id)
    this.relation.add({ sentUs, otherUs, receivedUs })
    if (this.relation.exchanges < FIRST_EXCHANGES) this.#ping()
    else this.#tellRelated()
  }

  /** Why the driver will never be heard of again; null while it may. */
  async #podEnd(): Promise<string | null> {
    const { namespace, pod } = this.#plan.place
    try {
      const { metadata, status } = await this.#plan.client.request<Pod>(
        'GET',
        `/api/v1/namespaces/${namespace}/pods/${pod}`,
      )
      const ended = status?.containerStatuses?.find(each => each.state?.terminated !== undefined)
      if (metadata.deletionTimestamp !== undefined) return `pod ${pod} is being deleted`
      if (status?.phase !== 'Failed' && status?.phase !== 'Succeeded' && ended === undefined) return null
      const { exitCode, reason } = ended?.state?.terminated ?? {}
      return `pod ${pod} has ended${exitCode === undefined ? '' : ` with exit code ${exitCode} (${reason ?? 'no reason'})`}`
    } catch (error) {
      return apiErrorCode(error) === 404 ? `pod ${pod} is gone` : null
    }
  }
}

function parseLine(text: string): RemoteLine | null {
  try {
    return JSON.parse(text) as RemoteLine
  } catch {
    return null
  }
}

/** Through a function: the flow analysis does not see that a callback has set it. */
function cancel(timer: Timer | null): void {
  timer?.cancel()
}
