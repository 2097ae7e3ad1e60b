import { describe, expect, it } from 'vitest'
import type { Sample } from '../model/load.ts'
import { packSample } from '../model/sample-row.ts'
import { sampleOf } from '../testing/sample.ts'
import { LiveLoad } from './live-load.ts'

const row = (outcome: Sample['outcome'], endedUs: number | null): ReturnType<typeof packSample> =>
  packSample(
    sampleOf({ seq: 1, scheduledUs: 10, sentUs: null, writtenUs: null, firstByteUs: null, endedUs, outcome }),
  )

describe('a load while it runs', () => {
  it('counts what failed, and not what was never sent', () => {
    const live = new LiveLoad()
    live.note(row({ kind: 'succeeded', status: 200 }, 20), 99)
    expect(live).toMatchObject({ failed: 0, lastMissUs: null, firstSuccessUs: 20 })
    live.note(row({ kind: 'skipped' }, null), 30)
    expect(live).toMatchObject({ failed: 0, lastMissUs: 30 })
    live.note(row({ kind: 'failed', phase: 'connect', code: 'refused', status: null, detail: null }, 25), 99)
    expect(live).toMatchObject({ failed: 1, lastMissUs: 30 })
    live.note(row({ kind: 'unresolved' }, null), 40)
    live.note(row({ kind: 'succeeded', status: 200 }, 50), 99)
    expect(live).toMatchObject({ failed: 2, lastMissUs: 40, firstSuccessUs: 20 })
  })
})
