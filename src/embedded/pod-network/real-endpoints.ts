import type { ForwardingTable } from '../../model/forwarding.ts'
import type { PodNetwork } from './pod-network.ts'

/** A table as it is published: clients dial what stands there, so it holds where the endpoints really are. */
export function withRealEndpoints(
  table: ForwardingTable,
  network: Pick<PodNetwork, 'reach'>,
): ForwardingTable {
  const services = table.services.map(service => ({
    ...service,
    endpoints: service.endpoints.map(({ address, port, pod }) => {
      const reach = network.reach(address, port)
      return { address: reach.host, port: reach.port, pod }
    }),
  }))
  return { ...table, services }
}
