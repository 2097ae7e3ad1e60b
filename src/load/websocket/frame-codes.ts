/** The numbers of the WebSocket protocol (RFC 6455, 5.2 and 7.4). */
export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** The peer broke the protocol. `what` is a short word for the failure's detail. */
export class WebSocketBreach extends Error {
  readonly what: string

  constructor(what: string) {
    super(`WebSocket: ${what}`)
    this.what = what
  }
}

/** May a peer send this in a close frame? */
export function isCloseCode(code: number): boolean {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999)
}

/** No code in the close frame: never on the wire, only told of (RFC 6455, 7.1.5). */
export const NO_CLOSE_CODE = 1005

/** Goodbyes that say: all was well, go elsewhere. Normal, going away, service restart; and one that gives no reason. */
export const cleanCloseCodes: ReadonlySet<number> = new Set([1000, 1001, NO_CLOSE_CODE, 1012])
