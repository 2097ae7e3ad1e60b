/** The way to the server: plain TCP, or TLS over it, on a wire with a length or without. */
import type { TlsTarget } from '../model/load.ts'
import type { DelayLine } from './delay-line.ts'
import { Link, type LinkListener, type LinkRoute, type TransportLink } from './link.ts'
import { TlsLink } from './tls-link.ts'

/** `protocols`: what is offered by ALPN, best first; without TLS there is nothing to agree on. */
export function openLink(
  route: LinkRoute,
  listener: LinkListener,
  setting: { wire: DelayLine; tls: TlsTarget | null },
  protocols: readonly string[],
): TransportLink {
  const { wire, tls } = setting
  return tls === null ? new Link(route, listener, wire) : new TlsLink(route, listener, wire, tls, protocols)
}
