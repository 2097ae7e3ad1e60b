/**
 * The same load at other rates, for a machine that does not carry the whole of it. What it measures is as sharp as its
 * rates. The connections are as many as keep each of them as busy as it was: one that rests for longer is closed by its
 * server's time-out, or holds up a pod that waits for it, and that is another experiment.
 */
import type { LoadProfile } from '../model/load.ts'

export function scaleLoad(load: LoadProfile, scale: number): LoadProfile {
  return {
    ...load,
    populations: load.populations.map(population => ({
      ...population,
      ratePerSecond: population.ratePerSecond * scale,
      connections: Math.ceil(population.connections * scale),
      ...(population.steps === undefined
        ? {}
        : { steps: population.steps.map(step => ({ ...step, ratePerSecond: step.ratePerSecond * scale })) }),
    })),
  }
}
