/**
 * The instant that the annotation `endpoints.kubernetes.io/last-change-trigger-time` names: the earliest readiness
 * change of a pod, or change of the Service, since the last sync. A deletion has no instant and gives none.
 */
import type { Pod, Service } from '../../../kube/types.ts'
import { instantUs } from '../instant.ts'
import { readyCondition } from '../pods.ts'

export class TriggerTimes {
  readonly #seen = new Map<string, Map<string, string>>()

  /** RFC 3339, or null when nothing with an instant changed. */
  next(key: string, service: Service, pods: readonly Pod[]): string | null {
    const before = this.#seen.get(key)
    const now = new Map(
      pods.map(pod => [pod.metadata.uid ?? '', readyCondition(pod)?.lastTransitionTime ?? '']),
    )
    this.#seen.set(key, now)
    const changed = [...now].filter(([uid, at]) => at !== '' && before?.get(uid) !== at).map(([, at]) => at)
    const { creationTimestamp } = service.metadata
    if (before === undefined && creationTimestamp !== undefined) changed.push(creationTimestamp)
    return changed.sort((one, other) => instantUs(one) - instantUs(other))[0] ?? null
  }

  forget(key: string): void {
    this.#seen.delete(key)
  }
}
