/**
 * What `kubectl get` prints, per kind: each column with the function that fills it, in the order and the words of the
 * real printers (semantics §10.4). Kinds that have none get a name and an instant, as there.
 */
import type { ResourceName } from '../../cluster-api.ts'
import { clusterColumns } from './cluster-columns.ts'
import { column, nameColumn, type Column } from './column.ts'
import { networkColumns } from './network-columns.ts'
import { podColumns } from './pod-columns.ts'
import { storageColumns } from './storage-columns.ts'
import { workloadColumns } from './workload-columns.ts'

const columns: Partial<Record<string, Column[]>> = {
  pods: podColumns,
  ...workloadColumns,
  ...networkColumns,
  ...clusterColumns,
  ...storageColumns,
}

const plainColumns = [
  nameColumn,
  column('Created At', ({ metadata }) => metadata.creationTimestamp ?? '', 0, 'date'),
]

export function columnsOf(resource: ResourceName): Column[] {
  return columns[resource] ?? plainColumns
}
