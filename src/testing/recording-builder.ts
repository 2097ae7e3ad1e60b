/**
 * Builds recordings that read like the case. `recording().build()` is a clean rolling update of three pods with balanced
 * books; each step of the builder breaks or changes one thing. All instants are milliseconds since the start.
 *
 * The phases: warm-up 500, baseline 1000, disruption 3000, settle 8000, cool-down 9500, end of sending 11000.
 * web-a, web-b and web-c are deleted at 4000, 5500 and 7000; web-d, web-e and web-f take their places.
 */
import type { FailureCode, FailurePhase, LoadTotals, Population, RequestKind, Sample } from '../model/load.ts'
import type { Manifest, Recording } from '../model/recording.ts'
import type { Expectation, PopulationExpectation } from '../model/scenario.ts'
import type { LedgerEntry, Transition, Witness } from '../model/transition.ts'
import { manifestOf } from './declared-scenario.ts'
import type { PodEnding, PodLife } from './pod-life.ts'
import { cleanEnding, ports, tellLife, tellTables } from './pod-life.ts'
import { at, marks, phaseMs, tellWorkload } from './run-phases.ts'
import { balancedLedger, steadySamples } from './steady-load.ts'

export { at, phaseMs } from './run-phases.ts'

/** One failed request, as the case tells it. */
export interface FailureCase {
  population?: Population
  kind?: RequestKind
  /** When it was due, and sent. */
  atMs: number
  endedMs: number | null
  code: FailureCode | 'unresolved'
  phase: FailurePhase
  status?: number
  /** Pod that its connection led to; null = none could be chosen. */
  pod: string | null
  /** 1 (default) opens a connection for this request. */
  use?: number
  /** When its bytes were written; null (default) = never. */
  writtenMs?: number | null
  firstByteMs?: number | null
  /** What the server's ledger knows of it (default: nothing). */
  ledger?: 'not-seen' | 'arrived' | 'answered'
}

export class RecordingBuilder {
  readonly #lives: PodLife[]
  readonly #failures: FailureCase[] = []
  readonly #changes: ((recording: Recording) => void)[] = []

  constructor(lives: PodLife[]) {
    this.#lives = lives
  }

