/**
 * One worker per container and probe (semantics §4.3): it tries at once, then with each tick, or when it is poked, and
 * publishes a result only when the run of equal outcomes reaches its threshold. An attempt that errs leaves no trace.
 * The random delay by which a kubelet that has just been restarted spreads its probes is left out: these kubelets stand
 * for ones that have run for long.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import type { Probe } from '../../kube/types.ts'
import type { ProbeOutcome } from './handlers.ts'

export type ProbeKind = 'readiness' | 'liveness' | 'startup'
export type ProbeVerdict = 'success' | 'failure' | 'unknown'

/** The container as the kubelet's own status shows it; null = not in the status yet. */
export interface ProbeSubject {
  containerID: string
  /** Null unless it runs. */
  runningSinceUs: number | null
  started: boolean
  /** It ended for good: nothing will be probed again. */
  over: boolean
}

export interface ProbeWorkerParts {
  clock: Clock
  kind: ProbeKind
  probe: Probe
  subject: () => ProbeSubject | null
  attempt: () => Promise<ProbeOutcome>
  /** A result, also the initial one of a new container. */
  onVerdict: (containerID: string, verdict: ProbeVerdict) => void
  /** What a failed or erring attempt says. */
  onTrouble: (outcome: Exclude<ProbeOutcome, { kind: 'success' }>) => void
}

/** How often an attempt that errs is repeated at once (§4.3). */
const triesOnError = 3

const initialVerdict: Record<ProbeKind, ProbeVerdict> = {
  readiness: 'failure',
  liveness: 'success',
  startup: 'unknown',
}

export class ProbeWorker {
  readonly #parts: ProbeWorkerParts
  readonly #periodMs: number
  #ticker: Timer | null = null
  #tickDue = false
  #poked = false
  #wake: (() => void) | null = null
  #stopped = false
  #containerID: string | null = null
  #onHold = false
  #lastVerdict: ProbeVerdict = 'unknown'
  #run = 0

  constructor(parts: ProbeWorkerParts) {
    this.#parts = parts
    this.#periodMs = (parts.probe.periodSeconds ?? 10) * 1000
  }

  start(): void {
    this.#rebaseTicker()
    void this.#loop()
  }

  /** Probe now, and count the ticks from this moment. One poke is remembered while an attempt runs. */
  poke(): void {
    this.#poked = true
    this.#wake?.()
  }

  stop(): void {
    this.#stopped = true
    this.#ticker?.cancel()
    this.#wake?.()
  }

  async #loop(): Promise<void> {
    while (await this.#probeOnce()) {
      await this.#nextTurn()
      if (this.#stopped) return
    }
    this.stop()
  }

  /** Ticks that pass during a slow attempt coalesce to one. */
  async #nextTurn(): Promise<void> {
    if (!this.#poked && !this.#tickDue && !this.#stopped)
      await new Promise<void>(resolve => (this.#wake = resolve))
    this.#wake = null
    if (this.#poked) {
      this.#poked = false
      this.#rebaseTicker()
    } else {
      this.#tickDue = false
    }
  }

  #rebaseTicker(): void {
    this.#ticker?.cancel()
    this.#ticker = this.#parts.clock.after(this.#periodMs, () => {
      this.#tickDue = true
      if (!this.#stopped) this.#rebaseTicker()
      this.#wake?.()
    })
  }

  /** False when there is nothing left to probe. */
  async #probeOnce(): Promise<boolean> {
    const subject = this.#parts.subject()
    if (subject === null) return true
    this.#meet(subject.containerID)
    if (this.#onHold) return true
    if (subject.runningSinceUs === null) {
      this.#parts.onVerdict(subject.containerID, 'failure')
      return !subject.over
    }
    if (!this.#isDue(subject, subject.runningSinceUs)) return true
    const outcome = await this.#attempt()
    // Another container, or none, by now: the outcome belongs to the one that was asked.
    if (!this.#stopped && this.#containerID === subject.containerID) this.#count(outcome, subject.containerID)
    return true
  }

  #meet(containerID: string): void {
    if (this.#containerID === containerID) return
    this.#containerID = containerID
    this.#onHold = false
    this.#parts.onVerdict(containerID, initialVerdict[this.#parts.kind])
  }

  #isDue(subject: ProbeSubject, runningSinceUs: number): boolean {
    const ageSeconds = Math.floor((this.#parts.clock.nowUs() - runningSinceUs) / 1_000_000)
    if (ageSeconds < (this.#parts.probe.initialDelaySeconds ?? 0)) return false
    return subject.started === (this.#parts.kind !== 'startup')
  }

  async #attempt(): Promise<ProbeOutcome> {
    let outcome: ProbeOutcome = { kind: 'success' }
    for (let attempt = 0; attempt < triesOnError; attempt++) {
      outcome = await this.#parts.attempt()
      if (outcome.kind !== 'error' || this.#stopped) break
    }
    return outcome
  }

  #count(outcome: ProbeOutcome, containerID: string): void {
    if (outcome.kind !== 'success') this.#parts.onTrouble(outcome)
    if (outcome.kind === 'error') return
    const verdict = outcome.kind === 'failure' ? 'failure' : 'success'
    this.#run = this.#lastVerdict === verdict ? this.#run + 1 : 1
    this.#lastVerdict = verdict
    const { kind, probe } = this.#parts
    const threshold = verdict === 'success' ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)
    if (this.#run < threshold) return
    if (kind === 'startup' || (kind === 'liveness' && verdict === 'failure')) {
      this.#onHold = true
      this.#run = 0
    }
    this.#parts.onVerdict(containerID, verdict)
  }
}
