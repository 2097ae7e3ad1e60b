/** A column of a Table: its heading, and the function that fills its cells. */
import type { KubeObject } from '../../../kube/types.ts'
import { ageText } from './durations.ts'

export type Cell = string | number | boolean

export interface Column {
  name: string
  type: 'string' | 'integer' | 'boolean' | 'date'
  /** 0 = always, 1 = with `-o wide`. */
  priority: 0 | 1
  cell: (object: KubeObject, nowUs: number) => Cell
}

export function column<T extends KubeObject>(
  name: string,
  cell: (object: T, nowUs: number) => Cell,
  priority: 0 | 1 = 0,
  type: Column['type'] = 'string',
): Column {
  return { name, type, priority, cell: (object, nowUs) => cell(object as T, nowUs) }
}

export function wide<T extends KubeObject>(name: string, cell: (object: T, nowUs: number) => Cell): Column {
  return column(name, cell, 1)
}

export function count<T extends KubeObject>(name: string, cell: (object: T) => number): Column {
  return column(name, cell, 0, 'integer')
}

export const nameColumn = column('Name', object => object.metadata.name)
export const ageColumn = column('Age', (object, nowUs) => ageText(object.metadata.creationTimestamp, nowUs))
