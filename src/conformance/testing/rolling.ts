/**
 * A rolling update as a list of steps, read from a watch of ReplicaSets: `new1 old2 …`, each the replicas that a set was
 * asked for. Pods have readiness gates, which a test opens one at a time, so that the steps are the same on a fast cluster
 * and on a slow one.
 */
import type { Deployment, Pod, ReplicaSet } from '../../kube/types.ts'
import { openAll, openOne } from './gates.ts'
import { gated, isComplete, newTemplate, shell, workload } from './objects.ts'
import type { Target } from './target.ts'
import { record, untilOne, type Recorder } from './watching.ts'

export interface Rollout {
  steps: string[]
  /** Waits until the last step is `step`. */
  reached(step: string): Promise<void>
  /** Makes one new pod ready. */
  ready(): Promise<void>
  /** When all that has happened by now has been seen. */
  stop(): Promise<void>
}

/** A Deployment of `replicas` ready pods, every gate opened. */
export async function deployGated(
  target: Target,
  namespace: string,
  spec: Record<string, unknown>,
  replicas: number,
): Promise<void> {
  const podSpec = { ...gated, terminationGracePeriodSeconds: 2 }
  await target.create(
    'deployments',
    namespace,
    workload({ ...spec, replicas }, { podSpec, container: shell() }),
  )
  await openAll(target, namespace, replicas)
  await untilComplete(target, namespace)
}

export function untilComplete(target: Target, namespace: string, name = 'web'): Promise<boolean> {
  return untilOne<Deployment, boolean>(target, 'deployments', namespace, name, isComplete, 'complete')
}

/** Changes the template and follows what the sets are asked for. */
export async function beginRollout(target: Target, namespace: string, version = '2'): Promise<Rollout> {
  const sets: Recorder<ReplicaSet> = record(target, 'replicasets', namespace)
  // Before the patch: the new set may be seen before the patch is answered.
  const { items } = await target.get<{ items: ReplicaSet[] }>('replicasets', namespace)
  const oldNames = new Set(items.map(({ metadata }) => metadata.name))
  const isNew = (name: string): boolean => !oldNames.has(name)
  await sets.until(({ items: seen }) => seen.length >= oldNames.size, 'the old sets')
  const begun = sets.seen.length
  await target.patch('deployments', namespace, 'web', newTemplate(version))
  return {
    get steps() {
      return stepsOf(sets, begun, isNew)
    },
    reached: async step => {
      await sets.until(
        () => stepsOf(sets, begun, isNew).at(-1) === step,
        `step ${step} (${stepsOf(sets, begun, isNew).join(' ')})`,
      )
    },
    ready: async () => {
      const ofNewSet = ({ metadata }: Pod): boolean => {
        const owner = sets.items.find(set => set.metadata.uid === metadata.ownerReferences?.[0]?.uid)
        return owner !== undefined && isNew(owner.metadata.name)
      }
      await openOne(target, namespace, ofNewSet)
    },
    stop: async () => {
      await sets.caughtUp()
      sets.stop()
    },
  }
}

function stepsOf(sets: Recorder<ReplicaSet>, begun: number, isNew: (name: string) => boolean): string[] {
  const replicas = new Map<string, number | undefined>()
  const steps: string[] = []
  for (const [index, { object }] of sets.seen.entries()) {
    const { name } = object.metadata
    const wanted = object.spec.replicas
    if (index >= begun && replicas.get(name) !== wanted)
      steps.push(`${isNew(name) ? 'new' : 'old'}${wanted ?? '?'}`)
    replicas.set(name, wanted)
  }
  return steps
}
