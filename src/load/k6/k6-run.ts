/**
 * One run of k6 from start to end, as the load driver would tell it: `started`, samples, progress, `ended`. There is no
 * stall to report, for k6 does not tell; a late k6 shows in the samples (scheduled against sent), or skips.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import type { K6Order, LoadMessage, LoadPlan, Sample } from '../../model/load.ts'
import { packSample } from '../../model/sample-row.ts'
import type { Account } from './account.ts'
import { ownCommand, userCommand } from './command.ts'
import { startControl, type Control } from './control.ts'
import { startK6, type K6End, type K6Process } from './k6-process.ts'
import { OwnScriptAccount } from './own-script.ts'
import { requestMetrics, type K6Point } from './points.ts'
import { RequestPoints } from './request-points.ts'
import { LEASE_MS, scriptSettings } from './settings.ts'
import { UserScriptAccount } from './user-script.ts'
import type { Watchdog } from './watchdog.ts'

export interface K6RunParts {
  clock: Clock
  watchdog: Watchdog
  emit(message: LoadMessage): void
  onTurn(nowUs: number): void
  /** Called once. `reason`: why the run is not what was asked for; null when it is. */
  onEnded(reason: string | null): void
}

const TURN_MS = 50
const PROGRESS_PERIOD_US = 200_000
/** For a request that began when the last lease ended: until its point is there. */
const LAST_POINTS_MS = 800
/** Should k6 fall silent. */
const SILENCE_LIMIT_MS = 15_000
/** k6's own: thresholds were crossed (a verdict, not a fault), and interrupted from outside. */
const EXPECTED_CODES: ReadonlySet<number | null> = new Set([0, 99, 105])

const requestMetricNames: ReadonlySet<string> = new Set(requestMetrics)

export class K6Run {
  readonly #parts: K6RunParts
  readonly #account: Account
  readonly #requests = new RequestPoints()
  readonly #control: Control | null
  readonly #k6: K6Process
  readonly #url: string
  #started = false
  #stopped = false
  /** No lease is in force any more, and what began under one has been told. */
  #quietUs = Number.POSITIVE_INFINITY
  /** How far k6's account has come: on a busy machine it lags. */
  #toldUs = 0
  #progressUs = 0
  #timer: Timer | null = null

  /** `plan` goes to an address. */
  static async start(plan: LoadPlan, order: K6Order, target: string, parts: K6RunParts): Promise<K6Run> {
    const control = order.script === null ? await startControl() : null
    return new K6Run(plan, order, target, control, parts)
  }

  private constructor(
    plan: LoadPlan,
    order: K6Order,
    target: string,
    control: Control | null,
    parts: K6RunParts,
  ) {
    this.#parts = parts
    this.#control = control
    this.#url = `http://${target}`
    const onSample = (sample: Sample): void => parts.emit({ type: 'sample', row: packSample(sample) })
    this.#account =
      control === null ? new UserScriptAccount(target, onSample) : new OwnScriptAccount(plan, onSample)
    const command =
      control === null
        ? userCommand(order, order.script ?? '', this.#url)
        : ownCommand(order, scriptSettings(plan, this.#url, control.url))
    this.#k6 = startK6(command, parts.clock, parts.watchdog, point => this.#take(point))
    void this.#k6.ended.then(end => this.#end(end))
    this.#turn()
  }

  /** What is open ends by itself; of a user's own script nobody knows what is open. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#control?.revoke()
    const nowUs = this.#parts.clock.nowUs()
    this.#quietUs = nowUs + (LEASE_MS + LAST_POINTS_MS) * 1000
    if (!(this.#account instanceof UserScriptAccount)) return
    this.#account.stopAt(nowUs)
    this.#k6.interrupt()
  }

  /** Ends the run now. */
  abort(): void {
    this.#stopped = true
    this.#k6.kill()
  }

  #take(point: K6Point): void {
    this.#toldUs = Math.max(this.#toldUs, point.atUs)
    if (!requestMetricNames.has(point.metric)) {
      this.#account.point(point)
    } else {
      const request = this.#requests.add(point)
      if (request !== null) this.#account.request(request)
    }
    if (!this.#started && this.#account.totals.scheduled > 0) this.#begin(point.atUs)
  }

  #begin(atUs: number): void {
    this.#started = true
    this.#parts.emit({ type: 'started', version: 1, atUs, pid: process.pid })
  }

  #turn(): void {
    const { clock } = this.#parts
    const nowUs = clock.nowUs()
    if (this.#started && nowUs - this.#progressUs >= PROGRESS_PERIOD_US) {
      this.#progressUs = nowUs
      const { totals, open } = this.#account
      this.#parts.emit({ type: 'progress', atUs: nowUs, totals, open })
    }
    this.#parts.onTurn(nowUs)
    const told = this.#toldUs >= this.#quietUs || nowUs >= this.#quietUs + SILENCE_LIMIT_MS * 1000
    if (told && nowUs >= this.#quietUs && this.#account.open === 0) {
      this.#quietUs = Number.POSITIVE_INFINITY
      this.#k6.interrupt()
    }
    this.#timer = clock.after(TURN_MS, () => this.#turn())
  }

  #end(end: K6End): void {
    this.#timer?.cancel()
    this.#control?.close()
    const nowUs = this.#parts.clock.nowUs()
    if (!this.#started) this.#begin(nowUs)
    const totals = this.#account.close()
    this.#parts.emit({ type: 'ended', atUs: nowUs, totals })
    this.#parts.onEnded(this.#reason(end, totals.scheduled))
  }

  #reason({ exitCode, signal, complaints }: K6End, scheduled: number): string | null {
    const how = signal === null ? `exit code ${exitCode ?? '?'}` : signal
    const words = complaints === '' ? '' : `: ${complaints}`
    if (!this.#stopped && !EXPECTED_CODES.has(exitCode)) return `k6 broke off (${how})${words}`
    if (scheduled > 0 || this.#stopped) return null
    return (
      `k6 ended without a request to ${this.#url}${words}; a script of your own must send its requests there, ` +
      'and finds the address in __ENV.BASE_URL'
    )
  }
}
