/** Which way of giving addresses this machine allows. */
import { createServer } from 'node:net'
import { assertNever } from '../../base/assert.ts'
import type { Random } from '../../base/random.ts'
import type { AddressMode } from '../../model/embedded-cluster.ts'
import { Addresses, lockOctet } from '../addresses.ts'
import { LoopbackNetwork } from './loopback-network.ts'
import { PortStock } from './port-stock.ts'
import { PortsNetwork } from './ports-network.ts'
import type { PodNetwork } from './pod-network.ts'

export async function openPodNetwork(
  mode: AddressMode,
  random: Random,
  nodeCount: number,
): Promise<PodNetwork> {
  switch (mode) {
    case 'loopback': {
      const lock = await lockOctet(random)
      return new LoopbackNetwork(new Addresses(lock.octet, nodeCount), () => lock.release())
    }
    case 'ports':
      return new PortsNetwork(await PortStock.open(random))
    case 'auto':
      return openPodNetwork((await hasManyLoopbacks()) ? 'loopback' : 'ports', random, nodeCount)
    default:
      return assertNever(mode)
  }
}

/** Linux has the whole block; macOS and the BSDs have 127.0.0.1 until an administrator adds more. */
function hasManyLoopbacks(): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.1.2.3', port: 0 }, () => server.close(() => resolve(true)))
  })
}
