import { describe, expect, it } from 'vitest'
import type { Pod } from '../../../kube/types.ts'
import { timestamp } from '../instant.ts'
import { budgetOf, disruptionsAllowed, healthyCount, stillDisrupted } from './budget.ts'

const nowUs = 1_700_000_000_000_000

function readyPod(name: string): Pod {
  const status = { conditions: [{ type: 'Ready', status: 'True' as const }] }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [] }, status }
}

describe('a disruption budget', () => {
  it.each([
    [1, 0, { minAvailable: 1 }, 1, 0],
    [1, 0, { maxUnavailable: 1 }, 0, 1],
    [3, 0, { minAvailable: '50%' }, 2, 1],
    [3, 0, { maxUnavailable: '50%' }, 1, 2],
    [7, 0, { maxUnavailable: '30%' }, 4, 3],
    [7, 0, { minAvailable: '30%' }, 3, 4],
    [3, 0, { maxUnavailable: 0 }, 3, 0],
    [3, 0, { minAvailable: '100%' }, 3, 0],
    [3, 1, { minAvailable: 3 }, 3, 1],
    [3, 1, { maxUnavailable: 1 }, 2, 2],
  ])('for %i replicas and %i surge pods with %j', (replicas, surge, spec, desiredHealthy, allowed) => {
    const pods = replicas + surge
    const budget = budgetOf(spec, pods, replicas)
    expect(budget.desiredHealthy).toBe(desiredHealthy)
    expect(disruptionsAllowed(budget, pods)).toBe(allowed)
  })

  it('allows nothing while no pods are expected', () => {
    expect(disruptionsAllowed({ expectedPods: 0, desiredHealthy: 0 }, 3)).toBe(0)
  })

  it('does not count an evicted pod for two minutes, unless it was deleted after all', () => {
    const pods = [readyPod('a'), readyPod('b')]
    const evicted = { a: timestamp(nowUs - 60_000_000), gone: timestamp(nowUs) }
    expect(stillDisrupted(evicted, pods, nowUs).pods).toEqual({ a: evicted.a })
    expect(healthyCount(pods, evicted, nowUs)).toBe(1)
    expect(stillDisrupted(evicted, pods, nowUs + 61_000_000).pods).toEqual({})
    expect(healthyCount(pods, evicted, nowUs + 61_000_000)).toBe(2)
  })
})
