/**
 * Header blocks: number of pairs, then each name and value with its length. All blocks of one direction are one zlib
 * stream. Those that we send are empty, so they need no compressor: each is a stored block of four zero bytes.
 */
import { createInflate, type Inflate } from 'node:zlib'
import { dictionary } from './dictionary.ts'

/** By name in lower case. */
export type Headers = ReadonlyMap<string, string>

/** The head of a zlib stream with a dictionary, and that dictionary's Adler-32. */
const streamHead = Buffer.from([0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2])
/**
 * Not the last one, stored, length 4, its complement, no pairs. An empty one follows: Go gives out what it has read when it
 * meets that, and else waits for more.
 */
const noPairs = Buffer.from([0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0, ...[0, 0, 0, 0xff, 0xff]])

export class EmptyHeaders {
  #begun = false

  next(): Buffer {
    const block = this.#begun ? noPairs : Buffer.concat([streamHead, noPairs])
    this.#begun = true
    return block
  }
}

export class HeaderReader {
  readonly #inflate: Inflate = createInflate({ dictionary })
  #out: Buffer[] = []

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => this.#out.push(chunk))
    // Whoever waits for a block sees it close.
    this.#inflate.on('error', () => undefined)
  }

  /** Blocks must be read one after the other, in their order. Rejects when one is none. */
  async read(block: Buffer): Promise<Headers> {
    await new Promise<void>((resolve, reject) => {
      // What fails is closed, and its write never returns.
      const onClose = (): void => reject(new RangeError('the header blocks are no zlib stream'))
      this.#inflate.once('close', onClose)
      this.#inflate.write(block, () => {
        this.#inflate.off('close', onClose)
        resolve()
      })
    })
    const bytes = Buffer.concat(this.#out)
    this.#out = []
    return pairsOf(bytes)
  }

  close(): void {
    this.#inflate.destroy()
  }
}

/** Throws a RangeError when the bytes are too few. */
function pairsOf(bytes: Buffer): Headers {
  let at = 0
  const number = (): number => bytes.readUInt32BE((at += 4) - 4)
  const text = (): string => {
    const length = number()
    if (length > bytes.length - at) throw new RangeError('a header is longer than its block')
    return bytes.toString('latin1', at, (at += length))
  }
  const pairs = new Map<string, string>()
  for (let left = number(); left > 0; left--) pairs.set(text().toLowerCase(), text())
  return pairs
}
