/** What `rollproof load` is asked for, out of its flags. */
import { readFileSync } from 'node:fs'
import type { CustomRequest, RateStep } from '../model/load.ts'
import { Flags } from './flags.ts'
import type { OutputFormat } from './judge.ts'

export interface LoadOptions {
  rate: string
  duration: string
  connections: string
  connectionUse: string
  method?: string
  header: string[]
  body?: string
  http: string
  insecure?: boolean
  timeout: string
  steps?: string
  pacing: string
  seed?: string
  workers: string
  allowPublic?: boolean
  unbounded?: boolean
  output: OutputFormat
}

export interface LoadOrder {
  url: URL
  /** Of all populations together. */
  ratePerSecond: number
  steps: RateStep[] | null
  durationMs: number
  connections: number
  populations: ('fresh' | 'reused')[]
  request: CustomRequest
  http: '1.1' | '2'
  insecure: boolean
  timeoutMs: number
  pacing: 'constant' | 'poisson'
  seed: number | null
  workers: number
  allowPublic: boolean
}

/** More than this must be asked for: a slip of the finger is no reason to bring a server down. */
const MOST_PER_SECOND = 10_000
const MOST_MS = 10 * 60_000
const HINT = ' (--unbounded lifts the limit)'
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

export function loadOrder(address: string, options: LoadOptions): LoadOrder {
  const flags = new Flags()
  const free = options.unbounded === true
  const most = { rate: free ? Infinity : MOST_PER_SECOND, ms: free ? Infinity : MOST_MS }
  const url = urlOf(address, flags)
  const steps = options.steps === undefined ? null : stepsOf(options.steps, most, flags)
  const connectionUse = flags.choice('--connection-use', options.connectionUse, ['reused', 'fresh', 'both'])
  const method = options.method?.toUpperCase() ?? (options.body === undefined ? 'GET' : 'POST')
  const order: LoadOrder = {
    url,
    ratePerSecond: flags.number('--rate', options.rate, 0.01, most.rate, HINT),
    steps,
    durationMs: flags.duration('--duration', options.duration, most.ms, HINT),
    connections: flags.whole('--connections', options.connections, 1, 10_000),
    populations: connectionUse === 'both' ? ['fresh', 'reused'] : [connectionUse],
    request: {
      method: flags.choice('--method', method, methods),
      path: `${url.pathname}${url.search}`,
      headers: options.header.flatMap(line => headerOf(line, flags)),
      body: options.body === undefined ? null : bodyOf(options.body, flags),
    },
    http: flags.choice('--http', options.http, ['1.1', '2']),
    insecure: options.insecure === true,
    timeoutMs: flags.duration('--timeout', options.timeout, MOST_MS),
    pacing: flags.choice('--pacing', options.pacing, ['constant', 'poisson']),
    seed: options.seed === undefined ? null : flags.whole('--seed', options.seed, 0, 0xffffffff),
    workers: flags.whole('--workers', options.workers, 1, 64),
    allowPublic: options.allowPublic === true,
  }
  if (steps !== null && order.pacing === 'poisson') flags.wrong('--steps', 'them without --pacing poisson')
  if (order.insecure && url.protocol === 'http:') flags.wrong('--insecure', 'it with an https:// URL only')
  flags.done()
  return steps === null
    ? order
    : { ...order, durationMs: steps.reduce((sum, step) => sum + step.durationMs, 0) }
}

function urlOf(address: string, flags: Flags): URL {
  const url = URL.canParse(address) ? new URL(address) : null
  const right = url !== null && ['http:', 'https:'].includes(url.protocol)
  if (!right) flags.wrong(address, 'a URL like http://127.0.0.1:8080/path or https://…')
  else if (url.username !== '' || url.password !== '')
    flags.wrong(
      address.replace(/\/\/.*@/, '//…@'),
      'no credentials in the URL; use --header "Authorization: …"',
    )
  return right ? url : new URL('http://127.0.0.1/')
}

/** `100:10s,500:30s`: each rate, and for how long. */
function stepsOf(text: string, most: { rate: number; ms: number }, flags: Flags): RateStep[] {
  const steps = text.split(',').map(part => {
    const [rate = '', duration = ''] = part.split(':')
    return {
      ratePerSecond: flags.number('--steps', rate, 0, most.rate, `, as in 100:10s,500:30s${HINT}`),
      durationMs: flags.duration('--steps', duration, most.ms, HINT),
    }
  })
  const wholeMs = steps.reduce((sum, { durationMs }) => sum + durationMs, 0)
  if (wholeMs > most.ms) flags.wrong(`--steps ${text}`, `at most ${most.ms / 60_000}m in all${HINT}`)
  if (!steps.some(({ ratePerSecond }) => ratePerSecond > 0)) flags.wrong(`--steps ${text}`, 'a rate above 0')
  return steps
}

function headerOf(line: string, flags: Flags): CustomRequest['headers'] {
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*)$/.exec(line) ?? []
  if (name !== undefined && value !== undefined) return [[name, value]]
  flags.wrong(`--header ${JSON.stringify(line)}`, 'a name and a value, as in "Accept: text/html"')
  return []
}

/** The text itself, or `@file`. */
function bodyOf(text: string, flags: Flags): string {
  if (!text.startsWith('@')) return text
  try {
    return readFileSync(text.slice(1), 'utf8')
  } catch {
    flags.wrong(`--body ${text}`, 'a file that can be read after the @')
    return ''
  }
}
