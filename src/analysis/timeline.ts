/**
 * Samples, transitions and marks on one clock, and the order of them made independent of the order of the lines they
 * were read from: the witnesses write side by side, and their interleaving must never decide a verdict.
 */
import type { ProbeSample, Sample } from '../model/load.ts'
import type { Recording } from '../model/recording.ts'
import type { LoadRecord } from '../model/remote-load.ts'
import type { Transition } from '../model/transition.ts'
import { measureDriverDelay } from './driver-delay.ts'
import type { LedgerBook } from './ledger.ts'
import { readLedger } from './ledger.ts'
import type { Phases } from './phases.ts'
import { collectHungConnects } from './hung-connects.ts'
import { findPhases } from './phases.ts'
import type { PodHistory } from './pod-history.ts'
import { collectPods } from './pod-history.ts'
import type { Routing } from './routing.ts'
import { collectRouting } from './routing.ts'
import { tableStreamUs } from './tolerances.ts'

export interface Timeline {
  recording: Recording
  phases: Phases
  /** Every sample, by sequence number. */
  samples: Sample[]
  /** Those scheduled from the baseline's begin, and those before it that were still open when the disruption began. */
  judged: Sample[]
  transitions: Transition[]
  pods: ReadonlyMap<string, PodHistory>
  /** The pods of the workload under test, by name. */
  workloadPods: PodHistory[]
  routing: Routing
  ledger: LedgerBook | null
  /** By the failed request that they followed. */
  probes: ReadonlyMap<number, ProbeSample>
  /** First time that a pod answered a request well. */
  firstSuccessUs: ReadonlyMap<string, number>
  roundTripUs: number
  /** How late the driver was around an instant. */
  driverDelayUs: (atUs: number) => number
  /** How far a sample's instants may be from the witnesses', since its driver has a clock of its own. */
  clockErrorUs: (sample: Sample) => number
  /** Connects that were given up unanswered, from this one's source port to its address, in order of their end. */
  hungConnects: (sample: Sample) => readonly Sample[]
  /** The pod that a connection led to; null when nothing tells. */
  podOf: (sample: Sample) => string | null
}

export function buildTimeline(recording: Recording): Timeline {
  const { manifest } = recording
  const samples = inOrder(recording.samples, sample => sample.seq)
  const transitions = inOrder(recording.transitions, transition => transition.atUs)
  const [firstUs, lastUs] = extent(recording)
  const phases = findPhases(recording.marks, firstUs, lastUs)
  const pods = collectPods(transitions)
  const routing = collectRouting(transitions, manifest.cluster.vantage)
  const podOf = connectionPods(samples, transitions)
  return {
    recording,
    phases,
    samples,
    judged: samples.filter(sample => isJudged(sample, phases)),
    transitions,
    pods,
    workloadPods: workloadPods(recording, pods, routing),
    routing,
    ledger: manifest.ledger ? readLedger(recording.ledger, manifest.runPrefix) : null,
    probes: new Map(recording.probes.map(probe => [probe.seq, probe])),
    firstSuccessUs: firstSuccesses(samples, podOf),
    roundTripUs: roundTripUs(recording),
    driverDelayUs: measureDriverDelay(samples, recording.stalls),
    hungConnects: collectHungConnects(samples, manifest.load?.drivers.length ?? 0),
    clockErrorUs: clockErrors(manifest.load),
    podOf,
  }
}

/** A slow request may be sent in the warm-up and be killed by the disruption: it counts. */
function isJudged({ scheduledUs, sentUs, endedUs }: Sample, { judged, disruption }: Phases): boolean {
  if (scheduledUs >= judged.fromUs) return true
  return sentUs !== null && disruption !== null && (endedUs ?? Infinity) >= disruption.fromUs
}

/** The text of an item breaks ties, so that equal instants have an order of their own, not that of the lines. */
function inOrder<T>(items: readonly T[], key: (item: T) => number): T[] {
  return [...items].sort((a, b) => {
    const difference = key(a) - key(b)
    if (difference !== 0) return difference
    const [left, right] = [JSON.stringify(a), JSON.stringify(b)]
    return left < right ? -1 : left > right ? 1 : 0
  })
}

