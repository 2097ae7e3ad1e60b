/** Where the next connection goes: asked once per connection, at the moment of the connect. */
import type { LinkRoute } from './link.ts'
import type { SourcePorts } from './source-ports.ts'

export interface Routes {
  /** Null when the data plane refuses the connection, since the service has no endpoint. */
  choose(): LinkRoute | null
}

export function fixedRoute(host: string, port: number): Routes {
  const route: LinkRoute = { address: host, port, roundTripMs: 0 }
  return { choose: () => route }
}

/** From a source port of our choice, where one is left. */
export function ownPortsRoute(host: string, port: number, ports: SourcePorts): Routes {
  const route: LinkRoute = { address: host, port, roundTripMs: 0 }
  return {
    choose() {
      const localPort = ports.take()
      if (localPort === undefined) return route
      return { ...route, localPort, onClosed: answered => ports.giveBack(localPort, answered) }
    },
  }
}
