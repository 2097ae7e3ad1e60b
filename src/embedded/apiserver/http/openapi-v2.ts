/**
 * OpenAPI v2, which describes nothing here. kubectl asks for it only about a kind that version 3 does not name, to learn
 * that this document does not name it either; without an answer it complains of the document, not of the kind.
 */
import type { Exchange } from './exchange.ts'
import { sendBytes, sendText } from './exchange.ts'

const protobufType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

/** False when the path is not /openapi/v2. */
export function answerOpenApiV2(exchange: Exchange, kubernetesVersion: string): boolean {
  if (exchange.path !== '/openapi/v2' || exchange.method !== 'GET') return false
  const info = { title: 'Kubernetes', version: kubernetesVersion }
  exchange.response.setHeader('Vary', 'Accept')
  if (exchange.request.headers.accept?.includes('protobuf') === true)
    sendBytes(exchange, 200, protobufOf(info), protobufType)
  else
    sendText(
      exchange,
      200,
      `${JSON.stringify({ swagger: '2.0', info, paths: {}, definitions: {} })}\n`,
      'application/json',
    )
  return true
}

/** gnostic's openapi.v2.Document: swagger = 1, info = 2 (title = 1, version = 2), paths = 8, definitions = 9. */
function protobufOf({ title, version }: { title: string; version: string }): Buffer {
  const info = Buffer.concat([field(1, Buffer.from(title)), field(2, Buffer.from(version))])
  const empty = Buffer.alloc(0)
  return Buffer.concat([field(1, Buffer.from('2.0')), field(2, info), field(8, empty), field(9, empty)])
}

/** A length-delimited field; all are shorter than 128 bytes. */
function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
}
