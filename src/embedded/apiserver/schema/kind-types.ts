/** Which API type is behind a served kind: the folder of a group in Kubernetes's own sources is its first label. */
import type { ResourceKind } from '../resources.ts'
import type { StructType } from './go-types.ts'
import { structType } from './go-types.ts'

export function typeNameOf({
  group,
  version,
  kind,
}: Pick<ResourceKind, 'group' | 'version' | 'kind'>): string {
  return `${group === '' ? 'core' : (group.split('.')[0] ?? '')}/${version}.${kind}`
}

export function typeOfKind(kind: Pick<ResourceKind, 'group' | 'version' | 'kind'>): StructType {
  return structType(typeNameOf(kind))
}