  /** Changes a pod's life. */
  pod(name: string, change: Partial<PodLife>): this {
    Object.assign(this.#life(name), change)
    return this
  }

  /** Changes how a pod ends. */
  ends(name: string, change: Partial<PodEnding>): this {
    const life = this.#life(name)
    life.ending = { ...(life.ending ?? cleanEnding(4000)), ...change }
    return this
  }

  /** Adds a request that fails. */
  fails(failure: FailureCase): this {
    this.#failures.push(failure)
    return this
  }

  expects(population: Population, expectation: Partial<PopulationExpectation>): this {
    return this.declares(declared => {
      declared.populations[population] = { failures: 'none', causes: [], allowed: [], ...expectation }
    })
  }

  declares(change: (expectation: Expectation) => void): this {
    return this.manifest(manifest => {
      for (const { expectation } of manifest.scenario.disruptions) change(expectation)
    })
  }

  manifest(change: (manifest: Manifest) => void): this {
    return this.change(recording => change(recording.manifest))
  }

  /** Leaves out what these witnesses would have told, and the witnesses themselves. */
  without(...absent: Witness[]): this {
    return this.change(recording => {
      recording.manifest.witnesses = recording.manifest.witnesses.filter(witness => !absent.includes(witness))
      recording.transitions = recording.transitions.filter(each => !absent.includes(witnessOf(each)))
    })
  }

  /** Leaves out some transitions. */
  unseen(is: (transition: Transition) => boolean): this {
    return this.change(recording => {
      recording.transitions = recording.transitions.filter(each => !is(each))
    })
  }

  seen(...transitions: Transition[]): this {
    return this.change(recording => void recording.transitions.push(...transitions))
  }

  stalls(fromMs: number, toMs: number): this {
    return this.change(recording => void recording.stalls.push({ fromUs: at(fromMs), toUs: at(toMs) }))
  }

  /** What was due then on a fresh connection was not sent. */
  skips(fromMs: number, toMs: number): this {
    return this.change(recording => {
      const { manifest, samples } = recording
      const missed = samples.filter(
        ({ population, scheduledUs }) =>
          population === 'fresh' && scheduledUs >= at(fromMs) && scheduledUs <= at(toMs),
      )
      const never = { sentUs: null, writtenUs: null, endedUs: null, connection: null, servedBy: null }
      for (const sample of missed) Object.assign(sample, { outcome: { kind: 'skipped' }, ...never })
      const ids = new Set(missed.map(({ seq }) => `${manifest.runPrefix}-${seq}`))
      recording.ledger = recording.ledger.filter(({ request }) => !ids.has(request))
      manifest.totals = totalsOf(samples)
    })
  }

  /** Runs last, on the whole; later changes see earlier ones. */
  change(change: (recording: Recording) => void): this {
    this.#changes.push(change)
    return this
  }

  build(): Recording {
    const steady = steadySamples(this.#lives, phaseMs.warmUp, phaseMs.drainLoad, at)
    const failed = this.#failures.map((failure, index) => this.#toSample(failure, steady.length + index))
    const manifest = manifestOf(at(0), at(phaseMs.end), ['web-a', 'web-b', 'web-c'])
    const samples = [...steady, ...failed]
    manifest.totals = totalsOf(samples)
    const recording: Recording = {
      manifest,
      samples,
      stalls: [],
      probes: [],
      limits: null,
      transitions: [
        ...manifest.witnesses.map(witness => ({ atUs: at(200), kind: 'watch-synced' as const, witness })),
        ...this.#lives.flatMap(life => tellLife(life, at)),
        ...tellTables(this.#lives, manifest.cluster.vantage, at),
        ...tellWorkload(),
      ],
      marks: marks(),
      ledger: [
        ...balancedLedger(steady, manifest.runPrefix),
        ...this.#remembered(failed, manifest.runPrefix),
      ],
      torn: [],
    }
    for (const change of this.#changes) change(recording)
    return recording
  }

  #life(name: string): PodLife {
    const life = this.#lives.find(each => each.name === name)
    if (life === undefined) throw new RangeError(`no pod ${name} in this recording`)
    return life
  }

  #toSample(failure: FailureCase, seq: number): Sample {
    const { population = 'fresh', atMs, endedMs, code, phase, pod, use = 1, writtenMs = null } = failure
    const scheduledUs = at(atMs)
    return {
      seq,
      population,
      kind: failure.kind ?? (population === 'slow' ? 'slow' : 'get'),
      scheduledUs,
      sentUs: scheduledUs,
      writtenUs: writtenMs === null ? null : at(writtenMs),
      firstByteUs: failure.firstByteMs == null ? null : at(failure.firstByteMs),
      endedUs: endedMs === null ? null : at(endedMs),
      connection:
        pod === null
          ? null
          : {
              id: 100_000 + seq,
              use,
              idleUs: use === 1 ? null : 90_000,
              openedUs: use === 1 ? scheduledUs : at(phaseMs.warmUp),
              localPort: 40_000,
              remoteAddress: this.#life(pod).address,
              remotePort: ports.pod,
            },
      servedBy: null,
      outcome:
        code === 'unresolved'
          ? { kind: 'unresolved' }
          : { kind: 'failed', phase, code, status: failure.status ?? null, detail: null },
    }
  }

  #remembered(failed: readonly Sample[], runPrefix: string): LedgerEntry[] {
    return this.#failures.flatMap(({ ledger, pod, writtenMs, atMs }, index) => {
      const sample = failed[index]
      if (sample === undefined || pod === null || ledger === undefined || ledger === 'not-seen') return []
      const entry = { pod, request: `${runPrefix}-${sample.seq}`, atUs: at((writtenMs ?? atMs) + 0.2) }
      const arrived: LedgerEntry = { ...entry, what: 'arrived' }
      return ledger === 'arrived' ? [arrived] : [arrived, { ...entry, what: 'answered' }]
    })
  }
}

export function recording(): RecordingBuilder {
  const old = ['web-a', 'web-b', 'web-c'].map((name, index) => ({
    ...newPod(name, index, -3000 + 10 * index),
    ending: cleanEnding(4000 + 1500 * index),
  }))
  const replacements = ['web-d', 'web-e', 'web-f'].map((name, index) =>
    newPod(name, index + 3, 3050 + 1500 * index),
  )
  return new RecordingBuilder([...old, ...replacements])
}

/** The driver's own account, made to agree with the samples. */
export function totalsOf(samples: readonly Sample[]): LoadTotals {
  const count = (kind: Sample['outcome']['kind']): number =>
    samples.filter(each => each.outcome.kind === kind).length
  const [skipped, succeeded, failed, unresolved] = [
    count('skipped'),
    count('succeeded'),
    count('failed'),
    count('unresolved'),
  ]
  return { scheduled: samples.length, sent: samples.length - skipped, skipped, succeeded, failed, unresolved }
}

export function witnessOf(transition: Transition): Witness {
  switch (transition.kind) {
    case 'endpoint-changed':
    case 'endpoint-removed':
      return 'endpointslices'
    case 'workload-changed':
      return 'workloads'
    case 'node-changed':
      return 'nodes'
    case 'event-seen':
      return 'events'
    case 'app-step':
      return 'pod-logs'
    case 'forwarding-changed':
      return 'forwarding'
    case 'container-step':
      return 'containers'
    case 'watch-synced':
    case 'watch-gap':
      return transition.witness
    default:
      return 'pods'
  }
}

function newPod(name: string, index: number, addedMs: number): PodLife {
  return {
    name,
    node: `worker-${(index % 3) + 1}`,
    address: `127.5.1.${index + 1}`,
    addedMs,
    startedMs: addedMs + 100,
    listeningMs: addedMs + 300,
    readyMs: addedMs + 500,
    routedMs: addedMs + 550,
    ending: null,
  }
}
