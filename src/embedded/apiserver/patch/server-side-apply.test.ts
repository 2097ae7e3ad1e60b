/** Ownership of fields; the expected records are those that a real 1.34 cluster showed for the same writes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../store/json.ts'
import { copyJson } from '../../store/json.ts'
import type { KubeObject } from '../../../kube/types.ts'
import { statusOfFailure, testRegistry } from '../testing/objects.ts'
import type { Registry } from '../registry.ts'
import { applyConfiguration } from './apply.ts'
import { fieldsOf } from './typed-values.ts'
import { difference, emptySet, fromFieldsV1, intersection, isEmptySet } from './field-set.ts'

const container = (image: string): JsonObject => ({
  name: 'c',
  image,
  env: [{ name: 'X', value: '1' }],
  ports: [{ containerPort: 80 }],
})
const configuration = (image = 'i:1', replicas = 0): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', namespace: 'default', labels: { a: 'b' } },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'd' } },
    template: { metadata: { labels: { app: 'd' } }, spec: { containers: [container(image)] } },
  },
})

function world(): {
  registry: Registry
  apply: (manager: string, config: JsonObject, force?: boolean) => KubeObject
} {
  const { registry } = testRegistry()
  return {
    registry,
    apply(manager, config, force = false) {
      const current =
        registry.get('deployments', 'default', 'd') === null
          ? null
          : registry.read('deployments', 'default', 'd')
      const next = applyConfiguration('deployments', current as unknown as JsonObject | null, config, {
        manager,
        force,
        apiVersion: 'apps/v1',
        subresource: '',
        time: '2026-01-01T00:00:00Z',
        ignored: ['status'],
      })
      return current === null
        ? registry.post('deployments', next, { tracking: 'recorded' })
        : registry.put('deployments', next, 'main', { tracking: 'recorded' })
    },
  }
}

interface Entry {
  manager: string
  operation: string
  subresource?: string
  fieldsV1: JsonObject
}

const entries = ({ metadata }: KubeObject): Entry[] => (metadata.managedFields ?? []) as Entry[]
const ownedBy = (object: KubeObject, manager: string): JsonObject | undefined =>
  entries(object).find(entry => entry.manager === manager)?.fieldsV1

function scale(registry: Registry, replicas: number): KubeObject {
  const stored = copyJson(registry.read('deployments', 'default', 'd')) as KubeObject & { spec: JsonObject }
  const next = { ...stored, spec: { ...stored.spec, replicas } }
  return registry.put('deployments', next, 'main', { tracking: { manager: 'kubectl', subresource: 'scale' } })
}

describe('server-side apply', () => {
  it('records the fields that the configuration names, ports by number and protocol', () => {
    expect(ownedBy(world().apply('one', configuration()), 'one')).toEqual({
      'f:metadata': { 'f:labels': { 'f:a': {} } },
      'f:spec': {
        'f:replicas': {},
        'f:selector': {},
        'f:template': {
          'f:metadata': { 'f:labels': { 'f:app': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"c"}': {
                '.': {},
                'f:env': { 'k:{"name":"X"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
                'f:image': {},
                'f:name': {},
                'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
              },
            },
          },
        },
      },
    })
  })

  it('shares what both say, names each conflict and its owner, and takes over by force', () => {
    const { apply } = world()
    apply('one', configuration())
    expect(entries(apply('two', configuration()))).toHaveLength(2)
    const status = statusOfFailure(() => apply('two', configuration('i:2', 1)))
    expect(status).toMatchObject({
      code: 409,
      message:
        'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.replicas\n- .spec.template.spec.containers[name="c"].image',
      details: {
        causes: [
          { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.replicas' },
          { field: '.spec.template.spec.containers[name="c"].image' },
        ],
      },
    })
    const forced = apply('two', configuration('i:2'), true)
    expect(JSON.stringify(ownedBy(forced, 'one'))).not.toContain('f:image')
    expect(JSON.stringify(ownedBy(forced, 'two'))).toContain('f:image')
  })

  it('conflicts with a scale that came in between', () => {
    const { registry, apply } = world()
    apply('one', configuration())
    expect(ownedBy(scale(registry, 1), 'kubectl')).toEqual({ 'f:spec': { 'f:replicas': {} } })
    expect(statusOfFailure(() => apply('one', configuration())).message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas',
    )
  })

  it('removes what is applied no longer, unless another one applies it', () => {
    const { apply } = world()
    apply('one', configuration())
    apply('two', configuration())
    const less = configuration()
    less['metadata'] = { name: 'd', namespace: 'default' }
    expect(apply('two', less).metadata.labels).toEqual({ a: 'b' })
    expect(apply('one', less).metadata.labels).toBeUndefined()
  })

  it('lets kubectl take over what it applied on the client side, and keeps its annotation', () => {
    const { registry, apply } = world()
    const key = 'kubectl.kubernetes.io/last-applied-configuration'
    const config = configuration()
    const annotated = {
      ...config,
      metadata: { ...(config['metadata'] as JsonObject), annotations: { [key]: JSON.stringify(config) } },
    }
    const tracking = { manager: 'kubectl-client-side-apply', subresource: '' }
    registry.post('deployments', annotated, { tracking })
    const taken = apply('kubectl', configuration('i:3'))
    expect(JSON.stringify(ownedBy(taken, 'kubectl'))).toContain('f:image')
    expect(taken.metadata.annotations?.[key]).toContain('"image":"i:3"')
  })

  it('forgets the owners of an object whose record is cleared, and gives it no new ones', () => {
    const { registry, apply } = world()
    apply('one', configuration())
    const change = (metadata: JsonObject): KubeObject => {
      const stored = registry.read('deployments', 'default', 'd')
      const next = { ...stored, metadata: { ...stored.metadata, ...metadata } }
      return registry.put('deployments', next, 'main', { tracking: { manager: 'k', subresource: '' } })
    }
    expect(entries(change({ managedFields: [] }))).toEqual([])
    expect(entries(change({ labels: { z: 'y' } }))).toEqual([])
  })

  it('knows a configuration that names an item twice', () => {
    const twice = {
      ...container('i:1'),
      ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }],
    }
    const config = configuration()
    config['spec'] = { template: { spec: { containers: [twice] } } }
    expect(statusOfFailure(() => world().apply('one', config))).toMatchObject({
      code: 500,
      message:
        'failed to create typed patch object (default/d; apps/v1, Kind=Deployment): .spec.template.spec.containers[name="c"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]',
    })
  })
})

const labels = fc.dictionary(fc.constantFrom('k1', 'k2', 'k3', 'k4'), fc.constantFrom('1', '2', '3'))
const applies = fc.array(
  fc.record({ manager: fc.constantFrom('one', 'two', 'three'), labels, updates: fc.boolean() }),
  { minLength: 1, maxLength: 12 },
)

describe('ownership, whoever writes', () => {
  it('never leaves a value to somebody who did not say it, and says nothing new when repeated', () => {
    fc.assert(
      fc.property(applies, written => {
        const { registry, apply } = world()
        apply('base', configuration())
        for (const step of written) {
          const object = step.updates
            ? update(registry, step.manager, step.labels)
            : apply(step.manager, withLabels(step.labels), true)
          const sets = entries(object).map(({ fieldsV1 }) => fromFieldsV1(fieldsV1))
          const present = fieldsOf('deployments', object as unknown as Json)
          for (const set of sets) expect(isEmptySet(membersOnly(difference(set, present)))).toBe(true)
          const updates = entries(object).filter(({ operation }) => operation === 'Update')
          expect(overlaps(updates.map(({ fieldsV1 }) => fromFieldsV1(fieldsV1)))).toBe(false)
          if (step.updates) continue
          for (const [key, value] of Object.entries(step.labels))
            expect(object.metadata.labels?.[key]).toBe(value)
          const { resourceVersion } = object.metadata
          const again = apply(step.manager, withLabels(step.labels))
          expect(again.metadata.resourceVersion).toBe(resourceVersion)
        }
      }),
      { seed: 3, numRuns: 80 },
    )
  })
})

function withLabels(own: Record<string, string>): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', namespace: 'default', labels: own },
  }
}

function update(registry: Registry, manager: string, own: Record<string, string>): KubeObject {
  const stored = registry.read('deployments', 'default', 'd')
  const metadata = { ...stored.metadata, labels: { ...stored.metadata.labels, ...own } }
  return registry.put('deployments', { ...stored, metadata }, 'main', {
    tracking: { manager, subresource: '' },
  })
}

/** What is owned but not there: the marks of maps and lists themselves do not count. */
function membersOnly(set: ReturnType<typeof fromFieldsV1>): ReturnType<typeof fromFieldsV1> {
  const inner = set.children.get('f:metadata')?.children.get('f:labels')
  return inner === undefined ? emptySet : { member: false, children: inner.children }
}

function overlaps(sets: ReturnType<typeof fromFieldsV1>[]): boolean {
  return sets.some((one, index) => sets.slice(index + 1).some(other => !isEmptySet(intersection(one, other))))
}
