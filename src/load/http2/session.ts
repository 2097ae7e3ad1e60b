/**
 * The frames of one connection of HTTP/2, from the client's side: settings, flow control in both directions, header
 * blocks, and which stream each frame is for. It knows no sockets and no time; what a frame means for a request is for
 * the channel to say. Throws ProtocolBreach where the connection cannot go on.
 */
import { AnswerHead } from './answer-head.ts'
import {
  frameFlag,
  frameType,
  INITIAL_WINDOW,
  MAX_FRAME_BYTES,
  MAX_STREAM_ID,
  MAX_WINDOW,
  ProtocolBreach,
  settingId,
} from './codes.ts'
import { FrameReader, type Frame } from './frame-reader.ts'
import { frame, headersFrames, rstStreamFrame, settingsFrame, windowUpdateFrame } from './frame-writer.ts'
import { HeaderCollector, MAX_BLOCK_BYTES, type HeaderBlock } from './header-collector.ts'
import { HpackDecoder } from './hpack-decoder.ts'
import { LastHead } from './last-head.ts'
import type { Stream } from './stream.ts'

const STREAM_WINDOW = 1024 * 1024
const CONNECTION_WINDOW = 16 * 1024 * 1024
/** A peer that sends this many frames for no stream in a row, each of which wants an answer, is not serving. */
const MAX_CHATTER = 10_000

export interface SessionEvents {
  write(text: string): void
  onHead(stream: Stream, head: AnswerHead, endStream: boolean): void
  onData(stream: Stream, bytes: Buffer, from: number, to: number, endStream: boolean): void
  onReset(stream: Stream, code: number): void
  /** The stream broke the rules, and only it. */
  onBreach(stream: Stream, what: string): void
  /** Streams above `lastStreamId` were not processed. */
  onGoaway(lastStreamId: number, code: number): void
}

export class Http2Session {
  readonly streams = new Map<number, Stream>()
  /** How many streams the peer takes at a time; until it has said, what every server should take (RFC 9113, 6.5.2). */
  maxStreams = 100
  #settled = false
  #nextId = 1
  #goawayLast = MAX_STREAM_ID
  #streamSendWindow = INITIAL_WINDOW
  #maxSendFrame = MAX_FRAME_BYTES
  #sendWindow = INITIAL_WINDOW
  #receiveWindow = CONNECTION_WINDOW
  #chatter = 0
  readonly #events: SessionEvents
  readonly #frames = new FrameReader(each => this.#take(each))
  readonly #headers = new HeaderCollector()
  readonly #decoder = new HpackDecoder()
  readonly #lastHead = new LastHead()

  constructor(events: SessionEvents) {
    this.#events = events
  }

  get hasIds(): boolean {
    return this.#nextId < MAX_STREAM_ID
  }

  /** The connection preface, and what we allow. */
  begin(): void {
    const settings = settingsFrame([
      [settingId.headerTableSize, 0],
      [settingId.enablePush, 0],
      [settingId.initialWindowSize, STREAM_WINDOW],
      [settingId.maxHeaderListSize, MAX_BLOCK_BYTES],
    ])
    const more = windowUpdateFrame(0, CONNECTION_WINDOW - INITIAL_WINDOW)
    this.#events.write(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${settings}${more}`)
  }

