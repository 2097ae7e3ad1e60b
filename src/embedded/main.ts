/**
 * The embedded cluster's program: one line in (EmbeddedStart), one line out (EmbeddedReady). It lives as long as its
 * standard input is open, so that it dies with its parent, and its pods die with it; the reaper sees to the rest.
 */
import { systemClock } from '../base/clock.ts'
import { LineSplitter, toLine } from '../base/ndjson.ts'
import type { EmbeddedStart } from '../model/embedded-cluster.ts'
import { startCluster, type EmbeddedCluster } from './cluster.ts'

let starting: Promise<EmbeddedCluster> | null = null
let ending = false

function begin(line: string): void {
  if (starting !== null || ending) return
  // The line was written by our parent, which shares its type.
  const start = JSON.parse(line) as EmbeddedStart
  starting = startCluster(start, { clock: systemClock, onLost: why => crash(new Error(why)) })
  starting.then(({ ready }) => process.stdout.write(toLine(ready)), crash)
}

async function end(code: number): Promise<void> {
  if (ending) return
  ending = true
  try {
    const cluster = await starting
    await cluster?.close()
  } catch (error) {
    if (code === 0) console.error(error)
    process.exit(1)
  }
  process.exit(code)
}

function crash(error: unknown): void {
  console.error(error)
  void end(1)
}

process.on('uncaughtException', crash)
process.on('unhandledRejection', crash)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))
process.stdout.on('error', () => void end(0))

const lines = new LineSplitter(begin)
process.stdin.setEncoding('utf8')
process.stdin.on('data', (chunk: string) => lines.push(chunk))
process.stdin.on('end', () => void end(0))
process.stdin.on('error', () => void end(0))
