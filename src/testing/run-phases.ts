/** When things happen in the recordings that tests build: the clock, the phases, and the rollout as the API tells it. */
import type { Mark, Transition } from '../model/transition.ts'

const startedUs = 1_700_000_000_000_000

/** Microseconds since the epoch. */
export function at(ms: number): number {
  return startedUs + Math.round(ms * 1000)
}

export const phaseMs = {
  warmUp: 500,
  baseline: 1000,
  disruption: 3000,
  settle: 8000,
  coolDown: 9500,
  drainLoad: 11_000,
  end: 12_000,
} as const

export function marks(): Mark[] {
  const mark = (what: Mark['what'], fromMs: number, toMs: number): Mark => ({
    what,
    beginUs: at(fromMs),
    endUs: at(toMs),
    detail: null,
  })
  return [
    mark('deploy', -3500, 100),
    mark('warm-up', phaseMs.warmUp, phaseMs.baseline),
    mark('baseline', phaseMs.baseline, phaseMs.disruption),
    mark('disruption', phaseMs.disruption, phaseMs.settle),
    mark('settle', phaseMs.settle, phaseMs.coolDown),
    mark('cool-down', phaseMs.coolDown, phaseMs.drainLoad),
    mark('drain-load', phaseMs.drainLoad, phaseMs.end),
  ]
}

export function tellWorkload(): Transition[] {
  const web = { kind: 'workload-changed' as const, workload: 'web', desired: 3 }
  return [
    {
      ...web,
      atUs: at(150),
      generation: 1,
      observedGeneration: 1,
      replicas: 3,
      updated: 3,
      ready: 3,
      available: 3,
    },
    {
      ...web,
      atUs: at(3020),
      generation: 2,
      observedGeneration: 2,
      replicas: 4,
      updated: 1,
      ready: 3,
      available: 3,
    },
    {
      ...web,
      atUs: at(7900),
      generation: 2,
      observedGeneration: 2,
      replicas: 3,
      updated: 3,
      ready: 3,
      available: 3,
    },
  ]
}
