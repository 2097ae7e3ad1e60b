/** The frames that a client sends, for servers of tests. */
import type { Socket } from 'node:net'

export interface ClientFrame {
  type: number
  flags: number
  streamId: number
  payload: Buffer
}

const PREFACE_BYTES = 24
const HEAD_BYTES = 9

/** Calls back for each whole frame after the client's preface. */
export function onFrames(socket: Socket, accept: (frame: ClientFrame) => void): void {
  let bytes = Buffer.alloc(0)
  let skip = PREFACE_BYTES
  socket.on('data', chunk => {
    bytes = Buffer.concat([bytes, chunk])
    if (bytes.length < skip) return
    bytes = bytes.subarray(skip)
    skip = 0
    while (bytes.length >= HEAD_BYTES && bytes.length >= HEAD_BYTES + bytes.readUIntBE(0, 3)) {
      const end = HEAD_BYTES + bytes.readUIntBE(0, 3)
      const [type = 0, flags = 0] = bytes.subarray(3, 5)
      const frame = { type, flags, streamId: bytes.readUInt32BE(5), payload: bytes.subarray(HEAD_BYTES, end) }
      bytes = bytes.subarray(end)
      accept(frame)
    }
  })
}
