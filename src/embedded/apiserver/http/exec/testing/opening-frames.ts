/** The frames with which a SPDY client opens streams, their headers compressed by zlib itself. Tests only. */
import { constants, createDeflate } from 'node:zlib'
import { dictionary } from '../spdy/dictionary.ts'

export class OpeningFrames {
  readonly #deflate = createDeflate({ dictionary, level: constants.Z_BEST_COMPRESSION })

  async next(stream: number, headers: Record<string, string>, fin = false): Promise<Buffer> {
    const text = (value: string): Buffer => Buffer.concat([number32(value.length), Buffer.from(value)])
    const pairs = Object.entries(headers)
    const block = await this.#compressed(
      Buffer.concat([number32(pairs.length), ...pairs.flatMap(pair => pair.map(text))]),
    )
    const body = Buffer.concat([number32(stream), number32(0), Buffer.alloc(2), block])
    const head = Buffer.from([0x80, 3, 0, 1, fin ? 1 : 0])
    return Buffer.concat([head, number32(body.length).subarray(1), body])
  }

  async #compressed(plain: Buffer): Promise<Buffer> {
    const chunks: Buffer[] = []
    const onData = (chunk: Buffer): void => void chunks.push(chunk)
    this.#deflate.on('data', onData)
    this.#deflate.write(plain)
    await new Promise<void>(resolve => this.#deflate.flush(constants.Z_SYNC_FLUSH, resolve))
    this.#deflate.off('data', onData)
    return Buffer.concat(chunks)
  }
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
