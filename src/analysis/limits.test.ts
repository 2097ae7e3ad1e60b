import { expect, test } from 'vitest'
import type { DriverLimits } from '../model/load.ts'
import { recording } from '../testing/recording-builder.ts'
import type { Finding } from './analysis.ts'
import { analyze } from './analyze.ts'

const none: DriverLimits = {
  reached: [],
  localPorts: 0,
  localFiles: 0,
  fileLimit: 1024,
  filesNeeded: 500,
  cpuShare: 0.2,
  waitShare: 0.01,
  stalls: 0,
  longestStallMs: 0,
  skippedForOpen: 0,
  skippedForTime: 0,
}

function findingsWith(limits: Partial<DriverLimits>, lateMs = 0): Pick<Finding, 'code' | 'severity'>[] {
  const built = recording()
    .change(whole => {
      whole.limits = { ...none, ...limits }
      for (const sample of whole.samples) if (sample.sentUs !== null) sample.sentUs += lateMs * 1000
    })
    .build()
  return analyze(built).findings.map(({ code, severity }) => ({ code, severity }))
}

test('limits that were not reached are not told of', () => {
  expect(findingsWith({})).toEqual([])
})

test.each([
  ['ports', 'limit-ports', { localPorts: 3 }],
  ['files', 'limit-files', { localFiles: 3 }],
] as const)('a want of %s makes a run inconclusive, by the name %s', (reached, code, figures) => {
  expect(findingsWith({ reached: [reached], ...figures })).toEqual([{ code, severity: 'inconclusive' }])
})

test.each([
  ['cpu', 'limit-cpu'],
  ['run-queue', 'limit-run-queue'],
] as const)(
  'a want of %s is told, and makes a run inconclusive where requests were late',
  (reached, code) => {
    expect(findingsWith({ reached: [reached] })).toEqual([{ code, severity: 'note' }])
    const late = findingsWith({ reached: [reached] }, 30)
    expect(late).toContainEqual({ code, severity: 'inconclusive' })
    expect(late).toContainEqual({ code: 'driver-late', severity: 'inconclusive' })
  },
)
