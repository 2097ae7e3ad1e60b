/** meta.k8s.io/v1 Table: what kubectl asks for when it prints for people. */
import type { KubeObject, Pod } from '../../../kube/types.ts'
import type { ResourceKind } from '../resources.ts'
import { asServed } from '../views/view.ts'
import { columnsOf } from './columns.ts'
import { podRowConditions } from './pod-columns.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

export interface TableOptions {
  include: IncludeObject
  /** Only the first table of a watch carries the headings. */
  headings: boolean
  resourceVersion: string
  nowUs: number
}

/** The cells are filled from the stored form. */
export function tableOf(
  kind: Pick<ResourceKind, 'resource' | 'view'>,
  objects: readonly KubeObject[],
  options: TableOptions,
): object {
  const columns = columnsOf(kind.resource)
  const columnDefinitions = columns.map(({ name, type, priority }) => ({
    name,
    type,
    format: name === 'Name' ? 'name' : '',
    description: '',
    priority,
  }))
  const rows = objects.map(object => ({
    cells: columns.map(({ cell }) => cell(object, options.nowUs)),
    ...rowConditions(kind, object),
    ...rowObject(kind, object, options.include),
  }))
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: options.resourceVersion },
    ...(options.headings ? { columnDefinitions } : { columnDefinitions: null }),
    rows,
  }
}

function rowConditions(
  { resource }: Pick<ResourceKind, 'resource'>,
  object: KubeObject,
): { conditions?: object[] } {
  const conditions = resource === 'pods' ? podRowConditions(object as Pod) : null
  return conditions === null ? {} : { conditions }
}

function rowObject(
  kind: Pick<ResourceKind, 'view'>,
  object: KubeObject,
  include: IncludeObject,
): { object?: object } {
  if (include === 'None') return {}
  return { object: include === 'Object' ? asServed(kind, object) : metadataOf(object) }
}

/** An object without anything of its kind. */
export function metadataOf({ metadata }: { metadata: Partial<KubeObject['metadata']> }): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}
