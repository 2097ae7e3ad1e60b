/**
 * Kubernetes Events about one container of a pod. They are recorded about the pod, and name the container by its place in
 * the spec (kubernetes pkg/kubelet/container/ref.go), which is how a reader tells which of several it was.
 */
import type { Pod } from '../../kube/types.ts'
import type { KubeletParts } from './kubelet-parts.ts'

export function containerEvent(
  { kubelet, pod }: { kubelet: Pick<KubeletParts, 'api'>; pod: Pod },
  container: string,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  const isInit = pod.spec.initContainers?.some(({ name }) => name === container) === true
  const fieldPath = `spec.${isInit ? 'initContainers' : 'containers'}{${container}}`
  kubelet.api.recordEvent(pod, type, reason, message, 'kubelet', fieldPath)
}
