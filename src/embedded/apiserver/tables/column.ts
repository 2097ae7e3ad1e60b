/** A column of a Table: its heading, and the function that fills its cells. */
import type { KubeObject } from '../../../kube/types.ts'

export interface Column {
  name: string
  type: 'string' | 'integer'
  /** 0 = always, 1 = with `-o wide`. */
  priority: 0 | 1
  cell: (object: KubeObject, nowUs: number) => string | number
}

export function column<T extends KubeObject>(
  name: string,
  cell: (object: T, nowUs: number) => string | number,
  priority: 0 | 1 = 0,
  type: Column['type'] = 'string',
): Column {
  return { name, type, priority, cell: (object, nowUs) => cell(object as T, nowUs) }
}
