/** Bytes that may come again: to compare is less than to read. */
const LONGEST = 512

export class SeenBytes {
  #bytes: Buffer | null = null
  /** 0: none are kept. */
  length = 0

  /** Are they what stands in `bytes` from `from` on? */
  startAt(bytes: Buffer, from: number, to: number): boolean {
    const seen = this.#bytes
    const { length } = this
    if (seen === null || length === 0 || to - from < length) return false
    for (let index = 0; index < length; index++) if (bytes[from + index] !== seen[index]) return false
    return true
  }

  /** False where there are too many. */
  keep(bytes: Buffer, from: number, to: number): boolean {
    this.length = 0
    if (to - from > LONGEST) return false
    this.#bytes ??= Buffer.allocUnsafe(LONGEST)
    bytes.copy(this.#bytes, 0, from, to)
    this.length = to - from
    return true
  }

  forget(): void {
    this.length = 0
  }
}
