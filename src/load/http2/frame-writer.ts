/** Frames as text of one byte per character: short pieces are joined faster as strings than as buffers. */
import { frameFlag, frameType, MAX_FRAME_BYTES } from './codes.ts'

export function frame(type: number, flags: number, streamId: number, payload: string): string {
  const { length } = payload
  const head = String.fromCharCode(length >>> 16, (length >>> 8) & 255, length & 255, type, flags)
  return head + uint32(streamId) + payload
}

export function uint32(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): string {
  const payload = settings.map(([id, value]) => String.fromCharCode(id >>> 8, id & 255) + uint32(value))
  return frame(frameType.settings, 0, 0, payload.join(''))
}

/** HEADERS, and CONTINUATION where the block is longer than a frame that every peer must take. */
export function headersFrames(streamId: number, block: string, endStream: boolean): string {
  const end = endStream ? frameFlag.endStream : 0
  if (block.length <= MAX_FRAME_BYTES)
    return frame(frameType.headers, frameFlag.endHeaders | end, streamId, block)
  let frames = frame(frameType.headers, end, streamId, block.slice(0, MAX_FRAME_BYTES))
  for (let at = MAX_FRAME_BYTES; at < block.length; at += MAX_FRAME_BYTES) {
    const last = at + MAX_FRAME_BYTES >= block.length ? frameFlag.endHeaders : 0
    frames += frame(frameType.continuation, last, streamId, block.slice(at, at + MAX_FRAME_BYTES))
  }
  return frames
}

export function rstStreamFrame(streamId: number, code: number): string {
  return frame(frameType.rstStream, 0, streamId, uint32(code))
}

export function windowUpdateFrame(streamId: number, increment: number): string {
  return frame(frameType.windowUpdate, 0, streamId, uint32(increment))
}

/** We take no streams from the peer, so the last one is 0. */
export function goawayFrame(code: number): string {
  return frame(frameType.goaway, 0, 0, uint32(0) + uint32(code))
}
