/**
 * Whether a container's image is there. There is no registry to pull from: an image that the cluster was not given cannot
 * be had, and the attempts back off as the kubelet's do (pkg/kubelet/images/image_manager.go).
 */
import type { Container, Pod } from '../../kube/types.ts'
import type { Image } from '../images.ts'
import { containerEvent } from './container-event.ts'
import type { KubeletParts } from './kubelet-parts.ts'

/** By image: how long to wait since the last failure. */
export type FailedPulls = Map<string, { delayMs: number; failedUs: number; message: string }>

/** What of a pod on its node takes part in this. */
interface PullingPod {
  readonly pod: Pod
  readonly kubelet: KubeletParts
  /** Why a container does not start. */
  readonly waiting: Map<string, { reason: string; message: string }>
  readonly failedPulls: FailedPulls
}

/** Null = not there; why stands in the container's waiting state. */
export function obtainImage(context: PullingPod, container: Container): Image | null {
  const { name, image, imagePullPolicy: policy = 'IfNotPresent' } = container
  const found = context.kubelet.images.find(image)
  if (found !== null) {
    if (policy === 'Always') {
      containerEvent(context, name, 'Normal', 'Pulling', `Pulling image "${image}"`)
      const text = `Successfully pulled image "${image}" in 0s (0s including waiting). Image size: 0 bytes.`
      containerEvent(context, name, 'Normal', 'Pulled', text)
    } else
      containerEvent(
        context,
        name,
        'Normal',
        'Pulled',
        `Container image "${image}" already present on machine`,
      )
    return found
  }
  const { reason, message } =
    policy === 'Never' ? neverPulled(context, name, image) : pullFailed(context, name, image)
  containerEvent(context, name, 'Warning', 'Failed', `Error: ${reason}`)
  context.waiting.set(name, { reason, message })
  return null
}

function neverPulled(context: PullingPod, name: string, image: string): { reason: string; message: string } {
  const message = `Container image "${image}" is not present with pull policy of Never`
  containerEvent(context, name, 'Warning', 'ErrImageNeverPull', message)
  return { reason: 'ErrImageNeverPull', message }
}

function pullFailed(context: PullingPod, name: string, image: string): { reason: string; message: string } {
  const { clock, settings } = context.kubelet
  const { first, cap } = settings.imageBackoffMs
  const before = context.failedPulls.get(image)
  if (before !== undefined && clock.nowUs() - before.failedUs < before.delayMs * 1000) {
    const text = `Back-off pulling image "${image}"`
    containerEvent(context, name, 'Normal', 'BackOff', text)
    return { reason: 'ImagePullBackOff', message: `${text}: ErrImagePull: ${before.message}` }
  }
  containerEvent(context, name, 'Normal', 'Pulling', `Pulling image "${image}"`)
  const message = `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`
  containerEvent(context, name, 'Warning', 'Failed', `Failed to pull image "${image}": ${message}`)
  const delayMs = before === undefined ? first : Math.min(before.delayMs * 2, cap)
  context.failedPulls.set(image, { delayMs, failedUs: clock.nowUs(), message })
  return { reason: 'ErrImagePull', message }
}
