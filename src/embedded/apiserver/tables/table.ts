/** meta.k8s.io/v1 Table: what kubectl asks for when it prints for people. */
import type { KubeObject } from '../../../kube/types.ts'
import type { ResourceName } from '../../cluster-api.ts'
import { columnsOf } from './columns.ts'

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

function rowObject(object: KubeObject, include: IncludeObject): { object?: object } {
  if (include === 'None') return {}
  if (include === 'Object') return { object }
  return {
    object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
  }
}
