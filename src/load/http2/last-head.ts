/** A head that names no request is likely to come again, byte for byte: then it need not be decoded again. */
import { SeenBytes } from '../seen-bytes.ts'
import type { AnswerHead } from './answer-head.ts'

export class LastHead {
  readonly #block = new SeenBytes()
  #head: AnswerHead | null = null

  /** What the block says, if it is the one that was kept. */
  of(block: Buffer, from: number, to: number): AnswerHead | null {
    return to - from === this.#block.length && this.#block.startAt(block, from, to) ? this.#head : null
  }

  /** The block must say the same at any time. */
  keep(block: Buffer, from: number, to: number, head: AnswerHead): void {
    this.#head = this.#block.keep(block, from, to) ? head : null
  }
}