  /** What the next stream begins with. */
  nextStream(): { id: number; sendWindow: number; receiveWindow: number } {
    const id = this.#nextId
    this.#nextId += 2
    return { id, sendWindow: this.#streamSendWindow, receiveWindow: STREAM_WINDOW }
  }

  open(stream: Stream, block: string, hasBody = stream.unsent !== ''): void {
    this.streams.set(stream.id, stream)
    this.#events.write(headersFrames(stream.id, block, !hasBody))
    this.#sendBody(stream)
  }

  /** A further piece of a body that is sent slowly; the last one when there is no upload any more. */
  addBody(stream: Stream, piece: string): void {
    stream.unsent += piece
    this.#sendBody(stream)
    if (piece === '' && stream.allSent)
      this.#events.write(frame(frameType.data, frameFlag.endStream, stream.id, ''))
  }

  cancel(stream: Stream, code: number): void {
    this.#events.write(rstStreamFrame(stream.id, code))
  }

  receive(bytes: Buffer, length: number): void {
    this.#frames.push(bytes, length)
  }

  stop(): void {
    this.#frames.stop()
  }

  #take(each: Frame): void {
    const { type } = each
    if (this.#headers.open && type !== frameType.continuation) throw new ProtocolBreach('header block broken')
    switch (type) {
      case frameType.data:
        return this.#takeData(each)
      case frameType.headers:
      case frameType.continuation:
        return this.#takeHeaders(each)
      case frameType.rstStream:
        return this.#takeReset(each)
      case frameType.settings:
        return this.#takeSettings(each)
      case frameType.ping:
        return this.#takePing(each)
      case frameType.goaway:
        return this.#takeGoaway(each)
      case frameType.windowUpdate:
        return this.#takeWindowUpdate(each)
      case frameType.pushPromise:
        throw new ProtocolBreach('PUSH_PROMISE')
      case frameType.priority:
        if (each.streamId === 0 || each.to - each.from !== 5) throw new ProtocolBreach('PRIORITY')
    }
  }

  #takeData(each: Frame): void {
    this.#chatter = 0
    const size = each.to - each.from
    const stream = this.#streamOf(each, 'DATA')
    this.#receiveWindow -= size
    if (this.#receiveWindow < 0) throw new ProtocolBreach('flow control')
    if (this.#receiveWindow < CONNECTION_WINDOW / 2) {
      this.#events.write(windowUpdateFrame(0, CONNECTION_WINDOW - this.#receiveWindow))
      this.#receiveWindow = CONNECTION_WINDOW
    }
    const { from, to } = contentOf(each)
    if (stream === undefined) return
    stream.receiveWindow -= size
    if (stream.receiveWindow < 0) return this.#events.onBreach(stream, 'flow control')
    const endStream = (each.flags & frameFlag.endStream) !== 0
    if (!endStream && stream.receiveWindow < STREAM_WINDOW / 2) {
      this.#events.write(windowUpdateFrame(stream.id, STREAM_WINDOW - stream.receiveWindow))
      stream.receiveWindow = STREAM_WINDOW
    }
    this.#events.onData(stream, each.bytes, from, to, endStream)
  }

  #takeHeaders(each: Frame): void {
    this.#chatter = 0
    if (each.type === frameType.continuation && !this.#headers.open) throw new ProtocolBreach('CONTINUATION')
    // A stream that we gave up meanwhile may still be sent to; the tables go on over it.
    this.#streamOf(each, 'HEADERS')
    const content = each.type === frameType.headers ? contentOf(each) : each
    const block = this.#headers.take(each, content.from, content.to)
    if (block !== null) this.#takeBlock(block)
  }

  #takeBlock({ streamId, endStream, bytes, from, to }: HeaderBlock): void {
    const head = this.#lastHead.of(bytes, from, to) ?? this.#decode(bytes, from, to)
    const stream = this.streams.get(streamId)
    if (stream !== undefined) this.#events.onHead(stream, head, endStream)
  }

  #decode(bytes: Buffer, from: number, to: number): AnswerHead {
    const head = new AnswerHead()
    this.#decoder.decode(bytes, from, to, head)
    if (this.#decoder.standsAlone && head.requestId === null) this.#lastHead.keep(bytes, from, to, head)
    return head
  }

