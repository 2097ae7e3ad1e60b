import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import type { DriverLimits, ProbeSample, Sample } from '../model/load.ts'
import type { Manifest } from '../model/recording.ts'
import { packSample, unpackSample } from '../model/sample-row.ts'
import { readRecording, RecordingError } from './reader.ts'
import { RecordingWriter } from './writer.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'recording-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const manifest = { version: 1, name: 'naive.drain', endedUs: null, totals: null } as unknown as Manifest

function sample(seq: number, outcome: Sample['outcome']): Sample {
  return {
    seq,
    population: 'reused',
    kind: 'post',
    scheduledUs: 1_000_000 + seq,
    sentUs: 1_000_100 + seq,
    writtenUs: 1_000_200 + seq,
    firstByteUs: null,
    endedUs: 1_000_300 + seq,
    connection: {
      id: 3,
      use: 2,
      idleUs: 500,
      openedUs: 900_000,
      localPort: 40_000,
      remoteAddress: '127.3.1.4',
      remotePort: 8080,
    },
    servedBy: 'web-1',
    outcome,
  }
}

const samples: Sample[] = [
  sample(0, { kind: 'succeeded', status: 200 }),
  sample(1, { kind: 'failed', phase: 'headers', code: 'reset', status: null, detail: 'read ECONNRESET' }),
  { ...sample(2, { kind: 'unresolved' }), endedUs: null, servedBy: null },
  {
    ...sample(3, { kind: 'skipped' }),
    sentUs: null,
    writtenUs: null,
    endedUs: null,
    connection: null,
    servedBy: null,
  },
]

const probe: ProbeSample = {
  seq: 1,
  sentUs: 1_000_400,
  endedUs: 1_000_900,
  localPort: 40_001,
  remoteAddress: '127.3.1.5',
  remotePort: 8080,
  servedBy: 'web-2',
  outcome: { kind: 'succeeded', status: 200 },
}

const limits: DriverLimits = {
  reached: ['ports'],
  localPorts: 2,
  localFiles: 0,
  fileLimit: 1024,
  filesNeeded: 500,
  cpuShare: 0.2,
  waitShare: null,
  stalls: 1,
  longestStallMs: 60,
  skippedForOpen: 0,
  skippedForTime: 0,
}

async function write(onFailure: (error: Error) => void = () => undefined): Promise<RecordingWriter> {
  const writer = await RecordingWriter.create(path.join(folder, 'run'), manifest, systemClock, onFailure)
  for (const one of samples) writer.sample(packSample(one))
  writer.stall({ fromUs: 1, toUs: 2 })
  writer.probe(probe)
  writer.limits({ ...limits, reached: [] })
  writer.limits(limits)
  writer.transition({ atUs: 5, kind: 'pod-deleted', pod: 'web-1' })
  writer.mark({ what: 'baseline', beginUs: 1, endUs: null, detail: null })
  writer.mark({ what: 'baseline', beginUs: 1, endUs: 9, detail: null })
  writer.mark({ what: 'disruption', beginUs: 9, endUs: null, detail: null })
  writer.ledger({ pod: 'web-1', request: 'abc-0', atUs: 7, what: 'answered' })
  return writer
}

describe('a recording', () => {
  it('comes back as it was written', async () => {
    const totals = { scheduled: 4, sent: 3, skipped: 1, succeeded: 1, failed: 1, unresolved: 1 }
    await (await write()).close({ ...manifest, totals })
    const recording = await readRecording(path.join(folder, 'run'))
    expect(recording).toEqual({
      manifest: { ...manifest, totals },
      samples,
      stalls: [{ fromUs: 1, toUs: 2 }],
      probes: [probe],
      limits,
      transitions: [{ atUs: 5, kind: 'pod-deleted', pod: 'web-1' }],
      marks: [
        { what: 'baseline', beginUs: 1, endUs: 9, detail: null },
        { what: 'disruption', beginUs: 9, endUs: null, detail: null },
      ],
      ledger: [{ pod: 'web-1', request: 'abc-0', atUs: 7, what: 'answered' }],
      torn: [],
    })
  })

  it('keeps every kind of sample through packing', () => {
    expect(samples.map(one => unpackSample(packSample(one)))).toEqual(samples)
  })

  it('is readable after a crash: the torn last line is counted, the rest is there', async () => {
    await (await write()).close(manifest)
    const file = path.join(folder, 'run', 'samples.ndjson')
    truncateSync(file, readFileSync(file).length - 5)
    appendFileSync(path.join(folder, 'run', 'ledger.ndjson'), '["web-2","abc-')
    const recording = await readRecording(path.join(folder, 'run'))
    expect(recording.samples).toEqual(samples)
    expect(recording.torn).toEqual([
      { file: 'samples.ndjson', lines: 1 },
      { file: 'ledger.ndjson', lines: 1 },
    ])
  })

  it('refuses books that do not balance', async () => {
    const totals = { scheduled: 4, sent: 4, skipped: 0, succeeded: 2, failed: 1, unresolved: 0 }
    await expect((await write()).close({ ...manifest, totals })).rejects.toThrow('sent 4 ≠')
  })

  it('says what is wrong with a folder that holds none', async () => {
    await expect(readRecording(folder)).rejects.toThrow(RecordingError)
    writeFileSync(path.join(folder, 'manifest.json'), '{"version":99}')
    await expect(readRecording(folder)).rejects.toThrow('recording version 99; this program reads 1')
  })
})
