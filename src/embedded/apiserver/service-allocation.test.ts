/** Texts and outcomes as a real 1.34 server gave them. */
import { beforeEach, expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import type { Service } from '../../kube/types.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { ApiError } from '../cluster-api.ts'
import { defaultSettings } from '../settings.ts'
import { createRegistry, type Registry } from './registry.ts'

let registry: Registry
beforeEach(() => {
  registry = createRegistry({ clock: new FakeClock(), settings: defaultSettings, random: seededRandom(1) })
})

function create(name: string, spec: Service['spec']): Service {
  const metadata = { name, namespace: 'default' }
  return registry.create<Service>('services', { apiVersion: 'v1', kind: 'Service', metadata, spec })
}

function refusal(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof ApiError) return error.message
    throw error
  }
  return 'accepted'
}

test('a node port is given to each port of NodePort and LoadBalancer, and comes back unchanged', () => {
  const { spec } = create('balanced', { type: 'LoadBalancer', ports: [{ port: 80 }] })
  expect(spec).toMatchObject({ externalTrafficPolicy: 'Cluster', allocateLoadBalancerNodePorts: true })
  const [port] = spec.ports ?? []
  expect(port?.nodePort).toBeGreaterThanOrEqual(30_000)
  expect(port?.nodePort).toBeLessThanOrEqual(32_767)
  const again = registry.update<Service>('services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'balanced', namespace: 'default' },
    spec: { type: 'NodePort', ports: [{ port: 80 }] },
  })
  expect(again.spec.ports?.[0]?.nodePort).toBe(port?.nodePort)
  expect(again.spec.clusterIP).toBe(spec.clusterIP)
})

test('a Service that becomes ClusterIP loses its node ports and its external policy', () => {
  const before = create('np', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_999 }] })
  const { spec } = registry.update<Service>('services', {
    ...before,
    spec: { ...before.spec, type: 'ClusterIP' },
  })
  expect(spec.ports).toEqual([{ port: 80, protocol: 'TCP', targetPort: 80 }])
  expect(spec.externalTrafficPolicy).toBeUndefined()
})

const refused: [string, Service['spec'], string][] = [
  [
    'taken',
    { type: 'NodePort', ports: [{ port: 80, nodePort: 30_999 }] },
    'spec.ports[0].nodePort: Invalid value: 30999: provided port is already allocated',
  ],
  [
    'range',
    { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] },
    'spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
  ],
  [
    'inside',
    { ports: [{ port: 80, nodePort: 30_998 }] },
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  ],
  [
    'policy',
    { externalTrafficPolicy: 'Local', ports: [{ port: 80 }] },
    'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
  ],
  [
    'affinity',
    {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 90_000 } },
      ports: [{ port: 80 }],
    },
    'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 90000: must be greater than 0 and less than 86400',
  ],
  [
    'address',
    { clusterIP: '10.1.2.3', ports: [{ port: 80 }] },
    'spec.clusterIPs: Invalid value: ["10.1.2.3"]: failed to allocate IP 10.1.2.3: the provided network does not match the current range',
  ],
  [
    'twice',
    {
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 80 },
      ],
    },
    'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
  ],
]
test.each(refused)('refuses: %s', (name, spec, text) => {
  create('np', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_999 }] })
  expect(refusal(() => create(name, spec))).toBe(`Service "${name}" is invalid: ${text}`)
})
