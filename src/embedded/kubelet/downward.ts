/** What a pod may be told of itself: by `fieldRef` and `resourceFieldRef`, in its environment and in its files. */
import type { Container, DownwardAPIItem, Pod, ResourceFieldRef } from '../../kube/types.ts'
import { quantityMilli } from '../scheduler/quantity.ts'

export interface DownwardInput {
  pod: Pod
  /** The node's, which is a container's limit when it names none. */
  allocatable: Record<string, string>
}

export class FieldError extends Error {
  override name = 'FieldError'
}

/** Null = no such field of the metadata. */
export function metadataField(path: string, { metadata }: Pod): string | null {
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (subscript !== null) {
    const [, map, key] = subscript
    return (map === 'labels' ? metadata.labels : metadata.annotations)?.[key ?? ''] ?? ''
  }
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'metadata.labels': lines(metadata.labels),
    'metadata.annotations': lines(metadata.annotations),
  }
  return fields[path] ?? null
}

export function downwardFile(item: DownwardAPIItem, input: DownwardInput): string {
  if (item.resourceFieldRef !== undefined) return resourceField(item.resourceFieldRef, null, input)
  const path = item.fieldRef?.fieldPath ?? ''
  const value = metadataField(path, input.pod)
  if (value === null) throw new FieldError(`unsupported fieldPath: ${path}`)
  return value
}

/** `container` is the one that asks; a file names its own. */
export function resourceField(
  { resource, containerName, divisor = '1' }: ResourceFieldRef,
  container: Container | null,
  { pod, allocatable }: DownwardInput,
): string {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const asked = containerName === undefined ? container : all.find(({ name }) => name === containerName)
  const [kind, ...rest] = resource.split('.')
  const name = rest.join('.')
  if (asked === undefined || asked === null || (kind !== 'limits' && kind !== 'requests') || name === '')
    throw new FieldError(`unsupported container resource : ${resource}`)
  const limit = asked.resources?.limits?.[name] ?? allocatable[name]
  const written = kind === 'limits' ? limit : (asked.resources?.requests?.[name] ?? '0')
  const unit = quantityMilli(divisor) || 1000
  return String(Math.ceil(quantityMilli(written) / unit))
}

/** One `key="value"` per line, in the order of the keys. */
function lines(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')
}
