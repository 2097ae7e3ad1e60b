/** Protobuf's wire format: tags, varints, lengths. Problems are told in the words of Kubernetes's decoder. */
export class WireProblem extends Error {
  override name = 'WireProblem'
}

/** The wire types that there are. */
export const wire = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const

export interface Tag {
  number: number
  wireType: number
}

export class WireReader {
  private at = 0
  private readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get done(): boolean {
    return this.at >= this.bytes.length
  }

  tag(message: string): Tag {
    const value = Number(BigInt.asUintN(32, this.varint()))
    const tag = { number: value >>> 3, wireType: value & 7 }
    if (tag.wireType === wire.endGroup)
      throw new WireProblem(`proto: ${message}: wiretype end group for non-group`)
    if (tag.number === 0)
      throw new WireProblem(`proto: ${message}: illegal tag ${tag.number} (wire type ${value})`)
    return tag
  }

  varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const byte = this.bytes[this.at]
      if (byte === undefined) throw new WireProblem('unexpected EOF')
      this.at += 1
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new WireProblem('proto: integer overflow')
  }

  chunk(): Buffer {
    const length = BigInt.asIntN(64, this.varint())
    if (length < 0n) throw new WireProblem('proto: negative length found during unmarshaling')
    return this.take(Number(length))
  }

  take(length: number): Buffer {
    const end = this.at + length
    if (end > this.bytes.length) throw new WireProblem('unexpected EOF')
    const taken = this.bytes.subarray(this.at, end)
    this.at = end
    return taken
  }

  skip({ wireType }: Tag): void {
    let open = 0
    let type = wireType
    for (;;) {
      if (type === wire.varint) this.varint()
      else if (type === wire.fixed64) this.take(8)
      else if (type === wire.bytes) this.chunk()
      else if (type === wire.fixed32) this.take(4)
      else if (type === wire.startGroup) open += 1
      else if (type === wire.endGroup) open -= 1
      else throw new WireProblem(`proto: illegal wireType ${type}`)
      if (open < 0) throw new WireProblem('proto: unexpected end of group')
      if (open === 0) return
      type = Number(this.varint() & 7n)
    }
  }
}
