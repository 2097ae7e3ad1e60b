/** The numbers of HTTP/2 (RFC 9113, 6 and 7) and what a peer that breaks its rules is answered with. */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const frameFlag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const

export const settingId = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const

export const errorCode = { noError: 0, protocolError: 1, refusedStream: 7, cancel: 8 } as const

export const FRAME_HEAD_BYTES = 9
/** What we accept at most: the size that every peer may use without being told. */
export const MAX_FRAME_BYTES = 16_384
export const MAX_WINDOW = 0x7fff_ffff
export const MAX_STREAM_ID = 0x7fff_ffff
/** What a peer may have under way before it has seen our settings (RFC 9113, 6.5.2). */
export const INITIAL_WINDOW = 65_535

/** The peer broke the protocol in a way that ends the connection. `what` is a short word for the failure's detail. */
export class ProtocolBreach extends Error {
  readonly what: string

  constructor(what: string) {
    super(`HTTP/2: ${what}`)
    this.what = what
  }
}
