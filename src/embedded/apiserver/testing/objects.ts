/** Objects and a registry for this folder's tests. */
import { seededRandom } from '../../../base/random.ts'
import { ApiError } from '../../cluster-api.ts'
import type { Deployment, Node, Pod, PodDisruptionBudget, Status } from '../../../kube/types.ts'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { defaultSettings } from '../../settings.ts'
import type { Registry } from '../registry.ts'
import { createRegistry } from '../registry.ts'

export function testRegistry(overrides: Partial<typeof defaultSettings> = {}): {
  registry: Registry
  clock: FakeClock
} {
  const clock = new FakeClock()
  const settings = { ...defaultSettings, ...overrides }
  return { registry: createRegistry({ clock, settings, random: seededRandom(1) }), clock }
}

export function pod(name: string, labels: Record<string, string> = { app: 'web' }): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels },
    spec: { containers: [{ name: 'app', image: 'app:1' }] },
  }
}

/** Scheduled, running, and ready or not. */
export function runningPod(registry: Registry, name: string, ready = true): Pod {
  registry.create('pods', pod(name))
  registry.bind('default', name, 'node-1')
  const stored = registry.read('pods', 'default', name) as Pod
  const conditions = [{ type: 'Ready', status: ready ? ('True' as const) : ('False' as const) }]
  return registry.updateStatus('pods', { ...stored, status: { phase: 'Running', conditions } })
}

export function deployment(name = 'web'): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: pod('').spec },
    },
  }
}

export function budget(
  registry: Registry,
  name: string,
  status: Partial<NonNullable<PodDisruptionBudget['status']>>,
): void {
  const object = registry.create<PodDisruptionBudget>('poddisruptionbudgets', {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'default' },
    spec: { minAvailable: 2, selector: { matchLabels: { app: 'web' } } },
  })
  const counts = {
    observedGeneration: 1,
    disruptionsAllowed: 0,
    currentHealthy: 2,
    desiredHealthy: 2,
    expectedPods: 3,
  }
  registry.updateStatus('poddisruptionbudgets', { ...object, status: { ...counts, ...status } })
}

export function node(name: string): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} }
}

/** The Status that the action fails with; it is an error when it does not fail. */
export function statusOfFailure(action: () => unknown): Status {
  try {
    action()
  } catch (error) {
    if (error instanceof ApiError) return error.status
    throw error
  }
  throw new Error('nothing was thrown')
}
