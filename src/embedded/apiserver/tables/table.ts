/** meta.k8s.io/v1 Table: what kubectl asks for when it prints for people. */
import type { KubeObject, Pod } from '../../../kube/types.ts'
import type { ResourceName } from '../../cluster-api.ts'
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

export function tableOf(
  resource: ResourceName,
  objects: readonly KubeObject[],
  options: TableOptions,
): object {
  const columns = columnsOf(resource)
  const columnDefinitions = columns.map(({ name, type, priority }) => ({
    name,
    type,
    format: name === 'Name' ? 'name' : '',
    description: '',
    priority,
  }))
  const rows = objects.map(object => ({
    cells: columns.map(({ cell }) => cell(object, options.nowUs)),
    ...rowConditions(resource, object),
    ...rowObject(object, options.include),
  }))
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: options.resourceVersion },
    ...(options.headings ? { columnDefinitions } : { columnDefinitions: null }),
    rows,
  }
}

function rowConditions(resource: ResourceName, object: KubeObject): { conditions?: object[] } {
  const conditions = resource === 'pods' ? podRowConditions(object as Pod) : null
  return conditions === null ? {} : { conditions }
}

function rowObject(object: KubeObject, include: IncludeObject): { object?: object } {
  if (include === 'None') return {}
  return { object: include === 'Object' ? object : metadataOf(object) }
}

/** An object without anything of its kind. */
export function metadataOf({ metadata }: { metadata: Partial<KubeObject['metadata']> }): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}
