/** The fields of an answer's header section, or of its trailers, checked as RFC 9113, 8.1 to 8.3 want it. */
import type { FieldSink } from './hpack-decoder.ts'

/** Fields of HTTP/1.1 connections, which have no place in HTTP/2 (RFC 9113, 8.2.2). */
export const connectionFields = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

const COLON = 58

export class AnswerHead implements FieldSink {
  status: number | null = null
  /** Headers `x-pod` and `x-request-id`; null when the server does not send them. */
  servedBy: string | null = null
  requestId: string | null = null
  contentLength: number | null = null
  contentType: string | null = null
  grpcStatus: string | null = null
  /** What is wrong with it, if anything is. */
  malformedPart: string | null = null
  #regular = false

  take(name: string, value: string): void {
    if (name.charCodeAt(0) === COLON) return this.#takePseudo(name, value)
    this.#regular = true
    switch (name) {
      case 'x-pod':
        this.servedBy = value
        return
      case 'x-request-id':
        this.requestId = value
        return
      case 'content-length':
        return this.#takeLength(value)
      case 'content-type':
        this.contentType = value
        return
      case 'grpc-status':
        this.grpcStatus = value
        return
      default:
        if (name === '' || hasCapitalOrSpace(name) || connectionFields.has(name))
          this.malformedPart ??= 'header'
    }
  }

  #takePseudo(name: string, value: string): void {
    const status = value === '200' ? 200 : /^[1-9]\d\d$/.test(value) ? Number(value) : null
    if (name !== ':status' || this.#regular || this.status !== null || status === null)
      this.malformedPart ??= 'status'
    else this.status = status
  }

  #takeLength(value: string): void {
    const length = /^\d{1,15}$/.test(value) ? Number(value) : null
    if (length === null || (this.contentLength !== null && this.contentLength !== length))
      this.malformedPart ??= 'content-length'
    else this.contentLength = length
  }
}

function hasCapitalOrSpace(name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index)
    if ((code >= 65 && code <= 90) || code <= 32 || code === 0xa0) return true
  }
  return false
}
