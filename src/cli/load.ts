/**
 * `rollproof load`: sends what a user asks for, on schedule, and gives a whole account of it. The driver is a program of
 * its own; this command only counts what it tells. Exit codes: 0 no request failed, 1 some did, 3 the measurement itself
 * is in doubt; 130 and 143 when interrupted, with the books closed and shown all the same.
 */
import { randomBytes } from 'node:crypto'
import { startChild, type ChildEnd } from '../base/child.ts'
import { systemClock } from '../base/clock.ts'
import { programPath } from '../base/package-root.ts'
import type { LoadMessage, LoadPlan, LoadTotals, PopulationProfile } from '../model/load.ts'
import { unpackSample } from '../model/sample-row.ts'
import { renderLoadJson, renderLoadText, type LoadSummary } from '../report/load-summary.ts'
import { readProvenance } from '../run/provenance.ts'
import type { ExitCode } from './exit-code.ts'
import { listenForInterrupts } from './interrupts.ts'
import { LoadBooks } from './load-books.ts'
import { LoadDisplay } from './load-display.ts'
import { doubtsOf, exitCodeOf } from './load-doubts.ts'
import { loadOrder, type LoadOptions, type LoadOrder } from './load-options.ts'
import { NameError, targetAddress, type TargetAddress } from './load-target.ts'
import type { Streams } from './streams.ts'

/** An interrupted driver closes its books at once. */
const CLOSE_MS = 5000

export async function loadCommand(
  address: string,
  options: LoadOptions,
  streams: Streams,
): Promise<ExitCode> {
  const order = loadOrder(address, options)
  const target = await addressOf(order, streams)
  if (target === null) return 3
  const seed = order.seed ?? randomBytes(4).readUInt32BE()
  const provenance = await readProvenance(['rollproof', ...process.argv.slice(2)])
  const startedUs = systemClock.nowUs()
  const books = new LoadBooks(Buffer.byteLength(order.request.body ?? ''))
  const display = new LoadDisplay(streams, order.durationMs, startedUs)
  const interrupts = listenForInterrupts(name => display.say(`${name}: ending, closing the books …`))
  const { totals, end } = await drive(planOf(order, target, seed), books, display, interrupts.signal)
  display.end()
  interrupts.dispose()

  const doubts = doubtsOf({ totals, end, books, interrupted: interrupts.signal.aborted })
  const counts = totals ?? books.counted
  const exitCode = interrupts.exitCode() ?? exitCodeOf(counts, books.failures, doubts)
  const summary: LoadSummary = {
    ...counts,
    failures: books.failures,
    latencyUs: books.latencyUs,
    url: order.url.href,
    address: target.address,
    method: order.request.method,
    http: order.http,
    ratePerSecond: order.steps === null ? order.ratePerSecond : null,
    connections: order.populations.includes('reused') ? order.connections : 0,
    connectionUse: order.populations.length > 1 ? 'both' : (order.populations[0] ?? 'reused'),
    pacing: order.pacing,
    seed,
    workers: order.workers,
    startedAt: new Date(startedUs / 1000).toISOString(),
    durationMs: Math.round((systemClock.nowUs() - startedUs) / 1000),
    latenessUs: books.latenessUs,
    stalls: books.stalls,
    doubts,
    interrupted: interrupts.signal.aborted ? String(interrupts.signal.reason) : null,
    exitCode,
    provenance,
  }
  streams.stdout.write(options.output === 'json' ? renderLoadJson(summary) : renderLoadText(summary))
  return exitCode
}

/** Null, and told, where the name leads nowhere. */
async function addressOf(
  { url, allowPublic }: LoadOrder,
  { stderr }: Streams,
): Promise<TargetAddress | null> {
  try {
    return await targetAddress(url, allowPublic)
  } catch (error) {
    if (!(error instanceof NameError)) throw error
    stderr.write(`rollproof load: ${error.message}\n`)
    return null
  }
}

export function planOf(order: LoadOrder, target: TargetAddress, seed: number): LoadPlan {
  const { url, request, timeoutMs, populations, workers } = order
  const most =
    order.steps === null ? order.ratePerSecond : Math.max(...order.steps.map(step => step.ratePerSecond))
  const servername = url.hostname.replace(/^\[|\]$/g, '')
  return {
    version: 1,
    runPrefix: randomBytes(4).toString('hex'),
    target: {
      kind: 'address',
      host: target.address,
      port: target.port,
      tls: url.protocol === 'https:' ? { servername, verify: !order.insecure } : null,
    },
    host: url.host,
    profile: {
      populations: populations.map(population => profileOf(order, population)),
      connectTimeoutMs: timeoutMs,
      firstByteTimeoutMs: timeoutMs,
    },
    seed,
    // A microsecond less: what would be due at the end itself is not part of it.
    maxDurationMs: order.durationMs - 0.001,
    // Room for as many as can hang until their time limit.
    maxInFlight: Math.min(20_000, Math.ceil((most * timeoutMs) / 1000) + order.connections + 100),
    request,
    // A probe would send a user's request once more.
    probes: false,
    record: 'summary',
    ...(workers > 1 ? { workers } : {}),
  }
}

/** The rate is of all connections together: with both kinds, each has half of it. */
function profileOf(order: LoadOrder, population: 'fresh' | 'reused'): PopulationProfile {
  const { populations, steps, connections, request, pacing, http } = order
  const share = (rate: number): number => rate / populations.length
  return {
    population,
    ratePerSecond: share(order.ratePerSecond),
    connections: population === 'fresh' ? 0 : connections,
    postShare: request.body === null ? 0 : 1,
    streamShare: 0,
    answerMs: 0,
    ...(http === '2' ? { protocol: 'http/2' } : {}),
    ...(pacing === 'poisson' ? { pacing } : {}),
    ...(steps === null
      ? {}
      : { steps: steps.map(step => ({ ...step, ratePerSecond: share(step.ratePerSecond) })) }),
  }
}

async function drive(
  plan: LoadPlan,
  books: LoadBooks,
  display: LoadDisplay,
  signal: AbortSignal,
): Promise<{ totals: LoadTotals | null; end: ChildEnd }> {
  let totals: LoadTotals | null = null
  const onLine = (line: string): void => {
    const message = JSON.parse(line) as LoadMessage
    switch (message.type) {
      case 'sample':
        return books.takeFailure(unpackSample(message.row))
      case 'summary':
        return books.takeRecorded(message.summary)
      case 'progress':
        books.progressed(message.totals)
        return display.progress(message.totals, message.atUs)
      case 'stall':
        return books.stalled(message.stall)
      case 'ended':
        totals = message.totals
        return
      case 'limits':
        return books.limited(message.limits)
      case 'started':
      case 'probe':
        return
    }
  }
  const withoutTls = plan.target.tls?.verify !== true
  const child = startChild(programPath('load'), [], systemClock, onLine, { withoutTls })
  child.send(plan)
  signal.addEventListener('abort', () => void child.stop(CLOSE_MS), { once: true })
  const end = await child.ended
  return { totals, end }
}
