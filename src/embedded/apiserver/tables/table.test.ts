/** Against what a real 1.34 server answered for the same objects: headings, types, priorities and cells. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { KubeObject, Pod } from '../../../kube/types.ts'
import type { ResourceName } from '../../cluster-api.ts'
import { tableOf } from './table.ts'

interface Observed {
  nowMs: number
  columns: [name: string, type: string, priority: number][]
  rows: { object: KubeObject; cells: unknown[] }[]
}

interface Table {
  columnDefinitions: { name: string; type: string; priority: number }[]
  rows: { cells: unknown[]; conditions?: { reason: string }[] }[]
}

const observed = JSON.parse(
  readFileSync(new URL('testdata/observed.json', import.meta.url), 'utf8'),
) as Record<string, Observed>

/** A kind may be one that this server does not serve: its columns are there nevertheless. */
function table(resource: string, objects: KubeObject[], nowMs: number): Table {
  const options = { include: 'None', headings: true, resourceVersion: '1', nowUs: nowMs * 1000 } as const
  return tableOf({ resource: resource as ResourceName, view: null }, objects, options) as Table
}

it.each(Object.keys(observed))('prints %s as a real server does', resource => {
  const { nowMs, columns, rows } = observed[resource] as Observed
  const { columnDefinitions, rows: ours } = table(
    resource,
    rows.map(({ object }) => object),
    nowMs,
  )
  expect(columnDefinitions.map(({ name, type, priority }) => [name, type, priority])).toEqual(columns)
  expect(ours.map(({ cells }) => cells)).toEqual(rows.map(({ cells }) => cells))
})

it('marks pods that are over', () => {
  const { nowMs, rows } = observed['pods'] as Observed
  const { rows: ours } = table(
    'pods',
    rows.map(({ object }) => object),
    nowMs,
  )
  expect(ours.flatMap(({ conditions = [] }) => conditions.map(({ reason }) => reason))).toEqual([
    'Failed',
    'Failed',
  ])
})

it('shows a deletion as Terminating, until the pod is over', () => {
  const { nowMs, rows } = observed['pods'] as Observed
  const pod = rows[0]?.object as Pod
  const deleted = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
  const over = { ...deleted, status: { ...pod.status, phase: 'Succeeded' } } as Pod
  const cells = table('pods', [pod, deleted, over], nowMs).rows.map(({ cells: [, , status] }) => status)
  expect(cells).toEqual(['Running', 'Terminating', 'Succeeded'])
})
