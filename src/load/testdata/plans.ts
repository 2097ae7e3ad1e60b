/** Short plans for tests: generous limits, so that a busy machine does not decide an outcome. */
import type { LoadPlan, LoadTarget, PopulationProfile } from '../../model/load.ts'

export function population(changes: Partial<PopulationProfile>): PopulationProfile {
  return {
    population: 'fresh',
    ratePerSecond: 400,
    connections: 0,
    postShare: 0.1,
    streamShare: 0.1,
    answerMs: 0,
    ...changes,
  }
}

export function planFor(
  target: LoadTarget | number,
  populations: PopulationProfile[],
  changes: Partial<Omit<LoadPlan, 'profile' | 'target'>> & { limitMs?: number } = {},
): LoadPlan {
  const { limitMs = 8000, ...others } = changes
  return {
    version: 1,
    runPrefix: '0a1b2c3d',
    target: typeof target === 'number' ? { kind: 'address', host: '127.0.0.1', port: target } : target,
    host: 'web.default',
    profile: { populations, connectTimeoutMs: limitMs, firstByteTimeoutMs: limitMs },
    seed: 1,
    maxDurationMs: 1000,
    maxInFlight: 1000,
    ...others,
  }
}
