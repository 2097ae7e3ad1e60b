import { expect, it } from 'vitest'
import type { LoadProfile, PopulationProfile } from '../model/load.ts'
import { scaleLoad } from './scale-load.ts'

it('changes every rate, and how many connections share it', () => {
  const fresh: PopulationProfile = {
    population: 'fresh',
    ratePerSecond: 200,
    connections: 0,
    postShare: 0.05,
    streamShare: 0,
    answerMs: 0,
  }
  const reused: PopulationProfile = { ...fresh, population: 'reused', ratePerSecond: 100, connections: 15 }
  const stepped = { ...fresh, steps: [{ ratePerSecond: 100, durationMs: 1000 }] }
  const load: LoadProfile = {
    populations: [fresh, reused, stepped],
    connectTimeoutMs: 3000,
    firstByteTimeoutMs: 5000,
  }
  expect(scaleLoad(load, 0.5)).toEqual({
    ...load,
    populations: [
      { ...fresh, ratePerSecond: 100 },
      { ...reused, ratePerSecond: 50, connections: 8 },
      { ...fresh, ratePerSecond: 100, steps: [{ ratePerSecond: 50, durationMs: 1000 }] },
    ],
  })
})
