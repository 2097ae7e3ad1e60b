/**
 * Where a load may go. Load is an attack on a server that did not ask for it, so only this machine and private networks
 * are taken without a word. A name is resolved once, all of its addresses are looked at, and the load goes to one of
 * them: what was looked at is what is loaded.
 */
import { lookup } from 'node:dns/promises'
import { BlockList, isIP, isIPv6 } from 'node:net'
import { UsageError } from './exit-code.ts'

export interface TargetAddress {
  address: string
  port: number
}

/** No address is known for the name: nothing could be measured. */
export class NameError extends Error {
  override name = 'NameError'
}

const nearby = new BlockList()
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const)
  nearby.addSubnet(network, prefix, 'ipv4')
// "This host": a server that listens on every address prints it as its own.
nearby.addAddress('0.0.0.0', 'ipv4')
nearby.addAddress('::', 'ipv6')
nearby.addAddress('::1', 'ipv6')
nearby.addSubnet('fc00::', 7, 'ipv6')
nearby.addSubnet('fe80::', 10, 'ipv6')

/** Loopback, RFC 1918, fc00::/7 or link-local, also as an IPv4 address in an IPv6 one. */
export function isNearby(address: string): boolean {
  return nearby.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

export async function targetAddress(
  url: URL,
  allowPublic: boolean,
  resolve: (name: string) => Promise<string[]> = resolveName,
): Promise<TargetAddress> {
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const addresses = isIP(name) > 0 ? [name] : await resolve(name)
  const far = addresses.filter(address => !isNearby(address))
  if (far.length > 0 && !allowPublic) {
    const where = isIP(name) > 0 ? name : `${name} (${far.join(', ')})`
    throw new UsageError(
      `${where} is neither on this machine nor in a private network; if the server is yours to load, say --allow-public`,
    )
  }
  // `localhost` is often both, and what listens there is often on one alone.
  const address = addresses.find(each => !isIPv6(each)) ?? addresses[0]
  if (address === undefined) throw new NameError(`${name}: no address`)
  return { address, port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port) }
}

async function resolveName(name: string): Promise<string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address)
  } catch (error) {
    throw new NameError(`${name}: no address (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)
  }
}
