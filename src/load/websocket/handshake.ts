/** The opening handshake of a WebSocket (RFC 6455, 4), from the client's side. */
import { createHash, randomBytes } from 'node:crypto'
import type { AnswerTap } from '../response-parser.ts'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

export class Handshake implements AnswerTap {
  readonly #key = randomBytes(16).toString('base64')
  readonly #answered = new Map<string, string>()

  request(path: string, host: string, requestId: string): string {
    return (
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nx-request-id: ${requestId}\r\n` +
      `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${this.#key}\r\n\r\n`
    )
  }

  onField(name: string, value: string): void {
    if (wanted.has(name)) this.#answered.set(name, value)
  }

  onContent(): void {
    // A 101 has none; that of a refusal is passed over.
  }

  /** What is wrong with a 101; null when it is right. We asked for no extension and no subprotocol. */
  get flaw(): string | null {
    const fields = this.#answered
    const accept = createHash('sha1').update(this.#key).update(GUID).digest('base64')
    if (fields.get('upgrade')?.toLowerCase() !== 'websocket') return 'Upgrade'
    const options = fields.get('connection')?.toLowerCase().split(',') ?? []
    if (!options.some(option => option.trim() === 'upgrade')) return 'Connection'
    if (fields.get('sec-websocket-accept') !== accept) return 'Sec-WebSocket-Accept'
    if (fields.has('sec-websocket-extensions')) return 'Sec-WebSocket-Extensions'
    return fields.has('sec-websocket-protocol') ? 'Sec-WebSocket-Protocol' : null
  }
}

const wanted = new Set([
  'upgrade',
  'connection',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
])
