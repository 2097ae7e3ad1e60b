import { describe, expect, it } from 'vitest'
import type { DeploymentSpec, IntOrString } from '../../../kube/types.ts'
import { fencepostsOf } from './fenceposts.ts'
import type { Size } from './rolling.ts'
import { newSize, rollingStep } from './rolling.ts'

function strategy(
  maxSurge: IntOrString,
  maxUnavailable: IntOrString,
): NonNullable<DeploymentSpec['strategy']> {
  return { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } }
}

interface Trace {
  steps: string
  minAvailable: number
}

/** One pod becomes available whenever the controller has nothing left to do; deleted pods are gone at once. */
function simulate(replicas: number, maxSurge: IntOrString, maxUnavailable: IntOrString): Trace {
  const fenceposts = fencepostsOf({ replicas, strategy: strategy(maxSurge, maxUnavailable) })
  const old: Size = { name: 'old', spec: replicas, available: replicas }
  const young: Size = { name: 'new', spec: newSize(fenceposts, 0, replicas), available: 0 }
  const steps = young.spec > 0 ? [`new${young.spec}`] : []
  let minAvailable = replicas
  for (let turn = 0; turn < 100; turn++) {
    const step = rollingStep(fenceposts, young, [old])
    if (step.kind === 'scale-new') {
      young.spec = step.replicas
      steps.push(`new${young.spec}`)
    } else if (step.kind === 'cut-old') {
      old.spec = step.cuts.at(-1)?.replicas ?? old.spec
      old.available = Math.min(old.available, old.spec)
      steps.push(`old${old.spec}`)
    } else if (young.available < young.spec) {
      young.available++
      steps.push('[+1]')
    } else break
    minAvailable = Math.min(minAvailable, old.available + young.available)
  }
  expect(young).toMatchObject({ spec: replicas, available: replicas })
  return { steps: steps.join(' '), minAvailable }
}

describe('fenceposts', () => {
  it.each([
    [1, 1, 0],
    [2, 1, 0],
    [3, 1, 0],
    [4, 1, 1],
    [5, 2, 1],
    [8, 2, 2],
    [10, 3, 2],
  ])('of the default 25%%/25%% for %i replicas are %i/%i', (replicas, surge, unavailable) => {
    expect(fencepostsOf({ replicas })).toEqual({ replicas, surge, unavailable })
  })

  it('let one pod be missing when both percentages come to nothing', () => {
    expect(fencepostsOf({ replicas: 1, strategy: strategy(0, '25%') }).unavailable).toBe(1)
  })

  it('never let more pods be missing than there are, and none with Recreate', () => {
    expect(fencepostsOf({ replicas: 2, strategy: strategy(1, 5) }).unavailable).toBe(2)
    expect(fencepostsOf({ replicas: 0, strategy: strategy(0, 0) }).unavailable).toBe(0)
    expect(fencepostsOf({ replicas: 4, strategy: { type: 'Recreate' } })).toEqual({
      replicas: 4,
      surge: 0,
      unavailable: 0,
    })
  })
})

describe('a rolling update, step by step', () => {
  const ten = [
    'new3 old8 new5 [+1] old7 new6 [+1] old6 new7 [+1] old5 new8 [+1] old4 new9 [+1] old3 new10',
    '[+1] old2 [+1] old1 [+1] old0 [+1] [+1]',
  ].join(' ')
  it.each([
    [1, '25%', '25%', 'new1 [+1] old0', 1],
    [2, '25%', '25%', 'new1 [+1] old1 new2 [+1] old0', 2],
    [3, 1, 0, 'new1 [+1] old2 new2 [+1] old1 new3 [+1] old0', 3],
    [4, '25%', '25%', 'new1 old3 new2 [+1] old2 new3 [+1] old1 new4 [+1] old0 [+1]', 3],
    [10, 3, 2, ten, 8],
    [4, '100%', 0, 'new4 [+1] old3 [+1] old2 [+1] old1 [+1] old0', 4],
    [3, 0, 1, 'old2 new1 [+1] old1 new2 [+1] old0 new3 [+1]', 2],
    [2, 0, '50%', 'old1 new1 [+1] old0 new2 [+1]', 1],
    [1, 0, '25%', 'old0 new1 [+1]', 0],
  ] as const)(
    'with %i replicas, surge %s, unavailable %s',
    (replicas, surge, unavailable, steps, minAvailable) => {
      expect(simulate(replicas, surge, unavailable)).toEqual({ steps, minAvailable })
    },
  )

  it('never cuts healthy old pods while new ones crash', () => {
    const fenceposts = { replicas: 4, surge: 1, unavailable: 1 }
    const step = rollingStep(fenceposts, { name: 'new', spec: 2, available: 0 }, [
      { name: 'old', spec: 3, available: 3 },
    ])
    expect(step).toEqual({ kind: 'none' })
  })

  it('cuts the unhealthy pods of a stuck revision first after an undo', () => {
    const fenceposts = { replicas: 4, surge: 1, unavailable: 1 }
    const good = { name: 'good', spec: 3, available: 3 }
    const broken = { name: 'broken', spec: 2, available: 0 }
    expect(rollingStep(fenceposts, good, [broken])).toEqual({
      kind: 'cut-old',
      cuts: [{ name: 'broken', replicas: 0 }],
    })
  })

  it('does nothing on a status that is behind its spec', () => {
    const fenceposts = { replicas: 3, surge: 1, unavailable: 1 }
    const stale = { name: 'old', spec: 1, available: 3 }
    expect(rollingStep(fenceposts, { name: 'new', spec: 3, available: 3 }, [stale])).toEqual({ kind: 'none' })
  })
})
