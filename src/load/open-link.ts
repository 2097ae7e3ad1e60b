/** The way to the server: plain TCP, or TLS over it, on a wire with a length or without. */
import type { TlsTarget } from '../model/load.ts'
import type { Clock } from '../base/clock.ts'
import type { DelayLine } from './delay-line.ts'
import { Link, type LinkListener, type LinkRoute, type TransportLink } from './link.ts'
import { TlsLink } from './tls-link.ts'
import { UnansweredLink } from './unanswered-link.ts'

/** `protocols`: what is offered by ALPN, best first; without TLS there is nothing to agree on. */
export function openLink(
  route: LinkRoute,
  listener: LinkListener,
  setting: { clock: Clock; wire: DelayLine; tls: TlsTarget | null },
  protocols: readonly string[],
): TransportLink {
  const { clock, wire, tls } = setting
  const open = (found: LinkRoute): TransportLink =>
    tls === null ? new Link(found, listener, wire) : new TlsLink(found, listener, wire, tls, protocols)
  return route.again === undefined ? open(route) : new UnansweredLink(route, listener, clock, open)
}
