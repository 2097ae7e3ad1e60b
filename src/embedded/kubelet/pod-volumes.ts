/** Makes a pod's volumes, as often as it takes: each failure is an event, and the next attempt waits twice as long. */
import { sleep } from '../../base/clock.ts'
import type { KubeObject, Node } from '../../kube/types.ts'
import { claimFolder } from './claim-folder.ts'
import { FieldError } from './downward.ts'
import type { PodContext } from './pod-context.ts'
import { makeVolumes, VolumeError } from './volumes.ts'

/** False when `leaving` put an end to it: the pod is to go before it came. */
export async function mountVolumes(context: PodContext, leaving: AbortSignal): Promise<boolean> {
  const { clock, settings } = context.kubelet
  const { first, cap } = settings.mountBackoffMs
  for (let delayMs = first; !leaving.aborted; delayMs = Math.min(delayMs * 2, cap)) {
    if (tryMount(context)) return true
    await sleep(clock, delayMs, leaving)
  }
  return false
}

function tryMount(context: PodContext): boolean {
  if ((context.pod.spec.volumes ?? []).length === 0) return true
  const { api, node, podFolder, volumesFolder } = context.kubelet
  try {
    context.volumes = makeVolumes({
      pod: context.pod,
      folder: podFolder(context.uid),
      allocatable: api.get<Node>('nodes', '', node.name)?.status?.allocatable ?? {},
      find: (kind, name) =>
        api.get<KubeObject>(kind === 'ConfigMap' ? 'configmaps' : 'secrets', context.namespace, name),
      claimFolder: claim => claimFolder(api, volumesFolder, context.namespace, claim),
    })
    return true
  } catch (error) {
    if (!(error instanceof VolumeError || error instanceof FieldError)) throw error
    context.event('Warning', 'FailedMount', error.message)
    return false
  }
}