function extent(recording: Recording): [number, number] {
  const { startedUs, endedUs } = recording.manifest
  let lastUs = endedUs ?? startedUs
  let firstUs = Number.MAX_SAFE_INTEGER
  for (const { scheduledUs, endedUs: sampleEndUs } of recording.samples) {
    lastUs = Math.max(lastUs, scheduledUs, sampleEndUs ?? 0)
    firstUs = Math.min(firstUs, scheduledUs)
  }
  for (const { atUs } of recording.transitions) lastUs = Math.max(lastUs, atUs)
  for (const { beginUs, endUs } of recording.marks) lastUs = Math.max(lastUs, endUs ?? beginUs)
  return [Math.min(firstUs, lastUs), lastUs]
}

/** Request number i was driver i mod n's. A bound that is not known is for the validity to judge. */
function clockErrors(load: LoadRecord | undefined): (sample: Sample) => number {
  const errors = new Map(load?.drivers.map(({ share, errorUs }) => [share, errorUs ?? 0]))
  return ({ seq }) => (errors.size === 0 ? 0 : (errors.get(seq % errors.size) ?? 0))
}

function roundTripUs({ manifest }: Recording): number {
  if (!manifest.cluster.modelled) return 0
  const setting = manifest.cluster.settings.roundTripMs
  return (typeof setting === 'number' ? setting : manifest.scenario.cluster.roundTripMs) * 1000
}

/**
 * By address where connections go straight to pods (the embedded cluster); else by what the pod said of itself on the
 * same connection, which never moves between pods (semantics §7.5).
 */
function connectionPods(
  samples: readonly Sample[],
  transitions: readonly Transition[],
): (sample: Sample) => string | null {
  const owners = addressOwners(transitions)
  const speakers = new Map<number, string>()
  for (const { connection, servedBy } of samples) {
    if (connection !== null && servedBy !== null) speakers.set(connection.id, servedBy)
  }
  return ({ connection, servedBy }) => {
    if (connection === null) return servedBy
    const { remoteAddress, remotePort } = connection
    const candidates = owners.get(`${remoteAddress}:${remotePort}`) ?? owners.get(remoteAddress) ?? []
    const inTime = candidates.filter(owner => owner.fromUs <= connection.openedUs + tableStreamUs)
    return (inTime.at(-1) ?? candidates[0])?.pod ?? speakers.get(connection.id) ?? servedBy
  }
}

/** Who had an address since when; an address may be given out again. */
function addressOwners(transitions: readonly Transition[]): Map<string, { pod: string; fromUs: number }[]> {
  const owners = new Map<string, { pod: string; fromUs: number }[]>()
  const note = (address: string | null, pod: string, fromUs: number): void => {
    if (address === null || address === '') return
    const known = owners.get(address) ?? []
    owners.set(address, known)
    if (!known.some(owner => owner.pod === pod)) known.push({ pod, fromUs })
  }
  for (const transition of transitions) {
    const { kind, atUs } = transition
    if (kind === 'pod-added' || kind === 'pod-addressed' || kind === 'endpoint-changed') {
      note(transition.address, transition.pod, atUs)
    } else if (kind === 'forwarding-changed') {
      // With the port: where pods have no address of their own, the port is what tells them apart.
      for (const { address, port, pod } of transition.endpoints) note(`${address}:${port}`, pod, atUs)
    }
  }
  return owners
}

function firstSuccesses(
  samples: readonly Sample[],
  podOf: (sample: Sample) => string | null,
): ReadonlyMap<string, number> {
  const firsts = new Map<string, number>()
  for (const sample of samples) {
    if (sample.outcome.kind !== 'succeeded' || sample.endedUs === null) continue
    const pod = sample.servedBy ?? podOf(sample)
    if (pod !== null) firsts.set(pod, Math.min(firsts.get(pod) ?? sample.endedUs, sample.endedUs))
  }
  return firsts
}

/** A pod is the workload's when the disruption named it, when it was routed to, or by its ReplicaSet's name. */
function workloadPods(
  { manifest }: Recording,
  pods: ReadonlyMap<string, PodHistory>,
  routing: Routing,
): PodHistory[] {
  const { workload, dependency } = manifest.scenario
  const targets = new Set(manifest.disruption?.targets)
  const routed = new Set(routing.tables.flatMap(table => table.endpoints.map(endpoint => endpoint.pod)))
  const belongs = ({ pod, owner }: PodHistory): boolean => {
    if (targets.has(pod) || routed.has(pod)) return true
    const replicaSet = owner?.replace(/^.*\//, '') ?? pod.replace(/-[^-]*$/, '')
    const deployment = replicaSet.replace(/-[^-]*$/, '')
    return deployment === workload && deployment !== dependency
  }
  return [...pods.values()].filter(belongs).sort((a, b) => (a.pod < b.pod ? -1 : 1))
}
