/**
 * Numbered lines, kept until their reader says that it has them. A reader that comes anew begins where the last one
 * stopped: nothing is lost with a connection, and nothing is told twice.
 */
import { assert } from '../base/assert.ts'

export class KeptLines<T> {
  #kept: T[] = []
  /** Number of the first line kept. */
  #first = 0
  /** Number of the next line for the present reader. */
  #next = 0

  add(line: T): void {
    this.#kept.push(line)
  }

  /** A reader that has every line before number `from`. */
  resume(from: number): void {
    this.read(from)
    this.#next = from
  }

  /** Every line before number `to` has been read. */
  read(to: number): void {
    assert(to <= this.#end, `line ${to} cannot have been read: there are ${this.#end}`)
    if (to <= this.#first) return
    this.#kept.splice(0, to - this.#first)
    this.#first = to
    this.#next = Math.max(this.#next, to)
  }

  /** The next lines for the present reader, at most so many. */
  take(most: number): { number: number; line: T }[] {
    const from = this.#next
    const lines = this.#kept.slice(from - this.#first, from - this.#first + most)
    this.#next += lines.length
    return lines.map((line, index) => ({ number: from + index, line }))
  }

  /** How many lines were not read. */
  get unread(): number {
    return this.#kept.length
  }

  get #end(): number {
    return this.#first + this.#kept.length
  }
}
