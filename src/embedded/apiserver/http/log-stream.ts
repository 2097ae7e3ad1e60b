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
import { linesCount, logOptions, type LogOptions } from './log-options.ts'
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
    const end = position + (options.limitBytes ?? Infinity)
    const stream = openLineStream(exchange, 'text/plain')
    stream.onClosed(() => closed.abort())
    for (;;) {
      // Asked before reading: what was written before the end is then surely read.
      const ended = !options.follow || log.ended()
      position = await copyRest(file, { from: position, end }, stream, closed.signal)
      if (ended || position >= end || closed.signal.aborted) break
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

async function firstByte(file: FileHandle, log: ContainerLog, options: LogOptions): Promise<number> {
  const { size, mtimeMs } = await file.stat()
  if (size > 0 && !linesCount(options, log, mtimeMs * 1000)) return size
  return options.tailLines === null ? 0 : tailStart(file, options.tailLines)
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
  stream: LineStream,
  closed: AbortSignal,
): Promise<number> {
  let position = from
  while (!closed.aborted && position < end) {
    const buffer = Buffer.allocUnsafe(chunkBytes)
    const { bytesRead } = await file.read(buffer, 0, Math.min(chunkBytes, end - position), position)
    if (bytesRead === 0) break
    stream.write(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
  return position
}

/** The offset of the last `lines` lines, found by reading backwards. */
async function tailStart(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat()
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
