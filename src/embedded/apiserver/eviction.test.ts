import { describe, expect, it } from 'vitest'
import type { Pod, PodDisruptionBudget } from '../../kube/types.ts'
import { budget, pod, runningPod, statusOfFailure, testRegistry } from './testing/objects.ts'

describe('eviction', () => {
  it('takes one disruption from the budget and deletes gracefully', () => {
    const { registry } = testRegistry()
    runningPod(registry, 'a')
    budget(registry, 'b', { disruptionsAllowed: 1, currentHealthy: 3 })
    expect(registry.evict('default', 'a')).toMatchObject({ status: 'Success', code: 201 })
    const evicted = registry.read('pods', 'default', 'a') as Pod
    expect(evicted.metadata.deletionGracePeriodSeconds).toBe(30)
    expect(evicted.status?.conditions?.at(-1)).toMatchObject({
      type: 'DisruptionTarget',
      reason: 'EvictionByEvictionAPI',
    })
    const { status } = registry.read('poddisruptionbudgets', 'default', 'b') as PodDisruptionBudget
    expect(status).toMatchObject({ disruptionsAllowed: 0, disruptedPods: { a: '2023-11-14T22:13:20Z' } })
    expect(status?.conditions).toMatchObject([
      { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' },
    ])
  })

  it('answers 429 with the cause, and without Retry-After, when the budget is spent', () => {
    const { registry } = testRegistry()
    runningPod(registry, 'a')
    budget(registry, 'b', {})
    const status = statusOfFailure(() => registry.evict('default', 'a'))
    expect(status).toMatchObject({
      code: 429,
      reason: 'TooManyRequests',
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      details: {
        causes: [
          {
            reason: 'DisruptionBudget',
            message: 'The disruption budget b needs 2 healthy pods and has 2 currently',
          },
        ],
      },
    })
    expect(status.details?.retryAfterSeconds).toBeUndefined()
    expect(registry.read('pods', 'default', 'a').metadata.deletionTimestamp).toBeUndefined()
  })

  it('asks to come back in 10 s while the budget is not observed yet', () => {
    const { registry } = testRegistry()
    runningPod(registry, 'a')
    budget(registry, 'b', { observedGeneration: 0, disruptionsAllowed: 5 })
    expect(statusOfFailure(() => registry.evict('default', 'a')).details?.retryAfterSeconds).toBe(10)
  })

  it('ignores budgets for a pod that does not run', () => {
    const { registry } = testRegistry()
    registry.create('pods', pod('a'))
    budget(registry, 'b', {})
    expect(registry.evict('default', 'a').status).toBe('Success')
    expect(registry.get('pods', 'default', 'a')).toBeNull()
  })

  it('lets an unready pod go while enough others are healthy, and not otherwise', () => {
    const { registry } = testRegistry()
    runningPod(registry, 'a', false)
    runningPod(registry, 'c', false)
    budget(registry, 'b', { currentHealthy: 2, desiredHealthy: 2 })
    expect(registry.evict('default', 'a').status).toBe('Success')
    const stored = registry.read('poddisruptionbudgets', 'default', 'b') as PodDisruptionBudget
    const status = {
      ...stored.status,
      currentHealthy: 1,
      desiredHealthy: 2,
      disruptionsAllowed: 0,
      expectedPods: 3,
    }
    registry.updateStatus('poddisruptionbudgets', { ...stored, status: { observedGeneration: 1, ...status } })
    expect(statusOfFailure(() => registry.evict('default', 'c')).code).toBe(429)
  })

  it('fails with 500 when two budgets match', () => {
    const { registry } = testRegistry()
    runningPod(registry, 'a')
    budget(registry, 'b', { disruptionsAllowed: 1 })
    budget(registry, 'c', { disruptionsAllowed: 1 })
    expect(statusOfFailure(() => registry.evict('default', 'a')).code).toBe(500)
  })
})
