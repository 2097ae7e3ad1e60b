/** Stored recordings as a command is given them: what is not one, or cannot be read, is the caller's mistake. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { recordingFiles } from '../recording/files.ts'
import { RecordingError } from '../recording/reader.ts'
import { UsageError } from './exit-code.ts'

/** Their folders: one at least. */
export type StoredRecordings = readonly [string, ...string[]]

/** The recordings of a run, by name; or the one that the folder is. `expected`: said where there is none. */
export function recordingsIn(folder: string, expected: string): StoredRecordings {
  const [first, ...others] = foundIn(folder)
  if (first === undefined) throw new UsageError(`${folder}: no recording; expected ${expected}`)
  return [first, ...others]
}

function foundIn(folder: string): string[] {
  const isRecording = (candidate: string): boolean =>
    existsSync(path.join(candidate, recordingFiles.manifest))
  if (isRecording(folder)) return [folder]
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => path.join(folder, entry.name))
    .filter(isRecording)
    .sort()
}

/** Reads, and tells of a recording that cannot be read as of a wrong argument. */
export async function readingStored<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof RecordingError) throw new UsageError(error.message)
    throw error
  }
}
