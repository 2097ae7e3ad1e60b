/** What the tests of pods ask again and again. */
import type { ContainerStatus, KubeEvent, Pod } from '../../kube/types.ts'
import type { Target } from './target.ts'
import { until, untilOne } from './watching.ts'

export const once = { restartPolicy: 'Never' as const }

export function status(item: Pod, name = 'c'): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = item.status ?? {}
  return [...containerStatuses, ...initContainerStatuses].find(each => each.name === name)
}

export function untilPod<V>(
  target: Target,
  namespace: string,
  name: string,
  look: (item: Pod) => V | null | undefined | false,
  what: string,
): Promise<V> {
  return untilOne<Pod, V>(target, 'pods', namespace, name, look, what)
}

export function untilEvent(target: Target, namespace: string, reason: string): Promise<KubeEvent> {
  const first = (items: KubeEvent[]): KubeEvent | undefined => items.find(item => item.reason === reason)
  return until<KubeEvent, KubeEvent>(target, 'events', namespace, first, `event ${reason}`)
}
