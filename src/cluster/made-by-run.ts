/** What becomes of an object before it is sent to a cluster that others use as well: labels, and names of images. Pure. */
import { RUN_LABEL } from '../kube/mutation-requests.ts'
import type { KubeObject, ObjectMeta } from '../kube/types.ts'

/** Name in the manifests → name on the cluster. */
export type ImageNames = Readonly<Record<string, string>>

export function runLabels(runId: string): Record<string, string> {
  return { [RUN_LABEL]: runId, 'app.kubernetes.io/managed-by': 'rollproof' }
}

/** The object, and the pods that will come of it, carry the run's labels. Selectors stay as they are. */
export function madeByRun(object: KubeObject, runId: string, images: ImageNames): KubeObject {
  const labels = runLabels(runId)
  const labelled = { ...object, metadata: withLabels(object.metadata, labels) }
  if (object.kind === 'Pod') {
    const { spec } = object as Partial<PodLike>
    return { ...labelled, ...(spec === undefined ? {} : { spec: withImages(spec, images) }) }
  }
  const { spec } = object as { spec?: { template?: Partial<PodLike> } }
  if (spec?.template?.spec === undefined) return labelled
  const template = {
    ...spec.template,
    metadata: withLabels(spec.template.metadata ?? {}, labels),
    spec: withImages(spec.template.spec, images),
  }
  return { ...labelled, spec: { ...spec, template } } as KubeObject
}

/** The images that an object's pods run. */
export function imagesOf(object: KubeObject): string[] {
  const { spec } = object as { spec?: { template?: Partial<PodLike> } & ContainerLists }
  const pod = spec?.template?.spec ?? (object.kind === 'Pod' ? spec : undefined)
  return [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])].map(({ image }) => image)
}

interface ContainerLists {
  containers?: { image: string }[]
  initContainers?: { image: string }[]
}
interface PodLike {
  metadata: Partial<ObjectMeta>
  spec: ContainerLists
}

function withLabels<T extends Partial<ObjectMeta>>(metadata: T, labels: Record<string, string>): T {
  return { ...metadata, labels: { ...metadata.labels, ...labels } }
}

function withImages(spec: ContainerLists, images: ImageNames): ContainerLists {
  const renamed = (list: { image: string }[]): { image: string }[] =>
    list.map(container => ({ ...container, image: images[container.image] ?? container.image }))
  return {
    ...spec,
    ...(spec.containers === undefined ? {} : { containers: renamed(spec.containers) }),
    ...(spec.initContainers === undefined ? {} : { initContainers: renamed(spec.initContainers) }),
  }
}
