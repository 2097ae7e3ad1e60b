/**
 * An answer that goes on until one side ends it. A client that does not read is cut off rather than buffered for
 * without bound.
 */
import type { Exchange } from './exchange.ts'

const unreadLimitBytes = 16 * 1024 * 1024

export interface LineStream {
  write(text: string | Buffer): void
  end(text?: string): void
  /** Called once, when the stream has ended for whatever reason; at once when it already has. */
  onClosed(action: () => void): void
}

export function openLineStream({ response }: Exchange, contentType: string): LineStream {
  response.writeHead(200, { 'Content-Type': contentType, 'Cache-Control': 'no-cache, private' })
  response.flushHeaders()
  // A socket that fails is reported by 'close' too; without a listener the error would end the process.
  response.on('error', () => response.destroy())
  return {
    write(text) {
      if (response.destroyed || response.writableEnded) return
      response.write(text)
      if (response.writableLength > unreadLimitBytes) response.destroy()
    },
    end(text) {
      if (response.destroyed || response.writableEnded) return
      response.end(text)
    },
    onClosed(action) {
      if (response.destroyed) action()
      else response.once('close', action)
    },
  }
}
