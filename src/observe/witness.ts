/**
 * A witness turns one source into transitions, and knows nothing of the others: what they mean together is for the
 * analysis. Each says when it has synced, and where it may have missed something.
 */
import type { Clock } from '../base/clock.ts'
import type { KubeReader } from '../kube/client.ts'
import type { KubeObject } from '../kube/types.ts'
import { watchCollection } from '../kube/watch.ts'
import type { LedgerEntry, Transition, Witness } from '../model/transition.ts'

export interface WitnessContext {
  client: KubeReader
  clock: Clock
  signal: AbortSignal
  namespace: string
  /** Labels of the workload's pods. */
  podLabels: Record<string, string>
  /** Deployments to follow: the workload, and its dependency. */
  workloads: string[]
  /** Name of the Service in front of the workload. */
  service: string
  /** The same as a forwarding table names it: `namespace/name:port`. */
  forwardingService: string
  record: (transition: Transition) => void
  recordLedger: (entry: LedgerEntry) => void
  /** Until this is aborted, logs of pods that live on may stay unread. */
  logsDue: AbortSignal
}

/** Follows a collection and reports syncing and gaps in the witness's name. */
export function follow<T extends KubeObject>(
  context: WitnessContext,
  witness: Witness,
  path: string,
  query: string,
  onChange: (object: T | null, previous: T | null, atUs: number) => void,
): Promise<void> {
  const { clock, record } = context
  return watchCollection<T>({
    client: context.client,
    clock,
    signal: context.signal,
    path,
    query,
    onChange: (object, previous) => onChange(object, previous, clock.nowUs()),
    onSynced: () => record({ atUs: clock.nowUs(), kind: 'watch-synced', witness }),
    onGap: (fromUs, why) => record({ atUs: clock.nowUs(), kind: 'watch-gap', witness, fromUs, why }),
  })
}

export function labelQuery(labels: Record<string, string>): string {
  const selector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  return `labelSelector=${encodeURIComponent(selector)}`
}
