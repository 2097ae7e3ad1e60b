/** The only place where an address becomes one that clients dial: whoever needs another host or port there changes it here. */
import type { ForwardingEndpoint } from '../../model/forwarding.ts'

export function forwardingEndpoint(address: string, port: number, pod: string): ForwardingEndpoint {
  return { address, port, pod }
}
