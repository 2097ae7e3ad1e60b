/**
 * What a stream is to reach: the pod and its container, checked in the order and the words of a real server, which looks
 * at them before it looks at the upgrade. What the kubelet would find out only comes later, over the open stream.
 */
import type { Pod } from '../../../../kube/types.ts'
import type { ApiError } from '../../../cluster-api.ts'
import { badRequest, failure } from '../../api-errors.ts'
import { chooseContainer } from '../choose-container.ts'
import type { Reach } from '../../../pod-network/pod-network.ts'
import type { ResourceRoute } from '../route.ts'
import type { ServerContext } from '../server-context.ts'

export interface StreamTarget {
  pod: Pod
  /** '' where a stream leads to the pod as a whole. */
  container: string
  /** Where a port of the pod is to be dialled. */
  reach: (port: number) => Reach
}

export function streamTarget(
  { registry, reach }: ServerContext,
  { namespace, name, subresource }: ResourceRoute,
  query: URLSearchParams,
): StreamTarget {
  const pod = registry.read('pods', namespace, name) as Pod
  const container = subresource === 'portforward' ? '' : chooseContainer(pod, query.get('container') ?? '')
  if ((pod.spec.nodeName ?? '') === '') throw badRequest(`pod ${name} does not have a host assigned`)
  return { pod, container, reach: port => reach(pod.status?.podIP ?? '', port) }
}

/** An error of the kubelet's, as a server passes it on. */
export function kubeletError(why: string): ApiError {
  return failure(500, 'InternalError', `Internal error occurred: ${why}`, { causes: [{ message: why }] })
}

export function containerNotFound(container: string): ApiError {
  return kubeletError(`unable to upgrade connection: container not found (${JSON.stringify(container)})`)
}
