import { describe, expect, it } from 'vitest'
import type { Recording } from '../model/recording.ts'
import { at, recording } from '../testing/recording-builder.ts'
import { measurePhaseTimes } from './phase-times.ts'

/** As a real cluster leaves it: nobody tells of containers or of forwarding tables. */
function asOnARealCluster(whole: Recording): Recording {
  const unseen = ['container-step', 'forwarding-changed']
  return {
    ...whole,
    manifest: {
      ...whole.manifest,
      cluster: { ...whole.manifest.cluster, kind: 'kind', modelled: false, settings: {} },
      witnesses: whole.manifest.witnesses.filter(name => name !== 'containers' && name !== 'forwarding'),
    },
    transitions: whole.transitions.filter(({ kind }) => !unseen.includes(kind)),
  }
}

describe('the phases of a replacement', () => {
  const built = recording().build()
  // web-a is deleted at 4000; what the app tells, and when its endpoint goes, is set here.
  built.transitions = built.transitions.filter(
    each =>
      !(
        'pod' in each &&
        each.pod === 'web-a' &&
        (each.kind === 'app-step' || each.kind === 'endpoint-removed')
      ),
  )
  built.transitions.push(
    { atUs: at(4100), kind: 'app-step', pod: 'web-a', step: 'sigterm' },
    { atUs: at(4700), kind: 'app-step', pod: 'web-a', step: 'exiting' },
    { atUs: at(5000), kind: 'endpoint-removed', slice: 'web-x', pod: 'web-a', address: '10.0.0.1' },
  )

  it('are measured in each pod in which they were seen', () => {
    const times = measurePhaseTimes(built)
    expect(times['SIGTERM → exit']).toContain(600)
    expect(times['exit → address gone']).toContain(300)
    expect(times['deletion → last new connection']).toHaveLength(3)
    expect(times['ready → first request'].length).toBeGreaterThan(0)
  })

  it('are the same without what only the model can tell', () => {
    const real = measurePhaseTimes(asOnARealCluster(built))
    const model = measurePhaseTimes(built)
    expect(real['SIGTERM → exit']).toEqual(model['SIGTERM → exit'])
    expect(real['exit → address gone']).toEqual(model['exit → address gone'])
    expect(real['deletion → last new connection']).toEqual(model['deletion → last new connection'])
  })
})
