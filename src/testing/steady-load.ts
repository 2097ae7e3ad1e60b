/**
 * A load on schedule that loses nothing: each request goes to a pod that is routed to and listens, and comes back. Small
 * rates, because a recording of a test is read by people when the test fails.
 */
import type { PopulationProfile, Sample } from '../model/load.ts'
import type { LedgerEntry } from '../model/transition.ts'
import type { PodLife } from './pod-life.ts'
import { ports, routedAt } from './pod-life.ts'

export const profiles: PopulationProfile[] = [
  { population: 'fresh', ratePerSecond: 20, connections: 0, postShare: 0.05, streamShare: 0.05, answerMs: 0 },
  {
    population: 'reused',
    ratePerSecond: 10,
    connections: 4,
    postShare: 0.05,
    streamShare: 0.05,
    answerMs: 0,
  },
  { population: 'slow', ratePerSecond: 4, connections: 4, postShare: 0, streamShare: 0, answerMs: 500 },
]

interface Standing {
  id: number
  life: PodLife
  use: number
  openedUs: number
  lastEndUs: number
}

export function steadySamples(
  lives: readonly PodLife[],
  fromMs: number,
  toMs: number,
  at: (ms: number) => number,
): Sample[] {
  const due = profiles.flatMap(profile => {
    const periodMs = 1000 / profile.ratePerSecond
    const count = Math.floor((toMs - fromMs) / periodMs)
    return Array.from({ length: count }, (_, index) => ({ profile, index, ms: fromMs + index * periodMs }))
  })
  due.sort((a, b) => a.ms - b.ms)
  const standing = new Map<string, Standing>()
  let connections = 0
  return due.map(({ profile, index, ms }, seq) => {
    const { population, answerMs } = profile
    const slot = population === 'fresh' ? `fresh-${seq}` : `${population}-${index % profile.connections}`
    const kept = standing.get(slot)
    const life = kept !== undefined && stays(kept.life, ms + answerMs) ? kept.life : pickPod(lives, ms, seq)
    const connection =
      kept?.life === life ? kept : { id: ++connections, life, use: 0, openedUs: at(ms) + 200, lastEndUs: 0 }
    connection.use += 1
    const sample = success(seq, profile, at(ms), connection)
    connection.lastEndUs = sample.endedUs ?? 0
    standing.set(slot, connection)
    return sample
  })
}

/** What the pods remember of these samples: every one that a pod answered. */
export function balancedLedger(samples: readonly Sample[], runPrefix: string): LedgerEntry[] {
  return samples.flatMap(({ seq, servedBy, writtenUs, endedUs, outcome }) => {
    if (servedBy === null || writtenUs === null || endedUs === null || outcome.kind !== 'succeeded') return []
    const request = `${runPrefix}-${seq}`
    return [
      { pod: servedBy, request, atUs: writtenUs + 100, what: 'arrived' as const },
      { pod: servedBy, request, atUs: endedUs - 100, what: 'answered' as const },
    ]
  })
}

/** A kept connection moves on before its pod's shutdown begins: the clean case has no race. */
function stays({ ending }: PodLife, untilMs: number): boolean {
  return ending === null || untilMs < ending.terminatingMs
}

function pickPod(lives: readonly PodLife[], ms: number, seq: number): PodLife {
  const routed = routedAt(lives, ms)
  const lasting = routed.filter(life => stays(life, ms + 600) && (life.listeningMs ?? ms) <= ms)
  const choices = lasting.length > 0 ? lasting : routed.length > 0 ? routed : lives
  const choice = choices[seq % choices.length]
  if (choice === undefined) throw new RangeError('a load needs a pod')
  return choice
}

function success(seq: number, profile: PopulationProfile, scheduledUs: number, connection: Standing): Sample {
  const { population, answerMs } = profile
  const opens = connection.use === 1
  const sentUs = scheduledUs + 400
  const writtenUs = sentUs + (opens ? 300 : 20)
  const firstByteUs = writtenUs + 600 + answerMs * 1000
  return {
    seq,
    population,
    kind: population === 'slow' ? 'slow' : 'get',
    scheduledUs,
    sentUs,
    writtenUs,
    firstByteUs,
    endedUs: firstByteUs + 100,
    connection: {
      id: connection.id,
      use: connection.use,
      idleUs: opens ? null : sentUs - connection.lastEndUs,
      openedUs: connection.openedUs,
      localPort: 30_000 + connection.id,
      remoteAddress: connection.life.address,
      remotePort: ports.pod,
    },
    servedBy: connection.life.name,
    outcome: { kind: 'succeeded', status: 200 },
  }
}
