/** What the app answers. Health endpoints are not traffic, so they stay out of the ledger. */
import { setTimeout as delay } from 'node:timers/promises'
import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { pingDatabase } from './database.ts'
import { draining } from './draining.ts'
import { recordAnswered, recordAnsweredAtOnce, recordArrived } from './journal.ts'
import type { AppSettings } from './settings.ts'

const STREAM_CHUNKS = 3
const STREAM_PAUSE_MS = 20
const EVENT_PAUSE_MS = 100
const MAX_ANSWER_MS = 60_000
const MAX_BODY_BYTES = 64 * 1024

type Request = IncomingMessage | Http2ServerRequest

/** What the answers of HTTP/1.1 and HTTP/2 have in common. */
interface Response {
  statusCode: number
  setHeader(name: string, value: string): unknown
  write(text: string): unknown
  end(body: string | Buffer): unknown
  once(event: 'close', listener: () => void): unknown
}

/** What of a request decides its answer. */
interface Asked {
  path: string
  /** `?ms=`: how long the answer takes. */
  answerMs: number
  requestId: string | null
}

export async function answer(settings: AppSettings, request: Request, response: Response): Promise<void> {
  const { path, answerMs, requestId } = readRequest(request)
  if (path.startsWith('/health') || path === '/readyz') return answerHealth(settings, path, response)

  response.setHeader('x-pod', settings.podName)
  response.setHeader('x-version', settings.version)
  if (requestId !== null) response.setHeader('x-request-id', requestId)
  if (request.method === 'GET' && path === '/' && answerMs === 0) {
    if (requestId !== null) recordAnsweredAtOnce(requestId)
    response.end(greeting(settings))
    return
  }

  if (requestId !== null) recordArrived(requestId)
  if (answerMs > 0) await delay(answerMs)
  const body = await bodyFor(settings, request, response, path)
  if (requestId !== null) recordAnswered(requestId)
  response.end(body)
}

function readRequest({ url = '/', headers }: Request): Asked {
  const [path = '/', query] = url.split('?', 2)
  const answerMs = query === undefined ? 0 : Number(new URLSearchParams(query).get('ms') ?? 0) || 0
  const requestId = headers['x-request-id']
  return {
    path,
    answerMs: Math.min(answerMs, MAX_ANSWER_MS),
    requestId: typeof requestId === 'string' ? requestId : null,
  }
}

function greeting({ podName, version }: AppSettings): string {
  return `hello from ${podName}, version ${version}\n`
}

async function bodyFor(
  settings: AppSettings,
  request: Request,
  response: Response,
  path: string,
): Promise<string | Buffer> {
  switch (`${request.method ?? 'GET'} ${path}`) {
    case 'GET /':
    case 'GET /slow':
      return greeting(settings)
    case 'POST /echo':
      return await readBody(request)
    case 'GET /stream':
      for (let chunk = 1; chunk < STREAM_CHUNKS; chunk++) {
        response.write(`part ${chunk} of ${STREAM_CHUNKS}\n`)
        await delay(STREAM_PAUSE_MS)
      }
      return `part ${STREAM_CHUNKS} of ${STREAM_CHUNKS}\n`
    case 'GET /events':
      return await streamEvents(response)
    default:
      response.statusCode = 404
      return 'no such path\n'
  }
}

/** Server-sent events until the client leaves, or until we do: then the last one, named `end`, says that it was the last. */
async function streamEvents(response: Response): Promise<string> {
  const left = new AbortController()
  response.once('close', () => left.abort())
  const over = AbortSignal.any([draining, left.signal])
  response.setHeader('content-type', 'text/event-stream')
  for (let count = 1; !over.aborted; count++) {
    response.write(`data: ${count}\n\n`)
    await delay(EVENT_PAUSE_MS, undefined, { signal: over }).catch(() => undefined)
  }
  return 'event: end\ndata: bye\n\n'
}

async function answerHealth(settings: AppSettings, path: string, response: Response): Promise<void> {
  const wantsDatabase = path === '/healthz/ready' || path === '/readyz'
  if (wantsDatabase && settings.databaseCheck && !(await pingDatabase(settings.database))) {
    response.statusCode = 503
    response.end('database unreachable\n')
    return
  }
  if (!['/health', '/healthz/live', '/healthz/ready', '/readyz'].includes(path)) response.statusCode = 404
  response.end('ok\n')
}

async function readBody(request: Request): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new Error('request body too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
