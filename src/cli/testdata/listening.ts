/** A scripted server on a port of loopback that the kernel chose. */
import type { AddressInfo, Server, Socket } from 'node:net'

export interface Listening {
  port: number
  close(): Promise<void>
}

/** `sockets`: those that are open; they are cut off at the end. */
export async function listening(server: Server, sockets: ReadonlySet<Socket>): Promise<Listening> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
