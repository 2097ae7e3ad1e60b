/**
 * What is the same for everybody: health, version, discovery, OpenAPI. None of it needs the token. A real server tells
 * strangers health and version (its role system:public-info-viewer) and keeps the rest for those it knows; here the rest
 * is open too, since it is made of constants and the `--raw` of an older kubectl brings no token (see http.ts).
 */
import { methodNotAllowed } from '../api-errors.ts'
import type { Exchange } from './exchange.ts'
import { sendText } from './exchange.ts'
import { fixedAnswer } from './fixed-answers.ts'
import { answerOpenApi } from './openapi.ts'
import { answerOpenApiV2 } from './openapi-v2.ts'
import type { ServerContext } from './server-context.ts'

/** False when the path names none of it. */
export function answerPublic(context: ServerContext, exchange: Exchange): boolean {
  if (answerHealth(exchange)) return true
  if (answerOpenApi(exchange, context.kubernetesVersion)) return true
  if (answerOpenApiV2(exchange, context.kubernetesVersion)) return true
  const answer = fixedAnswer(context, exchange)
  if (answer === null) return false
  if (exchange.method !== 'GET') throw methodNotAllowed()
  sendText(exchange, 200, `${JSON.stringify(answer.body)}\n`, answer.contentType)
  return true
}

const healthPath = /^\/(healthz|livez|readyz)(\/ping)?$/

/** Of a real server's checks only the first has a meaning here: that it answers. */
function answerHealth(exchange: Exchange): boolean {
  const [, name, ping] = healthPath.exec(exchange.path) ?? []
  if (name === undefined) return false
  const verbose = exchange.query.has('verbose') && ping === undefined
  sendText(exchange, 200, verbose ? `[+]ping ok\n${name} check passed\n` : 'ok', 'text/plain; charset=utf-8')
  return true
}
