/** A client's frames, as text of one byte per character: always whole, always masked (RFC 6455, 5.3). */
import { randomBytes } from 'node:crypto'
import { opcode } from './frame-codes.ts'

/** `payload` is short: what we send ourselves, or a ping's that is sent back. */
export function clientFrame(code: number, payload: string): string {
  const mask = randomBytes(4)
  const bytes = Buffer.from(payload, 'latin1')
  for (let at = 0; at < bytes.length; at++) bytes[at] = (bytes[at] ?? 0) ^ (mask[at & 3] ?? 0)
  const head = String.fromCharCode(0x80 | code, 0x80 | bytes.length)
  return head + mask.toString('latin1') + bytes.toString('latin1')
}

export function closeFrame(code: number): string {
  return clientFrame(opcode.close, String.fromCharCode(code >>> 8, code & 255))
}
