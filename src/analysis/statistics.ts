/**
 * What so few terminations can prove. Requests within one termination share its luck, so thirty thousand good requests
 * over three terminations are three observations; and a drop window shorter than the spacing of the requests that could
 * have hit it may have been there unseen.
 */
import type { Attribution, DriverSummary, Statistics, Termination } from './analysis.ts'
import { inForceAt } from './routing.ts'
import type { Timeline } from './timeline.ts'

const confidence = 0.95

export function computeStatistics(
  timeline: Timeline,
  terminations: readonly Termination[],
  attributions: readonly Attribution[],
  driver: DriverSummary,
): Statistics {
  const window = visibleWindowMs(freshRatePerSecond(timeline), replicasAtBaseline(timeline))
  const failing = failingTerminations(terminations, attributions)
  return {
    terminations: terminations.length,
    failingTerminations: failing,
    failingShareUpperBound: upperBound(failing, terminations.length),
    // Nothing is sent while the driver stands still.
    visibleWindowMs: window === null ? null : Math.max(window, driver.longestStallMs),
  }
}

/** Clopper–Pearson, one-sided: the largest share with which `failing` or fewer of `n` still has a chance of 5 %. */
export function upperBound(failing: number, n: number): number | null {
  if (n === 0) return null
  if (failing >= n) return 1
  if (failing === 0) return 1 - (1 - confidence) ** (1 / n)
  let [low, high] = [failing / n, 1]
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (chanceOfAtMost(failing, n, middle) > 1 - confidence) low = middle
    else high = middle
  }
  return high
}

/** 1 − e^(−λw/replicas) ≥ 95 %, solved for the window w: `fresh` chooses a pod anew for each request. */
export function visibleWindowMs(ratePerSecond: number, replicas: number): number | null {
  if (ratePerSecond <= 0 || replicas <= 0) return null
  return (-Math.log(1 - confidence) * replicas * 1000) / ratePerSecond
}

/** A failure on a pod that did not end itself (a replacement, or none at all) counts for the termination nearest to it. */
function failingTerminations(
  terminations: readonly Termination[],
  attributions: readonly Attribution[],
): number {
  const names = new Set(terminations.map(termination => termination.pod))
  const failing = new Set<string>()
  for (const { pod, cause, scheduledUs } of attributions) {
    if (cause === 'harness') continue
    if (pod !== null && names.has(pod)) failing.add(pod)
    else {
      const nearest = nearestTermination(terminations, scheduledUs)
      if (nearest !== null) failing.add(nearest)
    }
  }
  return failing.size
}

function nearestTermination(terminations: readonly Termination[], atUs: number): string | null {
  let nearest: { pod: string; distanceUs: number } | null = null
  for (const { pod, terminatingUs } of terminations) {
    if (terminatingUs === null) continue
    const distanceUs = Math.abs(terminatingUs - atUs)
    if (nearest === null || distanceUs < nearest.distanceUs) nearest = { pod, distanceUs }
  }
  return nearest?.pod ?? null
}

function chanceOfAtMost(k: number, n: number, share: number): number {
  let sum = 0
  let term = (1 - share) ** n
  for (let i = 0; i <= k; i++) {
    sum += term
    term *= ((n - i) / (i + 1)) * (share / (1 - share))
  }
  return sum
}

function freshRatePerSecond({ judged }: Timeline): number {
  const sentUs = judged
    .filter(sample => sample.population === 'fresh' && sample.sentUs !== null)
    .map(sample => sample.scheduledUs)
    .sort((a, b) => a - b)
  const [firstUs, lastUs] = [sentUs[0], sentUs.at(-1)]
  if (firstUs === undefined || lastUs === undefined || lastUs === firstUs) return 0
  return ((sentUs.length - 1) * 1_000_000) / (lastUs - firstUs)
}

/** As the workload wanted when the disruption began; else as the table listed; else as the disruption counted. */
function replicasAtBaseline({ recording, phases, transitions, routing }: Timeline): number {
  const { scenario, disruption } = recording.manifest
  const atUs = phases.disruption?.fromUs ?? phases.judged.fromUs
  let desired: number | null = null
  for (const transition of transitions) {
    if (transition.kind !== 'workload-changed' || transition.workload !== scenario.workload) continue
    if (transition.atUs <= atUs || desired === null) desired = transition.desired
  }
  return desired ?? inForceAt(routing.tables, atUs)?.endpoints.length ?? disruption?.targets.length ?? 0
}
