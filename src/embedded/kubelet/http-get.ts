/**
 * The kubelet's HTTP client for probes and hooks: one new connection per request, no proxy, no certificate checks, and
 * one limit for the whole exchange. Redirects within the host are followed (semantics §4.4).
 */
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Clock } from '../../base/clock.ts'
import type { Reach } from '../pod-network/pod-network.ts'

const redirectLimit = 10
/** What is beyond this of a body is not waited for. */
const bodyLimit = 10_240

export interface HttpTarget {
  scheme: 'http' | 'https'
  host: string
  port: number
  /** Where that really is. */
  reach: Reach
  path: string
  headers: Record<string, string>
}

export type HttpAnswer =
  | { kind: 'answered'; status: number; redirectedAway: boolean; body: string }
  | { kind: 'failed'; code: string; url: string }

/** `limitMs` null = none. A limit that passes is the code `timed-out`, an end without an answer `closed`. */
export async function httpGet(clock: Clock, target: HttpTarget, limitMs: number | null): Promise<HttpAnswer> {
  const cancel = new AbortController()
  const limit = limitMs === null ? null : clock.after(limitMs, () => cancel.abort())
  let url = new URL(`${target.scheme}://${target.host}:${target.port}${target.path}`)
  try {
    for (let redirects = 0; ; redirects++) {
      const { status, location, body } = await exchange(url, realTarget(url, target), cancel.signal)
      if (location === null || status < 300 || status >= 400)
        return { kind: 'answered', status, redirectedAway: false, body }
      const next = new URL(location, url)
      if (next.hostname !== url.hostname) return { kind: 'answered', status, redirectedAway: true, body }
      if (redirects >= redirectLimit)
        return { kind: 'failed', code: 'stopped after 10 redirects', url: url.href }
      url = next
    }
  } catch (error) {
    const code = cancel.signal.aborted ? 'timed-out' : codeOf(error as NodeJS.ErrnoException)
    return { kind: 'failed', code, url: url.href }
  } finally {
    limit?.cancel()
  }
}

/** A redirect to another port of the host goes where it says. */
function realTarget(url: URL, { host, port, reach, headers }: HttpTarget): RequestOptions {
  const written = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  const moved = reach.host !== host || reach.port !== port
  if (!moved || url.hostname !== host || written !== port) return { headers }
  return { hostname: reach.host, port: reach.port, headers: { host: url.host, ...headers } }
}

/** An orderly end before the answer has the code of a reset in Node, but no system call that failed. */
function codeOf({ code = 'unknown', syscall }: NodeJS.ErrnoException): string {
  return code === 'ECONNRESET' && syscall === undefined ? 'closed' : code
}

function exchange(
  url: URL,
  target: RequestOptions,
  signal: AbortSignal,
): Promise<{ status: number; location: string | null; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { ...target, agent: false as const, signal, rejectUnauthorized: false }
    const onResponse = (response: IncomingMessage): void => {
      const { statusCode = 0, headers: answered } = response
      let body = ''
      const finish = (): void => resolve({ status: statusCode, location: answered.location ?? null, body })
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        body += chunk.toString('utf8')
        if (bytes < bodyLimit) return
        finish()
        response.destroy()
      })
      response.once('end', finish)
      response.on('error', reject)
    }
    const request =
      url.protocol === 'https:'
        ? requestHttps(url, options, onResponse)
        : requestHttp(url, options, onResponse)
    request.on('error', reject)
    request.end()
  })
}
