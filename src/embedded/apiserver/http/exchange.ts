/** One request and its answer: reading a bounded body, writing JSON, and turning every error into a Status. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { messageOf } from '../../../base/message-of.ts'
import type { Status } from '../../../kube/types.ts'
import { ApiError } from '../../cluster-api.ts'
import { badRequest, failure, internalError } from '../api-errors.ts'

export interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  method: string
  /** What stood before the path and carried the token; '' when a header did. */
  prefix: string
  path: string
  query: URLSearchParams
}

const bodyLimitBytes = 3 * 1024 * 1024

export function sendJson(exchange: Exchange, code: number, body: unknown): void {
  sendText(exchange, code, `${JSON.stringify(body)}\n`, 'application/json')
}

export function sendText(exchange: Exchange, code: number, text: string, contentType: string): void {
  sendBytes(exchange, code, Buffer.from(text), contentType)
}

export function sendBytes(exchange: Exchange, code: number, bytes: Buffer, contentType: string): void {
  const { response } = exchange
  response.writeHead(code, { 'Content-Type': contentType, 'Content-Length': bytes.length })
  response.end(bytes)
}

export function sendStatus(exchange: Exchange, status: Status): void {
  const retryAfter = status.details?.retryAfterSeconds ?? 0
  if (retryAfter > 0) exchange.response.setHeader('Retry-After', String(retryAfter))
  sendJson(exchange, status.code ?? 500, status)
}

/** Whatever was thrown, the client gets a Status; once the head is sent, only the connection can be ended. */
export function sendError(exchange: Exchange, error: unknown): void {
  const { response } = exchange
  if (response.destroyed) return
  if (response.headersSent) {
    response.destroy()
    return
  }
  // An unread body would be taken for the next request.
  if (!exchange.request.complete) response.setHeader('Connection', 'close')
  sendStatus(exchange, statusOf(error))
}

function statusOf(error: unknown): Status {
  if (error instanceof ApiError) return error.status
  if (error instanceof RangeError) return badRequest('the request is nested too deeply').status
  if (error instanceof URIError) return badRequest('the path is not decodable').status
  return internalError(`Internal error occurred: ${messageOf(error)}`).status
}

/** '' when there is none, or when it is malformed beyond the type. */
export function mediaTypeOf({ request }: Exchange): string {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').split(';')
  // A media type with an empty parameter in its middle is none (`application/json;;x`).
  return parameters.slice(0, -1).some(text => text.trim() === '') ? ';' : type.trim().toLowerCase()
}

/** A body that is too long is read on for a while and thrown away, or the client would never see the 413. */
export async function readBody({ request }: Exchange): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= bodyLimitBytes) chunks.push(chunk)
    if (bytes > 16 * bodyLimitBytes) break
  }
  if (bytes > bodyLimitBytes)
    throw failure(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${bodyLimitBytes}`)
  return Buffer.concat(chunks)
}
