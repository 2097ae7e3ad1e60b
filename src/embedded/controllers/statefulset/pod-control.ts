/** The writes of a StatefulSet about one pod, each with its Event. */
import type { Pod } from '../../../kube/types.ts'
import type { StatefulSet } from '../../workload-types.ts'
import { ApiError } from '../../cluster-api.ts'
import type { ControllerContext } from '../controller.ts'
import { claimsFor, ordinalOf } from './identity.ts'

const component = 'statefulset-controller'

/** A pod that is already there but not in the cache fails the sync, which then comes back. */
export function createPod(context: ControllerContext, set: StatefulSet, pod: Pod): void {
  createClaims(context, set, pod)
  recorded(context, set, pod, 'Create', () => context.api.create('pods', pod))
}

export function updatePod(context: ControllerContext, set: StatefulSet, pod: Pod): void {
  recorded(context, set, pod, 'Update', () => context.api.update('pods', pod))
}

export function deletePod(context: ControllerContext, set: StatefulSet, pod: Pod): void {
  const { namespace = '', name } = pod.metadata
  recorded(context, set, pod, 'Delete', () => context.api.delete('pods', namespace, name))
}

/** Claims are made before their pod, and stay when it goes. */
export function createClaims({ api }: ControllerContext, set: StatefulSet, pod: Pod): void {
  for (const { claim } of claimsFor(set, ordinalOf(set, pod))) {
    const { namespace = '', name } = claim.metadata
    if (api.get('persistentvolumeclaims', namespace, name) !== null) continue
    api.create('persistentvolumeclaims', claim)
    const text = `create Claim ${name} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} success`
    api.recordEvent(set, 'Normal', 'SuccessfulCreate', text, component)
  }
}

function recorded(
  { api }: ControllerContext,
  set: StatefulSet,
  { metadata }: Pod,
  verb: 'Create' | 'Update' | 'Delete',
  write: () => unknown,
): void {
  const about = `${verb.toLowerCase()} Pod ${metadata.name} in StatefulSet ${set.metadata.name}`
  try {
    write()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.reason === 'NotFound' && verb === 'Delete') return
    if (error.reason !== 'AlreadyExists')
      api.recordEvent(set, 'Warning', `Failed${verb}`, `${about} failed error: ${error.message}`, component)
    throw error
  }
  api.recordEvent(set, 'Normal', `Successful${verb}`, `${about} successful`, component)
}
