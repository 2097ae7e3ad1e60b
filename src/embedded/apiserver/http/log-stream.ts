/** GET pods/<name>/log: a container's output, and with `follow` what is appended until the container has ended. */
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { sleep } from '../../../base/clock.ts'
import type { Pod } from '../../../kube/types.ts'
import type { ContainerLog } from '../../feeds.ts'
import { badRequest } from '../api-errors.ts'
import { chooseContainer } from './choose-container.ts'
import type { Exchange } from './exchange.ts'
import type { LineStream } from './line-stream.ts'
import { openLineStream } from './line-stream.ts'
import { LogLines } from './log-lines.ts'
import { logOptions, type LogOptions } from './log-options.ts'
import type { ResourceRoute } from './route.ts'
import type { ServerContext } from './server-context.ts'

const pollMs = 400
const chunkBytes = 64 * 1024

export async function streamLog(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const options = logOptions(exchange.query, route.name, context.clock.nowUs())
  const log = locate(context, route, options)
  const file = await openIfThere(log.file)
  if (file === null) {
    openLineStream(exchange, 'text/plain').end()
    return
  }
  const closed = new AbortController()
  try {
    // Before the head is sent: from then on the client may count on every further line.
    let position = await firstByte(file, log, options)
    const lines = new LogLines(log.times, options, await beginsLine(file, position))
    const stream = openLineStream(exchange, 'text/plain')
    stream.onClosed(() => closed.abort())
    for (;;) {
      // Asked before reading: what was written before the end is then surely read.
      const ended = !options.follow || log.ended()
      // As far as there are times.
      const end = log.times.look()
      position = await copyRest(file, { from: position, end }, { lines, stream }, closed.signal)
      if (ended || lines.full || closed.signal.aborted) break
      await sleep(context.clock, pollMs, closed.signal)
    }
    stream.end()
  } finally {
    await file.close()
  }
}

function locate(
  { registry, logs }: ServerContext,
  { namespace, name }: ResourceRoute,
  options: LogOptions,
): ContainerLog {
  const { previous } = options
  const container = chooseContainer(registry.read('pods', namespace, name) as Pod, options.container)
  const log = logs.locate(namespace, name, container, previous)
  if (log !== null) return log
  if (previous) throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`)
  throw badRequest(`container "${container}" in pod "${name}" is waiting to start: ContainerCreating`)
}

/** Of the lines that were written since a time and of the last ones, whichever are fewer. */
async function firstByte(
  file: FileHandle,
  { times }: ContainerLog,
  { sinceUs, tailLines }: LogOptions,
): Promise<number> {
  const size = times.look()
  const since = sinceUs === null ? 0 : await nextLine(file, times.offsetAt(sinceUs), size)
  return Math.max(since, tailLines === null ? 0 : await tailStart(file, size, tailLines))
}

/** A line that had begun before is one of before. */
async function nextLine(file: FileHandle, from: number, size: number): Promise<number> {
  if (await beginsLine(file, from)) return from
  const buffer = Buffer.alloc(chunkBytes)
  for (let position = from; position < size;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(chunkBytes, size - position), position)
    const newline = buffer.subarray(0, bytesRead).indexOf(10)
    if (newline >= 0) return position + newline + 1
    if (bytesRead === 0) break
    position += bytesRead
  }
  return size
}

async function beginsLine(file: FileHandle, position: number): Promise<boolean> {
  if (position === 0) return true
  const { bytesRead, buffer } = await file.read(Buffer.alloc(1), 0, 1, position - 1)
  return bytesRead === 0 || buffer[0] === 10
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

async function copyRest(
  file: FileHandle,
  { from, end }: { from: number; end: number },
  { lines, stream }: { lines: LogLines; stream: LineStream },
  closed: AbortSignal,
): Promise<number> {
  let position = from
  while (!closed.aborted && position < end && !lines.full) {
    const buffer = Buffer.allocUnsafe(chunkBytes)
    const { bytesRead } = await file.read(buffer, 0, Math.min(chunkBytes, end - position), position)
    if (bytesRead === 0) break
    stream.write(lines.shown(buffer.subarray(0, bytesRead), position))
    position += bytesRead
  }
  return position
}

/** The offset of the last `lines` lines, found by reading backwards. */
async function tailStart(file: FileHandle, size: number, lines: number): Promise<number> {
  if (lines <= 0) return size
  const buffer = Buffer.alloc(chunkBytes)
  let missing = lines
  for (let end = size; end > 0;) {
    const begin = Math.max(0, end - chunkBytes)
    await file.read(buffer, 0, end - begin, begin)
    for (let index = end - begin - 1; index >= 0; index--) {
      const isLast = begin + index === size - 1
      if (buffer[index] === 10 && !isLast && --missing === 0) return begin + index + 1
    }
    end = begin
  }
  return 0
}
