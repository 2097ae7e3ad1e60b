/**
 * Appends a recording as the run goes. Lines are gathered for a moment and written whole, so a crash loses the last
 * instant and never tears more than one line. A full disk fails the run at once and leaves what was written.
 */
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { assert } from '../base/assert.ts'
import type { Clock, Timer } from '../base/clock.ts'
import { toLine } from '../base/ndjson.ts'
import { writeWhole } from '../base/write-whole.ts'
import type { DriverLimits, DriverStall, LoadTotals, ProbeSample, SampleRow } from '../model/load.ts'
import type { Manifest } from '../model/recording.ts'
import { sampleColumns } from '../model/sample-row.ts'
import type { LedgerEntry, Mark, Transition } from '../model/transition.ts'
import { recordingFiles, streamNames, type StreamName } from './files.ts'

const FLUSH_MS = 50

export class RecordingWriter {
  readonly folder: string
  readonly #clock: Clock
  readonly #streams: Record<StreamName, WriteStream>
  readonly #pending: Record<StreamName, string> = { samples: '', transitions: '', marks: '', ledger: '' }
  readonly #onFailure: (error: Error) => void
  #timer: Timer | null = null
  #closed = false

  private constructor(folder: string, clock: Clock, onFailure: (error: Error) => void) {
    this.folder = folder
    this.#clock = clock
    this.#onFailure = onFailure
    const open = (name: StreamName): WriteStream => {
      const stream = createWriteStream(path.join(folder, recordingFiles[name]), { flags: 'wx' })
      stream.on('error', error => this.#onFailure(error))
      return stream
    }
    this.#streams = {
      samples: open('samples'),
      transitions: open('transitions'),
      marks: open('marks'),
      ledger: open('ledger'),
    }
    this.#append('samples', { columns: sampleColumns })
  }

  /** `onFailure` is called when the disk refuses; the caller ends the run. */
  static async create(
    folder: string,
    manifest: Manifest,
    clock: Clock,
    onFailure: (error: Error) => void,
  ): Promise<RecordingWriter> {
    await mkdir(folder, { recursive: true })
    await writeManifest(folder, manifest)
    return new RecordingWriter(folder, clock, onFailure)
  }

  sample(row: SampleRow): void {
    this.#append('samples', row)
  }

  stall(stall: DriverStall): void {
    this.#append('samples', { stall })
  }

  limits(limits: DriverLimits): void {
    this.#append('samples', { limits })
  }

  probe(probe: ProbeSample): void {
    this.#append('samples', { probe })
  }

  transition(transition: Transition): void {
    this.#append('transitions', transition)
  }

  mark(mark: Mark): void {
    this.#append('marks', mark)
  }

  ledger({ pod, request, atUs, what }: LedgerEntry): void {
    this.#append('ledger', [pod, request, atUs, what])
  }

  /** Flushes everything and writes the final manifest. */
  async close(manifest: Manifest): Promise<void> {
    if (manifest.totals !== null) assertBalanced(manifest.totals)
    this.#flush()
    this.#closed = true
    await Promise.all(streamNames.map(name => endStream(this.#streams[name])))
    await writeManifest(this.folder, manifest)
  }

  #append(name: StreamName, value: unknown): void {
    if (this.#closed) return
    this.#pending[name] += toLine(value)
    this.#timer ??= this.#clock.after(FLUSH_MS, () => this.#flush())
  }

  #flush(): void {
    this.#timer?.cancel()
    this.#timer = null
    for (const name of streamNames) {
      if (this.#pending[name] === '') continue
      this.#streams[name].write(this.#pending[name])
      this.#pending[name] = ''
    }
  }
}

/** The conservation law, as the driver tells it; the reader asserts it again over the samples themselves. */
export function assertBalanced({
  scheduled,
  sent,
  skipped,
  succeeded,
  failed,
  unresolved,
}: LoadTotals): void {
  assert(scheduled === sent + skipped, `scheduled ${scheduled} ≠ sent ${sent} + skipped ${skipped}`)
  const outcomes = succeeded + failed + unresolved
  assert(
    sent === outcomes,
    `sent ${sent} ≠ succeeded ${succeeded} + failed ${failed} + unresolved ${unresolved}`,
  )
}

function endStream(stream: WriteStream): Promise<void> {
  return new Promise(resolve => {
    if (stream.destroyed) resolve()
    else {
      stream.once('close', resolve)
      stream.end()
    }
  })
}

function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  return writeWhole(path.join(folder, recordingFiles.manifest), `${JSON.stringify(manifest, null, 2)}\n`)
}
