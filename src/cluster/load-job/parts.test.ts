/** What the load from inside is made of, without a cluster: the objects, the numbering, the books, the clock's shift. */
import { describe, expect, test } from 'vitest'
import type { SampleRow } from '../../model/load.ts'
import { sampleColumns } from '../../model/sample-row.ts'
import { NumberedLines } from './numbered.ts'
import { probeOnOurClock, rowOnOurClock, stallOnOurClock } from './on-our-clock.ts'
import { renderLoadJob, renderLoadPods, type LoadObjects } from './render.ts'
import { mergedTotals } from './totals.ts'

const plan: LoadObjects = {
  name: 'rollproof-load-1',
  namespace: 'shop',
  image: { name: 'rollproof/sample-app-distroless:1', command: ['rollproof-load'] },
  shares: 3,
  avoidNodes: ['worker-1', 'worker-2'],
  runLabels: { 'rollproof.dev/run': 'r1' },
  activeDeadlineSeconds: 900,
}

describe('the Job', () => {
  test('ends by itself, never tries again, and keeps away from nodes that are disturbed', () => {
    const job = renderLoadJob(plan)
    expect(job).toMatchObject({
      kind: 'Job',
      metadata: { namespace: 'shop', labels: { 'rollproof.dev/run': 'r1', 'rollproof.dev/load': plan.name } },
      spec: {
        completions: 3,
        parallelism: 3,
        backoffLimit: 0,
        activeDeadlineSeconds: 900,
        ttlSecondsAfterFinished: 120,
        template: {
          metadata: { labels: { 'rollproof.dev/run': 'r1', 'rollproof.dev/load': plan.name } },
          spec: {
            restartPolicy: 'Never',
            tolerations: [
              { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' },
            ],
            affinity: {
              nodeAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: {
                  nodeSelectorTerms: [
                    {
                      matchFields: [
                        { key: 'metadata.name', operator: 'NotIn', values: ['worker-1'] },
                        { key: 'metadata.name', operator: 'NotIn', values: ['worker-2'] },
                      ],
                    },
                  ],
                },
              },
            },
            containers: [{ command: ['rollproof-load', '--remote'], workingDir: '/run/rollproof' }],
          },
        },
      },
    })
  })

  test('asks for nothing that a restricted namespace forbids, and for no limit that would throttle it', () => {
    const { template } = (renderLoadJob(plan) as unknown as { spec: { template: { spec: object } } }).spec
    expect(template.spec).toMatchObject({
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
    })
    expect(JSON.stringify(template.spec)).not.toContain('"limits"')
  })

  test('is so many pods where no controller would make them, each with its own environment', () => {
    const pods = renderLoadPods({ ...plan, env: share => ({ SHARE: String(share) }) })
    expect(pods.map(({ metadata }) => metadata.name)).toEqual([0, 1, 2].map(share => `${plan.name}-${share}`))
    expect(pods[2]).toMatchObject({
      spec: { activeDeadlineSeconds: 900, containers: [{ env: [{ name: 'SHARE', value: '2' }] }] },
    })
  })
})

test('a line that comes again is not new, and one that never came is missed', () => {
  const lines = new NumberedLines()
  expect([0, 1, 1, 0, 4, 3, 5].map(number => lines.accept(number))).toEqual([
    true,
    true,
    false,
    false,
    true,
    false,
    true,
  ])
  expect(lines).toMatchObject({ next: 6, lost: 2 })
})

describe('merged totals', () => {
  const one = { scheduled: 5, sent: 4, skipped: 1, succeeded: 2, failed: 1, unresolved: 1 }
  test('are the sum, and null while one is missing', () => {
    expect(mergedTotals([{ totals: one }, { totals: one }])).toEqual({
      scheduled: 10,
      sent: 8,
      skipped: 2,
      succeeded: 4,
      failed: 2,
      unresolved: 2,
    })
    expect(mergedTotals([{ totals: one }, { totals: null }])).toBeNull()
  })

  test('that do not balance are refused', () => {
    expect(() => mergedTotals([{ totals: one }, { totals: { ...one, succeeded: 3 } }])).toThrow(
      '8 sent, but 9 ended',
    )
    expect(() => mergedTotals([{ totals: { ...one, scheduled: 6 } }])).toThrow('6 scheduled')
  })
})

describe('on our clock', () => {
  const offsetFor = () => ({ offsetUs: 1000, errorUs: 5 })
  test('every instant of a row is moved, and nothing else', () => {
    const row: SampleRow = sampleColumns.map((column, index) =>
      column.endsWith('Us') ? 10_000 + index : `c${index}`,
    )
    const moved = rowOnOurClock(row, offsetFor)
    for (const [index, column] of sampleColumns.entries()) {
      const instant = column.endsWith('Us') && column !== 'connectionIdleUs'
      expect(moved[index], column).toBe(instant ? 9000 + index : row[index])
    }
  })

  test('what did not happen stays so; stalls and probes are moved whole', () => {
    const skipped: SampleRow = sampleColumns.map(column => (column === 'scheduledUs' ? 10_000 : null))
    expect(rowOnOurClock(skipped, offsetFor).filter(cell => cell !== null)).toEqual([9000])
    expect(stallOnOurClock({ fromUs: 5000, toUs: 6000 }, offsetFor)).toEqual({ fromUs: 4000, toUs: 5000 })
    const ends = { sentUs: 5000, endedUs: 6000 }
    expect(probeOnOurClock(ends as Parameters<typeof probeOnOurClock>[0], offsetFor)).toEqual({
      sentUs: 4000,
      endedUs: 5000,
    })
  })
})
