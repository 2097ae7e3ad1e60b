/** Opens readiness gates by hand: a pod becomes ready when the test says so, on any cluster, at any speed. */
import type { Pod } from '../../kube/types.ts'
import { condition, gate, isReady } from './objects.ts'
import { strategicPatch, type Target } from './target.ts'
import { until, untilOne } from './watching.ts'

export async function setGate(target: Target, namespace: string, name: string, open: boolean): Promise<void> {
  const status = open ? 'True' : 'False'
  const patch = { status: { conditions: [{ type: gate, status }] } }
  await target.patch('pods', namespace, `${name}/status`, patch, strategicPatch)
  await untilOne<Pod, boolean>(
    target,
    'pods',
    namespace,
    name,
    item => isReady(item) === open,
    `ready: ${status}`,
  )
}

/** Opens the gate of one running pod that is not ready yet and satisfies `which`; waits for such a pod. */
export async function openOne(
  target: Target,
  namespace: string,
  which: (pod: Pod) => boolean = () => true,
): Promise<string> {
  const name = await until<Pod, string>(
    target,
    'pods',
    namespace,
    items =>
      items.find(
        item =>
          item.metadata.deletionTimestamp === undefined &&
          condition(item, gate)?.status !== 'True' &&
          item.status?.phase === 'Running' &&
          which(item),
      )?.metadata.name,
    'a running pod with a closed gate',
  )
  await setGate(target, namespace, name, true)
  return name
}

export async function openAll(target: Target, namespace: string, count: number): Promise<void> {
  for (let opened = 0; opened < count; opened += 1) await openOne(target, namespace)
}
