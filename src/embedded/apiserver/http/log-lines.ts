/** A log as a client gets it: with the time before each line if it asked for that, and cut off where it wants no more. */
import type { LogTimes } from '../../log-times.ts'
import type { LogOptions } from './log-options.ts'

const newline = 10

export class LogLines {
  readonly #times: LogTimes
  readonly #timestamps: boolean
  #left: number
  #atBegin: boolean

  constructor(
    times: LogTimes,
    { timestamps, limitBytes }: Pick<LogOptions, 'timestamps' | 'limitBytes'>,
    beginsLine: boolean,
  ) {
    this.#times = times
    this.#timestamps = timestamps
    this.#left = limitBytes ?? Infinity
    this.#atBegin = beginsLine
  }

  get full(): boolean {
    return this.#left <= 0
  }

  /** What comes of the bytes that stand at that offset; they follow upon those of the last call. */
  shown(bytes: Buffer, offset: number): Buffer {
    const text = this.#timestamps ? this.#stamped(bytes, offset) : bytes
    const shown = text.subarray(0, Math.min(text.length, this.#left))
    this.#left -= shown.length
    return shown
  }

  #stamped(bytes: Buffer, offset: number): Buffer {
    const parts: Buffer[] = []
    for (let from = 0; from < bytes.length;) {
      // By its first byte: a line that is not whole yet has a time already, and keeps it.
      if (this.#atBegin) parts.push(Buffer.from(`${instantText(this.#times.atUs(offset + from))} `))
      const found = bytes.indexOf(newline, from)
      const next = found < 0 ? bytes.length : found + 1
      parts.push(bytes.subarray(from, next))
      this.#atBegin = found >= 0
      from = next
    }
    return Buffer.concat(parts)
  }
}

/** With all nine digits, as the kubelet writes it, though no clock here has more than six. */
function instantText(atUs: number): string {
  const micros = String(atUs % 1000).padStart(3, '0')
  return new Date(Math.floor(atUs / 1000)).toISOString().replace('Z', `${micros}000Z`)
}