  #takeReset(each: Frame): void {
    if (each.to - each.from !== 4) throw new ProtocolBreach('RST_STREAM')
    const stream = this.#streamOf(each, 'RST_STREAM')
    if (stream !== undefined) this.#events.onReset(stream, each.bytes.readUInt32BE(each.from))
  }

  #takeSettings({ streamId, flags, bytes, from, to }: Frame): void {
    const ack = (flags & frameFlag.ack) !== 0
    if (streamId !== 0 || (to - from) % 6 !== 0 || (ack && to !== from)) throw new ProtocolBreach('SETTINGS')
    if (ack) return this.#decoder.allow(0)
    this.#noteChatter()
    if (!this.#settled) this.maxStreams = Number.POSITIVE_INFINITY
    this.#settled = true
    for (let at = from; at < to; at += 6)
      this.#takeSetting(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2))
    this.#events.write(frame(frameType.settings, frameFlag.ack, 0, ''))
    this.#sendBodies()
  }

  #takeSetting(id: number, value: number): void {
    switch (id) {
      case settingId.enablePush:
        if (value !== 0) throw new ProtocolBreach('SETTINGS_ENABLE_PUSH')
        return
      case settingId.maxConcurrentStreams:
        this.maxStreams = value
        return
      case settingId.initialWindowSize:
        if (value > MAX_WINDOW) throw new ProtocolBreach('SETTINGS_INITIAL_WINDOW_SIZE')
        for (const stream of this.streams.values()) {
          stream.sendWindow += value - this.#streamSendWindow
          if (stream.sendWindow > MAX_WINDOW) throw new ProtocolBreach('SETTINGS_INITIAL_WINDOW_SIZE')
        }
        this.#streamSendWindow = value
        return
      case settingId.maxFrameSize:
        if (value < MAX_FRAME_BYTES || value > 0xff_ffff) throw new ProtocolBreach('SETTINGS_MAX_FRAME_SIZE')
        this.#maxSendFrame = value
    }
  }

  #takePing({ streamId, flags, bytes, from, to }: Frame): void {
    if (streamId !== 0 || to - from !== 8) throw new ProtocolBreach('PING')
    if ((flags & frameFlag.ack) !== 0) return
    this.#noteChatter()
    this.#events.write(frame(frameType.ping, frameFlag.ack, 0, bytes.toString('latin1', from, to)))
  }

  #takeGoaway({ streamId, bytes, from, to }: Frame): void {
    if (streamId !== 0 || to - from < 8) throw new ProtocolBreach('GOAWAY')
    const lastStreamId = bytes.readUInt32BE(from) & MAX_STREAM_ID
    // It must never rise (RFC 9113, 6.8): what was called unprocessed may have been sent again elsewhere.
    if (lastStreamId > this.#goawayLast) throw new ProtocolBreach('GOAWAY')
    this.#goawayLast = lastStreamId
    this.#events.onGoaway(lastStreamId, bytes.readUInt32BE(from + 4))
  }

  #takeWindowUpdate(each: Frame): void {
    if (each.to - each.from !== 4) throw new ProtocolBreach('WINDOW_UPDATE')
    const increment = each.bytes.readUInt32BE(each.from) & MAX_WINDOW
    if (each.streamId === 0) {
      this.#sendWindow += increment
      if (increment === 0 || this.#sendWindow > MAX_WINDOW) throw new ProtocolBreach('WINDOW_UPDATE')
      return this.#sendBodies()
    }
    const stream = this.#streamOf(each, 'WINDOW_UPDATE')
    if (stream === undefined) return
    stream.sendWindow += increment
    if (increment === 0 || stream.sendWindow > MAX_WINDOW) this.#events.onBreach(stream, 'WINDOW_UPDATE')
    else this.#sendBody(stream)
  }

  /** The stream that a frame is for; undefined for one that has ended. Only streams that we began exist. */
  #streamOf({ streamId }: Frame, name: string): Stream | undefined {
    const stream = this.streams.get(streamId)
    if (stream === undefined && (streamId % 2 === 0 || streamId >= this.#nextId))
      throw new ProtocolBreach(`${name} on stream ${streamId}`)
    return stream
  }

  #sendBodies(): void {
    for (const stream of this.streams.values()) if (stream.unsent !== '') this.#sendBody(stream)
  }

  /** As much of the body as the peer's windows let through. */
  #sendBody(stream: Stream): void {
    while (stream.unsent !== '') {
      const room = Math.min(this.#sendWindow, stream.sendWindow, this.#maxSendFrame)
      if (room <= 0) return
      const piece = stream.unsent.slice(0, room)
      stream.unsent = stream.unsent.slice(room)
      stream.sendWindow -= piece.length
      this.#sendWindow -= piece.length
      const flags = stream.allSent ? frameFlag.endStream : 0
      this.#events.write(frame(frameType.data, flags, stream.id, piece))
    }
  }

  #noteChatter(): void {
    this.#chatter += 1
    if (this.#chatter > MAX_CHATTER) throw new ProtocolBreach('too many PING or SETTINGS')
  }
}

/** Where the content of DATA or HEADERS lies, without padding and priority. */
function contentOf({ type, flags, bytes, from, to }: Frame): { from: number; to: number } {
  let start = from
  let end = to
  if ((flags & frameFlag.padded) !== 0) {
    start += 1
    end -= bytes[from] ?? 0
  }
  if (type === frameType.headers && (flags & frameFlag.priority) !== 0) start += 5
  if (start > end || start > to) throw new ProtocolBreach('padding')
  return { from: start, to: end }
}
