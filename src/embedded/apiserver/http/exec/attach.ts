/**
 * attach: the container's output from now on, read from where it is kept. Both of its outputs are kept as one, so all of
 * it comes as standard output; and a container has no input here, as one without `stdin: true` has none there.
 */
import { open, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { sleep } from '../../../../base/clock.ts'
import type { ServerContext } from '../server-context.ts'
import { isSet } from '../write-options.ts'
import type { Upgrade } from './channel-socket.ts'
import { channels, finish, openChannels } from './remote-command.ts'
import { containerNotFound, type StreamTarget } from './stream-target.ts'

const pollMs = 200
const chunkBytes = 64 * 1024

export async function attach(
  context: ServerContext,
  { pod, container }: StreamTarget,
  query: URLSearchParams,
  upgrade: Upgrade,
  protocol: string,
): Promise<void> {
  const log = context.logs.locate(pod.metadata.namespace ?? '', pod.metadata.name, container, false)
  // Before the stream opens: from then on the client may count on every further byte.
  const file = log === null || log.ended() ? null : await open(log.file, 'r')
  const from = file === null ? 0 : (await file.stat()).size
  const socket = await openChannels(upgrade, protocol, query)
  if (log === null || file === null) {
    finish(socket, containerNotFound(container).status)
    return
  }
  const closed = new AbortController()
  socket.onClosed(() => closed.abort())
  const output = Readable.from(appended(context, { file, from, ended: () => log.ended() }, closed.signal))
  output.on('error', () => socket.close())
  output.once('end', () => finish(socket, { metadata: {}, status: 'Success' }))
  if (isSet(query, 'stdout')) socket.sendFrom(output, channels.stdout)
  else output.resume()
}

async function* appended(
  { clock }: ServerContext,
  { file, from, ended }: { file: FileHandle; from: number; ended: () => boolean },
  closed: AbortSignal,
): AsyncGenerator<Buffer> {
  try {
    let position = from
    while (!closed.aborted) {
      // Asked before reading: what was written before the end is then surely read.
      const isLast = ended()
      const buffer = Buffer.alloc(chunkBytes)
      const { bytesRead } = await file.read(buffer, 0, chunkBytes, position)
      position += bytesRead
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead)
      else if (isLast) return
      else await sleep(clock, pollMs, closed)
    }
  } finally {
    await file.close()
  }
}
