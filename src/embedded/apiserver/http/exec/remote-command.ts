/**
 * exec: a command in a container, over the channels of a WebSocket. How it ended is told by a Status on the third
 * channel, an exit code as its cause; so is every error that a kubelet would have.
 */
import type { Status } from '../../../../kube/types.ts'
import type { CommandEnd } from '../../../feeds.ts'
import { failure } from '../../api-errors.ts'
import type { ServerContext } from '../server-context.ts'
import { isSet } from '../write-options.ts'
import { ChannelSocket, openWebSocket, type Upgrade } from './channel-socket.ts'
import { containerNotFound, kubeletError, type StreamTarget } from './stream-target.ts'

/** In v4 a client cannot close its input, which is all that v5 adds. */
export const commandProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io']

export const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3 } as const

export async function openChannels(upgrade: Upgrade, protocol: string, query: URLSearchParams) {
  const socket = new ChannelSocket(await openWebSocket(upgrade, protocol))
  const first = (['stdout', 'stderr'] as const).find(name => isSet(query, name)) ?? 'status'
  // Tells the client that the streams are there.
  socket.send(channels[first], Buffer.alloc(0))
  return socket
}

export async function execute(
  context: ServerContext,
  { pod, container }: StreamTarget,
  query: URLSearchParams,
  upgrade: Upgrade,
  protocol: string,
): Promise<void> {
  const socket = await openChannels(upgrade, protocol, query)
  const argv = query.getAll('command')
  const refusal = refusalOf(argv, query)
  const command =
    refusal === null
      ? context.commands.run(pod.metadata.uid ?? '', container, argv, isSet(query, 'stdin'))
      : null
  if (command === null) {
    finish(socket, refusal ?? containerNotFound(container).status)
    return
  }
  socket.onClosed(() => command.kill())
  if (command.stdin !== null) socket.receiveInto(channels.stdin, command.stdin)
  // Read in any case, or a command whose output nobody wants would wait for ever.
  if (isSet(query, 'stdout')) socket.sendFrom(command.stdout, channels.stdout)
  else command.stdout.resume()
  if (isSet(query, 'stderr')) socket.sendFrom(command.stderr, channels.stderr)
  else command.stderr.resume()
  finish(socket, statusOf(await command.ended))
}

/** A terminal cannot be had from Node alone, and a shell that believes in one would hang. */
function refusalOf(argv: readonly string[], query: URLSearchParams): Status | null {
  if (isSet(query, 'tty'))
    return kubeletError(
      'error executing command in container: a terminal cannot be allocated in this cluster; leave out --tty (-t)',
    ).status
  if (argv.length === 0)
    return kubeletError('error executing command in container: a command must be given').status
  return null
}

export function finish(
  socket: ChannelSocket,
  status: Status | { metadata: object; status: 'Success' },
): void {
  socket.send(channels.status, Buffer.from(JSON.stringify(status)))
  socket.close()
}

function statusOf(end: CommandEnd): Status | { metadata: object; status: 'Success' } {
  if (end.kind === 'could-not-start')
    return kubeletError(`Internal error occurred: error executing command in container: ${end.message}`)
      .status
  if (end.code === 0) return { metadata: {}, status: 'Success' }
  const message = `command terminated with non-zero exit code: command terminated with exit code ${end.code}`
  const causes = [{ reason: 'ExitCode', message: String(end.code) }]
  const { metadata, status, reason, details } = failure(0, 'NonZeroExitCode', message, { causes }).status
  return { metadata, status, message, reason, details } as Status
}
