/**
 * How the script learns that the run is over. k6 can only be ended by cutting off what is in flight, so its users ask
 * here, each at most once in a lease, whether they may go on.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Control {
  readonly url: string
  /** Leases end, and no new one is given. */
  revoke(): void
  close(): void
}

const GO_ON = 200
const NO_MORE = 410

export async function startControl(): Promise<Control> {
  let status = GO_ON
  const server = createServer((_request, response) => response.writeHead(status).end())
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', 1024, resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    revoke: () => void (status = NO_MORE),
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
