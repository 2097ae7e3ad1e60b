/**
 * Header blocks, decoded (RFC 7541). The dynamic table is there in full although we announce a size of 0: until a peer
 * has seen that, it may use the 4096 bytes that every peer starts with, and one wrong entry would garble all that follow.
 */
import { isSame } from '../head-bytes.ts'
import { ProtocolBreach } from './codes.ts'
import { decodeHuffman } from './huffman.ts'
import { staticTable, type Field } from './static-table.ts'

const INITIAL_TABLE_BYTES = 4096
const ENTRY_OVERHEAD_BYTES = 32
/** A short block can name a long entry of the table again and again: the sum is what is bounded. */
const MAX_LIST_BYTES = 256 * 1024

export interface FieldSink {
  take(name: string, value: string): void
}

export class HpackDecoder {
  /** The newest first. */
  readonly #entries: Field[] = []
  #bytes = 0
  #maxBytes = INITIAL_TABLE_BYTES
  #allowedBytes = INITIAL_TABLE_BYTES
  #block: Buffer = Buffer.alloc(0)
  /** Of the literals whose name is in the static table, the last one of each: the next is likely to be the same. */
  readonly #lastLiterals: Field[] = []
  #at = 0
  #to = 0
  /** The last block said the same as it would at any other time: it had nothing to do with the dynamic table. */
  standsAlone = false

  /** The peer has acknowledged our setting: it may not choose more than that from now on. */
  allow(bytes: number): void {
    this.#allowedBytes = bytes
  }

  /** Tells each field of a whole block in order. Throws ProtocolBreach; the table is then of no use any more. */
  decode(block: Buffer, from: number, to: number, sink: FieldSink): void {
    this.#block = block
    this.#at = from
    this.#to = to
    this.standsAlone = true
    let mayResize = true
    let listBytes = 0
    while (this.#at < to) {
      const first = block[this.#at] ?? 0
      if ((first & 0xe0) === 0x20) {
        if (!mayResize) throw new ProtocolBreach('table size in the middle of a header block')
        this.#resize(this.#readInteger(0x1f))
        continue
      }
      mayResize = false
      const { name, value } = this.#readField(first)
      listBytes += name.length + value.length + ENTRY_OVERHEAD_BYTES
      if (listBytes > MAX_LIST_BYTES) throw new ProtocolBreach('header list size')
      sink.take(name, value)
    }
  }

  #readField(first: number): Field {
    if ((first & 0x80) !== 0) return this.#entry(this.#readInteger(0x7f))
    const indexed = (first & 0xc0) === 0x40
    const index = this.#readInteger(indexed ? 0x3f : 0x0f)
    if (index > 0 && index <= staticTable.length && !indexed) return this.#readKnown(index)
    const name = index === 0 ? this.#readString() : this.#entry(index).name
    const field = { name, value: this.#readString() }
    if (indexed) this.#add(field)
    return field
  }

  #readKnown(index: number): Field {
    const last = this.#lastLiterals[index]
    const from = this.#at + 1
    // A length of one byte, and no Huffman code.
    const length = this.#block[this.#at] ?? 0
    if (
      last !== undefined &&
      length < 0x7f &&
      from + length <= this.#to &&
      isSame(this.#block, from, from + length, last.value)
    ) {
      this.#at = from + length
      return last
    }
    const field = { name: this.#entry(index).name, value: this.#readString() }
    this.#lastLiterals[index] = field
    return field
  }

  #entry(index: number): Field {
    const known = staticTable.length
    if (index > known) this.standsAlone = false
    const field = index <= known ? staticTable[index - 1] : this.#entries[index - known - 1]
    if (field === undefined) throw new ProtocolBreach('header index')
    return field
  }

  #readInteger(prefix: number): number {
    let value = (this.#block[this.#at++] ?? 0) & prefix
    if (value < prefix) return value
    for (let scale = 1; scale <= 2 ** 21; scale *= 128) {
      const byte = this.#readByte()
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    throw new ProtocolBreach('integer in a header block')
  }

  #readByte(): number {
    if (this.#at >= this.#to) throw new ProtocolBreach('header block cut short')
    return this.#block[this.#at++] ?? 0
  }

  #readString(): string {
    if (this.#at >= this.#to) throw new ProtocolBreach('header block cut short')
    const huffman = (this.#block[this.#at] ?? 0) >= 128
    const length = this.#readInteger(0x7f)
    const from = this.#at
    if (length > this.#to - from) throw new ProtocolBreach('header block cut short')
    this.#at += length
    if (!huffman) return this.#block.toString('latin1', from, this.#at)
    const text = decodeHuffman(this.#block, from, this.#at)
    if (text === null) throw new ProtocolBreach('Huffman code')
    return text
  }

  #add(field: Field): void {
    this.standsAlone = false
    this.#bytes += sizeOf(field)
    this.#entries.unshift(field)
    this.#evict()
  }

  #resize(bytes: number): void {
    this.standsAlone = false
    if (bytes > this.#allowedBytes) throw new ProtocolBreach('table size')
    this.#maxBytes = bytes
    this.#evict()
  }

  /** An entry larger than the whole table empties it, and is no error (RFC 7541, 4.4). */
  #evict(): void {
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#entries.pop()
      if (oldest === undefined) return
      this.#bytes -= sizeOf(oldest)
    }
  }
}

function sizeOf({ name, value }: Field): number {
  return name.length + value.length + ENTRY_OVERHEAD_BYTES
}
