/**
 * Frames of SPDY/3.1: eight bytes of head, then as many bytes as it says. A set first bit marks a control frame, with
 * version and type; else the head begins with the stream that the data belongs to.
 */
export type Frame =
  | { type: 'data'; stream: number; fin: boolean; bytes: Buffer }
  /** SYN_STREAM. */
  | { type: 'open'; stream: number; fin: boolean; headers: Buffer }
  /** HEADERS, and SYN_REPLY: nobody asks what they say, but the next ones cannot be read without them. */
  | { type: 'headers'; headers: Buffer }
  | { type: 'reset'; stream: number }
  | { type: 'ping'; id: number }
  | { type: 'goodbye' }
  /** SETTINGS and WINDOW_UPDATE, which Kubernetes's clients neither send nor obey. */
  | { type: 'other' }

const version = 3
const types = { open: 1, reply: 2, reset: 3, ping: 6, goodbye: 7, headers: 8 } as const
const finFlag = 1
const headBytes = 8
/** A client sends what it has read at once, some 32 KiB. */
const lengthLimitBytes = 1024 * 1024

export class FrameSplitter {
  #rest = Buffer.alloc(0)

  /** The frames that are whole now. Throws when the bytes cannot be SPDY. */
  push(bytes: Buffer): Frame[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    const frames: Frame[] = []
    let at = 0
    while (all.length - at >= headBytes) {
      const length = all.readUIntBE(at + 5, 3)
      if (length > lengthLimitBytes) throw new RangeError(`a frame of ${length} bytes`)
      const end = at + headBytes + length
      if (end > all.length) break
      frames.push(parse(all.subarray(at, at + headBytes), all.subarray(at + headBytes, end)))
      at = end
    }
    this.#rest = Buffer.from(all.subarray(at))
    return frames
  }
}

const streamOf = (bytes: Buffer): number => bytes.readUInt32BE() & 0x7fffffff

/** A body that is too short throws a RangeError. */
function parse(head: Buffer, body: Buffer): Frame {
  const fin = (head.readUInt8(4) & finFlag) !== 0
  const first = head.readUInt16BE()
  if ((first & 0x8000) === 0) return { type: 'data', stream: streamOf(head), fin, bytes: body }
  if ((first & 0x7fff) !== version) throw new RangeError(`SPDY version ${first & 0x7fff}`)
  switch (head.readUInt16BE(2)) {
    case types.open:
      // The stream, one that it goes with, priority and slot.
      return { type: 'open', stream: streamOf(body), fin, headers: body.subarray(10) }
    case types.reply:
    case types.headers:
      return { type: 'headers', headers: body.subarray(4) }
    case types.reset:
      return { type: 'reset', stream: streamOf(body) }
    case types.ping:
      return { type: 'ping', id: body.readUInt32BE() }
    case types.goodbye:
      return { type: 'goodbye' }
    default:
      return { type: 'other' }
  }
}

export function dataFrame(stream: number, bytes: Buffer, fin: boolean): Buffer {
  const head = Buffer.alloc(headBytes)
  head.writeUInt32BE(stream)
  head.writeUInt32BE(((fin ? finFlag : 0) << 24) | bytes.length, 4)
  return Buffer.concat([head, bytes])
}

export function replyFrame(stream: number, headers: Buffer): Buffer {
  return control(types.reply, [number32(stream), headers])
}

export const refused = 3
export const cancelled = 5

export function resetFrame(stream: number, status: typeof refused | typeof cancelled): Buffer {
  return control(types.reset, [number32(stream), number32(status)])
}

export function pingFrame(id: number): Buffer {
  return control(types.ping, [number32(id)])
}

function control(type: number, parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(headBytes)
  head.writeUInt16BE(0x8000 | version)
  head.writeUInt16BE(type, 2)
  head.writeUInt32BE(body.length, 4)
  return Buffer.concat([head, body])
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
