/** The messages in the body of a gRPC answer: a flag, a length in four bytes, then as many bytes. Only counted. */
const PREFIX_BYTES = 5

export class MessageReader {
  /** Whole messages so far. */
  messages = 0
  /** A message is compressed, and nobody has said how. */
  compressed = false
  #prefix = 0
  #length = 0
  #left = 0

  /** Nothing of a further message has come. */
  get between(): boolean {
    return this.#prefix === 0
  }

  push(bytes: Buffer, from: number, to: number): void {
    let at = from
    while (at < to)
      if (this.#prefix < PREFIX_BYTES) this.#takePrefix(bytes[at++] ?? 0)
      else {
        const taken = Math.min(this.#left, to - at)
        this.#left -= taken
        at += taken
        this.#endIfWhole()
      }
  }

  #takePrefix(byte: number): void {
    if (this.#prefix === 0) this.compressed ||= byte !== 0
    else this.#length = this.#length * 256 + byte
    this.#prefix += 1
    if (this.#prefix < PREFIX_BYTES) return
    this.#left = this.#length
    this.#endIfWhole()
  }

  #endIfWhole(): void {
    if (this.#left > 0) return
    this.messages += 1
    this.#prefix = 0
    this.#length = 0
  }
}
