/** Where the next connection goes: asked once per connection, at the moment of the connect. */
import type { LinkRoute } from './link.ts'

export interface Routes {
  /** Null when the data plane rejects the connection, since the service has no endpoint. */
  choose(): LinkRoute | null
}

export function fixedRoute(host: string, port: number): Routes {
  const route: LinkRoute = { address: host, port, roundTripMs: 0 }
  return { choose: () => route }
}
