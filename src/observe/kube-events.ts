/** Kubernetes's own Events of the namespace: a failed hook or probe shows nowhere else. */
import type { KubeEvent } from '../kube/types.ts'
import { follow, type WitnessContext } from './witness.ts'

export function observeKubeEvents(context: WitnessContext): Promise<void> {
  const path = `/api/v1/namespaces/${context.namespace}/events`
  return follow<KubeEvent>(context, 'events', path, '', (event, _previous, atUs) => {
    if (event === null) return
    const { involvedObject, reason, message } = event
    context.record({
      atUs,
      kind: 'event-seen',
      object: `${involvedObject.kind}/${involvedObject.name}`,
      reason,
      message,
    })
  })
}
