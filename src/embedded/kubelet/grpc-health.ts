/**
 * One call of grpc.health.v1.Health/Check in plain HTTP/2, for gRPC probes. One deadline covers dialling and the call;
 * dialling is over when the server has sent its settings, and is tried again meanwhile, so a port that refuses costs the
 * whole time-out (semantics §4.4; pkg/probe/grpc).
 *
 * The two messages are so small that they are written by hand: a request holds the service's name in field 1, a response
 * the status in field 1.
 */
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { sleep, type Clock } from '../../base/clock.ts'

export interface HealthTarget {
  host: string
  port: number
  /** '' = the server as a whole. */
  service: string
  userAgent: string
}

export type HealthAnswer =
  | { kind: 'answered'; status: string }
  /** The call ended with another code than OK. */
  | { kind: 'refused'; code: string; message: string }
  | { kind: 'not-connected' }
  | { kind: 'too-late' }

const checkPath = '/grpc.health.v1.Health/Check'
/** gRPC's back-off between dials: a second, growing by 1.6. */
const firstRedialMs = 1000
const redialGrowth = 1.6

const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const codes = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
]
/** What an HTTP status without a gRPC one stands for. */
const codesOfHttp: Record<number, string> = {
  400: 'Internal',
  401: 'Unauthenticated',
  403: 'PermissionDenied',
  404: 'Unimplemented',
  429: 'Unavailable',
  502: 'Unavailable',
  503: 'Unavailable',
  504: 'Unavailable',
}

export async function checkHealth(
  clock: Clock,
  target: HealthTarget,
  limitMs: number,
): Promise<HealthAnswer> {
  const late = new AbortController()
  const limit = clock.after(limitMs, () => late.abort())
  const session = await dial(clock, target, late.signal)
  try {
    if (session === null) return { kind: 'not-connected' }
    return await call(session, target, limitMs, late.signal)
  } finally {
    limit.cancel()
    session?.destroy()
  }
}

async function dial(
  clock: Clock,
  target: HealthTarget,
  late: AbortSignal,
): Promise<ClientHttp2Session | null> {
  for (let pauseMs = firstRedialMs; !late.aborted; pauseMs *= redialGrowth) {
    const session = await dialOnce(target, late)
    if (session !== null) return session
    await sleep(clock, pauseMs, late)
  }
  return null
}

function dialOnce({ host, port }: HealthTarget, late: AbortSignal): Promise<ClientHttp2Session | null> {
  return new Promise(resolve => {
    const session = connect(`http://${host}:${port}`)
    const finish = (connected: boolean): void => {
      late.removeEventListener('abort', giveUp)
      if (!connected) session.destroy()
      resolve(connected ? session : null)
    }
    const giveUp = (): void => finish(false)
    late.addEventListener('abort', giveUp, { once: true })
    session.once('remoteSettings', () => finish(true))
    session.once('close', giveUp)
    // Also after the answer: a server may reset what was closed.
    session.on('error', giveUp)
  })
}

function call(
  session: ClientHttp2Session,
  target: HealthTarget,
  limitMs: number,
  late: AbortSignal,
): Promise<HealthAnswer> {
  return new Promise(resolve => {
    const stream = session.request({
      ':method': 'POST',
      ':path': checkPath,
      'content-type': 'application/grpc',
      'user-agent': target.userAgent,
      te: 'trailers',
      'grpc-timeout': `${limitMs}m`,
    })
    const chunks: Buffer[] = []
    let head: IncomingHttpHeaders = {}
    let tail: IncomingHttpHeaders = {}
    const finish = (answer: HealthAnswer): void => {
      late.removeEventListener('abort', tooLate)
      resolve(answer)
    }
    const tooLate = (): void => finish({ kind: 'too-late' })
    const broken = (): void =>
      finish({ kind: 'refused', code: 'Unavailable', message: 'error reading from server: EOF' })
    late.addEventListener('abort', tooLate, { once: true })
    stream.on('response', headers => (head = headers))
    stream.on('trailers', (headers: IncomingHttpHeaders) => (tail = headers))
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => finish(answerOf({ ...head, ...tail }, Buffer.concat(chunks))))
    stream.on('error', broken)
    session.once('close', broken)
    stream.end(frame(request(target.service)))
  })
}

function answerOf(headers: IncomingHttpHeaders, body: Buffer): HealthAnswer {
  const written: unknown = headers['grpc-status']
  if (typeof written !== 'string') {
    const status = Number(headers[':status'] ?? 0)
    const message = `unexpected HTTP status code received from server: ${status}`
    return { kind: 'refused', code: codesOfHttp[status] ?? 'Unknown', message }
  }
  const code = codes[Number(written)] ?? `Code(${written})`
  if (code === 'OK') return { kind: 'answered', status: servingStatus(body) }
  return { kind: 'refused', code, message: decodeMessage(headers['grpc-message']) }
}

/** Percent-encoded, as the protocol has it; what is not stays as it came. */
function decodeMessage(message: string | string[] | undefined): string {
  const text = typeof message === 'string' ? message : ''
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Five bytes before each message: not compressed, and its length. */
function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

function request(service: string): Buffer {
  if (service === '') return Buffer.alloc(0)
  const name = Buffer.from(service)
  return Buffer.concat([Buffer.from([0x0a]), varint(name.length), name])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) | 0x80)
  }
}

/** An enum's value 0 is left out of a message, so a message without the field says UNKNOWN. */
function servingStatus(body: Buffer): string {
  const message = body.subarray(5)
  const value = message[0] === 0x08 ? (message[1] ?? 0) : 0
  return servingStatuses[value] ?? String(value)
}
