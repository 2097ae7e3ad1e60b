/**
 * The way out: lines gathered and written together, since a write per sample would cost more than the sample. The
 * stream's buffer may grow while the reader is slow; the driver never waits for it.
 */
import type { Writable } from 'node:stream'
import { toLine } from '../base/ndjson.ts'
import type { LoadMessage } from '../model/load.ts'

const WRITE_PERIOD_US = 50_000

/** Where a driver's messages go. */
export interface MessageSink {
  emit(message: LoadMessage): void
  /** Called at each turn: a chance to write out what was emitted. */
  writeIfDue(nowUs: number): void
  /** Nothing more will be emitted: the program ends when its reader has everything. */
  close(): void
}

export class MessageWriter implements MessageSink {
  #lines: string[] = []
  #writtenUs = 0
  readonly #stream: Writable
  readonly #onWritten: () => void

  /** `onWritten` is called when the reader's end has taken the last line. */
  constructor(stream: Writable, onWritten: () => void) {
    this.#stream = stream
    this.#onWritten = onWritten
  }

  emit(message: LoadMessage): void {
    this.#lines.push(toLine(message))
  }

  /** Writes what has gathered, at most once in 50 ms. */
  writeIfDue(nowUs: number): void {
    if (this.#lines.length === 0 || nowUs - this.#writtenUs < WRITE_PERIOD_US) return
    this.#writtenUs = nowUs
    this.#stream.write(this.#lines.join(''))
    this.#lines = []
  }

  close(): void {
    this.#stream.write(this.#lines.join(''), () => this.#onWritten())
    this.#lines = []
  }
}
