/**
 * Port forwarding over the channels of a WebSocket: per port one channel for bytes and one for an error, both of which
 * begin with the port's number. A connection per port and socket, as there: a client that wants another one opens another
 * socket.
 */
import { connect } from 'node:net'
import type { Pod } from '../../../../kube/types.ts'
import { failure } from '../../api-errors.ts'
import { ChannelSocket, openWebSocket, type Upgrade } from './channel-socket.ts'
import type { StreamTarget } from './stream-target.ts'

export const channelProtocol = 'v4.channel.k8s.io'

export async function forwardPorts(
  { pod, reach }: StreamTarget,
  ports: readonly number[],
  upgrade: Upgrade,
  protocol: string,
): Promise<void> {
  const socket = new ChannelSocket(await openWebSocket(upgrade, protocol))
  let open = ports.length
  ports.forEach((port, index) => {
    const bytesChannel = index * 2
    const errorChannel = bytesChannel + 1
    const number = Buffer.alloc(2)
    number.writeUInt16LE(port)
    socket.send(bytesChannel, number)
    socket.send(errorChannel, number)
    const connection = connect(reach(port))
    connection.on('error', error => socket.send(errorChannel, Buffer.from(forwardError(pod, port, error))))
    connection.on('close', () => {
      open -= 1
      if (open === 0) socket.close()
    })
    socket.sendFrom(connection, bytesChannel)
    socket.receiveInto(bytesChannel, connection)
    socket.onClosed(() => connection.destroy())
  })
}

export function forwardError({ metadata }: Pod, port: number, error: NodeJS.ErrnoException): string {
  const where = `localhost:${port} inside namespace of pod "${metadata.name}"`
  const what =
    error.syscall === 'connect' ? `failed to connect to ${where}` : `lost the connection to ${where}`
  return `error forwarding port ${port} to pod ${metadata.name}, uid ${metadata.uid ?? ''}: ${what}: ${causeOf(error)}`
}

function causeOf({ code, syscall = 'connect' }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return `${syscall}: connection refused`
  return `${syscall}: ${code === 'ECONNRESET' ? 'connection reset by peer' : (code ?? 'unknown error')}`
}

/** `ports=8080&ports=9090`, or with commas. */
export function portsOf(query: URLSearchParams): number[] {
  const texts = query.getAll('ports').flatMap(text => text.split(','))
  if (texts.length === 0) throw failure(400, 'BadRequest', 'query parameter "port" is required')
  return texts.map(text => {
    const port = Number(text)
    if (!/^\d+$/.test(text) || port > 65_535)
      throw failure(400, 'BadRequest', `unable to parse ${JSON.stringify(text)} as a port`)
    if (port < 1) throw failure(400, 'BadRequest', `port ${JSON.stringify(text)} must be > 0`)
    return port
  })
}
