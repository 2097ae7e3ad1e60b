/** What the app answers. Health endpoints are not traffic, so they stay out of the ledger. */
import { setTimeout as delay } from 'node:timers/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pingDatabase } from './database.ts'
import { recordAnswered, recordArrived } from './journal.ts'
import type { AppSettings } from './settings.ts'

const STREAM_CHUNKS = 5
const STREAM_PAUSE_MS = 10
const MAX_ANSWER_MS = 60_000
const MAX_BODY_BYTES = 64 * 1024

export async function answer(
  settings: AppSettings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://app')
  if (url.pathname.startsWith('/health') || url.pathname === '/readyz') {
    await answerHealth(settings, url, response)
    return
  }

  const header = request.headers['x-request-id']
  const requestId = typeof header === 'string' ? header : null
  if (requestId !== null) recordArrived(requestId)
  response.setHeader('x-pod', settings.podName)
  response.setHeader('x-version', settings.version)
  if (requestId !== null) response.setHeader('x-request-id', requestId)

  const answerMs = Math.min(Number(url.searchParams.get('ms') ?? 0) || 0, MAX_ANSWER_MS)
  if (answerMs > 0) await delay(answerMs)
  const body = await bodyFor(settings, request, response, url.pathname)
  if (requestId !== null) recordAnswered(requestId)
  response.end(body)
}

async function bodyFor(
  settings: AppSettings,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<string | Buffer> {
  switch (`${request.method ?? 'GET'} ${path}`) {
    case 'GET /':
    case 'GET /slow':
      return `hello from ${settings.podName}, version ${settings.version}\n`
    case 'POST /echo':
      return await readBody(request)
    case 'GET /stream':
      for (let chunk = 1; chunk < STREAM_CHUNKS; chunk++) {
        response.write(`part ${chunk} of ${STREAM_CHUNKS}\n`)
        await delay(STREAM_PAUSE_MS)
      }
      return `part ${STREAM_CHUNKS} of ${STREAM_CHUNKS}\n`
    default:
      response.statusCode = 404
      return 'no such path\n'
  }
}

async function answerHealth(settings: AppSettings, url: URL, response: ServerResponse): Promise<void> {
  const wantsDatabase = url.pathname === '/healthz/ready' || url.pathname === '/readyz'
  if (wantsDatabase && settings.databaseCheck && !(await pingDatabase(settings.database))) {
    response.statusCode = 503
    response.end('database unreachable\n')
    return
  }
  if (!['/health', '/healthz/live', '/healthz/ready', '/readyz'].includes(url.pathname))
    response.statusCode = 404
  response.end('ok\n')
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new Error('request body too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
