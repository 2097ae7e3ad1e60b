import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pod } from '../../../kube/types.ts'
import { timestamp } from '../instant.ts'
import { deletionOrder } from './deletion-order.ts'

const nowUs = 1_700_000_000_000_000

interface Traits {
  uid?: string
  node?: string
  phase?: NonNullable<Pod['status']>['phase']
  readyForSeconds?: number | null
  cost?: string
  restarts?: number
  ageSeconds?: number
}

function pod({ uid = 'u', node = 'n1', phase = 'Running', ...rest }: Traits): Pod {
  const { readyForSeconds = 100, cost, restarts = 0, ageSeconds = 100 } = rest
  const since = timestamp(nowUs - (readyForSeconds ?? 0) * 1_000_000)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: uid,
      uid,
      creationTimestamp: timestamp(nowUs - ageSeconds * 1_000_000),
      annotations: cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': cost },
    },
    spec: { containers: [], nodeName: node },
    status: {
      phase,
      conditions: [
        { type: 'Ready', status: readyForSeconds === null ? 'False' : 'True', lastTransitionTime: since },
      ],
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready: true, restartCount: restarts }],
    },
  }
}

const order = deletionOrder({ nowUs, neighbours: node => (node === 'crowded' ? 3 : 1) })

describe('the deletion order', () => {
  it.each<[string, Traits, Traits]>([
    ['unassigned before assigned', { node: '' }, { phase: 'Pending', readyForSeconds: null }],
    ['Pending before Unknown', { phase: 'Pending' }, { phase: 'Unknown', readyForSeconds: null }],
    ['Unknown before Running', { phase: 'Unknown' }, { readyForSeconds: null }],
    ['not ready before ready', { readyForSeconds: null }, { cost: '-10' }],
    ['lower deletion cost first', { cost: '-10' }, { node: 'crowded' }],
    ['the fuller node first', { node: 'crowded' }, { readyForSeconds: 1 }],
    ['ready for less time first', { readyForSeconds: 10 }, { readyForSeconds: 100, restarts: 5 }],
    ['more restarts first', { restarts: 2 }, { ageSeconds: 1 }],
    ['younger first', { ageSeconds: 10 }, { ageSeconds: 100 }],
  ])('puts %s', (_name, first, second) => {
    expect(order(pod(first), pod(second))).toBeLessThan(0)
    expect(order(pod(second), pod(first))).toBeGreaterThan(0)
  })

  it('takes ages of one magnitude as equal and goes by uid', () => {
    const [older, younger] = [pod({ uid: 'a', readyForSeconds: 100 }), pod({ uid: 'b', readyForSeconds: 90 })]
    expect(order(older, younger)).toBeLessThan(0)
    expect(order(younger, older)).toBeGreaterThan(0)
  })

  it('is antisymmetric', () => {
    const traits = fc.record({
      uid: fc.uuid(),
      node: fc.constantFrom('', 'n1', 'crowded'),
      readyForSeconds: fc.option(fc.integer({ min: 0, max: 1000 })),
      restarts: fc.nat({ max: 3 }),
      ageSeconds: fc.integer({ min: 0, max: 1000 }),
    })
    fc.assert(
      fc.property(traits, traits, (one, other) => {
        const [a, b] = [pod(one), pod(other)]
        expect(Math.sign(order(a, b)) + Math.sign(order(b, a))).toBe(0)
      }),
    )
  })
})
