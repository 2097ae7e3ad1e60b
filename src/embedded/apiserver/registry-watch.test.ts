import { describe, expect, it } from 'vitest'
import type { Deployment, KubeObject, Pod } from '../../kube/types.ts'
import { deployment, pod, testRegistry } from './testing/objects.ts'

describe('watching in process', () => {
  it('delivers what there is and then each change, in order, never before the fan-out delay', () => {
    const { registry, clock } = testRegistry({ watchFanOutMs: { low: 2, high: 5 } })
    registry.create('pods', pod('a'))
    const seen: [string, string, number][] = []
    let committedUs = clock.nowUs()
    registry.watch<Pod>('pods', (type, object) => {
      seen.push([type, object.metadata.name, clock.nowUs() - committedUs])
    })
    clock.advance(10)
    committedUs = clock.nowUs()
    for (let index = 0; index < 20; index++) registry.create('pods', pod(`p${index}`))
    registry.delete('pods', 'default', 'p0')
    clock.advance(1.9)
    expect(seen).toHaveLength(1)
    clock.advance(4)
    expect(seen.slice(1).map(([type, name]) => `${type} ${name}`)).toEqual([
      ...Array.from({ length: 20 }, (_, index) => `ADDED p${index}`),
      'MODIFIED p0',
      'DELETED p0',
    ])
    expect(seen.every(([, , delayUs]) => delayUs >= 2000 && delayUs <= 5000)).toBe(true)
  })

  it('hands out copies, with the state before', () => {
    const { registry, clock } = testRegistry()
    const created = registry.create('deployments', deployment())
    registry.watch<Deployment>('deployments', (_type, object) => (object.spec.replicas = 99))
    const previous: (number | undefined)[] = []
    registry.watch<Deployment>('deployments', (_type, _object, before) =>
      previous.push(before?.spec.replicas),
    )
    clock.advance(10)
    registry.update('deployments', { ...created, spec: { ...created.spec, replicas: 2 } })
    clock.advance(10)
    expect(previous).toEqual([undefined, 1])
    expect(registry.get<Deployment>('deployments', 'default', 'web')?.spec.replicas).toBe(2)
  })

  it('delivers nothing after it was stopped', () => {
    const { registry, clock } = testRegistry()
    const seen: KubeObject[] = []
    const stop = registry.watch('pods', (_type, object) => seen.push(object))
    registry.create('pods', pod('a'))
    stop()
    clock.advance(100)
    expect(seen).toEqual([])
  })
})
