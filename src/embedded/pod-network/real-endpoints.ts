/** A table as it is published: clients dial what stands there, so it holds where the endpoints really are. */
import type { ForwardingRule, ForwardingTable } from '../../model/forwarding.ts'
import type { PodNetwork } from './pod-network.ts'

export function withRealEndpoints(
  table: ForwardingTable,
  network: Pick<PodNetwork, 'reach'>,
): ForwardingTable {
  const real = <Rule extends ForwardingRule>(rule: Rule): Rule => ({
    ...rule,
    endpoints: rule.endpoints.map(({ address, port, pod }) => {
      const reach = network.reach(address, port)
      return { address: reach.host, port: reach.port, pod }
    }),
  })
  const services = table.services.map(({ nodePort, ...service }) => ({
    ...real(service),
    ...(nodePort === undefined ? {} : { nodePort: real(nodePort) }),
  }))
  return { ...table, services }
}
