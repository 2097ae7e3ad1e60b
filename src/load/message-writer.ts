/**
 * The way out: lines gathered and written together, since a write per sample would cost more than the sample. The
 * stream's buffer may grow while the reader is slow; the driver never waits for it.
 */
import { toLine } from '../base/ndjson.ts'
import type { LoadMessage } from '../model/load.ts'

export interface TextSink {
  /** Calls back when the reader's end has taken it. */
  write(text: string, onWritten?: () => void): unknown
}

const WRITE_PERIOD_US = 50_000

export class MessageWriter {
  #lines: string[] = []
  #writtenUs = 0
  readonly #stream: TextSink

  constructor(stream: TextSink) {
    this.#stream = stream
  }

  emit(message: LoadMessage): void {
    this.#lines.push(toLine(message))
  }

  /** Writes what has gathered, at most once in 50 ms. */
  writeIfDue(nowUs: number): void {
    if (this.#lines.length === 0 || nowUs - this.#writtenUs < WRITE_PERIOD_US) return
    this.#writtenUs = nowUs
    this.flush()
  }

  flush(): void {
    this.#stream.write(this.#lines.join(''))
    this.#lines = []
  }

  /** Writes the rest, and calls back when the reader's end has taken it. */
  close(onWritten: () => void): void {
    this.#stream.write(this.#lines.join(''), () => onWritten())
    this.#lines = []
  }
}
