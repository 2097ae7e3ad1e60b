/**
 * Reads a recording back, of a finished run or of one that broke off: torn lines are counted, not fatal. What makes a
 * folder unreadable as a whole (no manifest, another version) is a RecordingError.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { DriverLimits, DriverStall, ProbeSample, Sample, SampleRow } from '../model/load.ts'
import { RECORDING_VERSION, type Manifest, type Recording } from '../model/recording.ts'
import { unpackSample } from '../model/sample-row.ts'
import type { LedgerEntry, Mark, Transition } from '../model/transition.ts'
import { recordingFiles, type StreamName } from './files.ts'

export class RecordingError extends Error {
  override name = 'RecordingError'
}

export async function readRecording(folder: string): Promise<Recording> {
  const manifest = await readManifest(folder)
  const torn: Recording['torn'] = []
  const lines = async <T>(name: StreamName, accept: (line: unknown) => T | null): Promise<T[]> => {
    const file = recordingFiles[name]
    const { values, tornLines } = await readLines(path.join(folder, file), accept)
    if (tornLines > 0) torn.push({ file, lines: tornLines })
    return values
  }

  const stalls: DriverStall[] = []
  const probes: ProbeSample[] = []
  const told: { limits: DriverLimits | null } = { limits: null }
  const samples = await lines<Sample>('samples', line => {
    if (Array.isArray(line)) return unpackSample(line as SampleRow)
    if (isObject(line) && 'stall' in line) stalls.push(line.stall as DriverStall)
    if (isObject(line) && 'probe' in line) probes.push(line.probe as ProbeSample)
    // The later ones know more.
    if (isObject(line) && 'limits' in line) told.limits = line.limits as DriverLimits
    return null
  })
  const transitions = await lines<Transition>('transitions', line => line as Transition)
  const marks = mergeMarks(await lines<Mark>('marks', line => line as Mark))
  const ledger = await lines<LedgerEntry>('ledger', line => {
    const [pod, request, atUs, what] = line as [string, string, number, LedgerEntry['what']]
    return { pod, request, atUs, what }
  })
  return { manifest, samples, stalls, probes, ...told, transitions, marks, ledger, torn }
}

async function readManifest(folder: string): Promise<Manifest> {
  const file = path.join(folder, recordingFiles.manifest)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch {
    throw new RecordingError(
      `${file}: not there; expected the folder of one recording, as reports/<run>/<name>`,
    )
  }
  let manifest: unknown
  try {
    manifest = JSON.parse(text)
  } catch (error) {
    throw new RecordingError(`${file}: not JSON: ${error instanceof Error ? error.message : 'unreadable'}`)
  }
  const version = isObject(manifest) && 'version' in manifest ? manifest.version : undefined
  if (version !== RECORDING_VERSION) {
    throw new RecordingError(
      `${file}: recording version ${String(version)}; this program reads ${RECORDING_VERSION}`,
    )
  }
  return manifest as Manifest
}

async function readLines<T>(
  file: string,
  accept: (line: unknown) => T | null,
): Promise<{ values: T[]; tornLines: number }> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch {
    return { values: [], tornLines: 1 }
  }
  const values: T[] = []
  let tornLines = 0
  for (const line of text.split('\n')) {
    if (line === '') continue
    try {
      const value = accept(JSON.parse(line))
      if (value !== null) values.push(value)
    } catch {
      tornLines += 1
    }
  }
  return { values, tornLines }
}

/** A mark is written at its begin and again at its end; the later line holds both. */
function mergeMarks(lines: Mark[]): Mark[] {
  const marks = new Map<string, Mark>()
  for (const mark of lines) marks.set(`${mark.what} ${mark.beginUs}`, mark)
  return [...marks.values()]
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
