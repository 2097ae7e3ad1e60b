/** A TCP proxy that a test cuts: every connection through it ends at once, and new ones are made again or refused. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface CutProxy {
  readonly port: number
  /** How many connections were made. */
  readonly connections: number
  cut(): void
  close(): void
}

export async function startCutProxy(toPort: number, toHost = '127.0.0.1'): Promise<CutProxy> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer(near => {
    connections += 1
    const far = connect(toPort, toHost)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    cut,
    close() {
      server.close()
      cut()
    },
  }
}
