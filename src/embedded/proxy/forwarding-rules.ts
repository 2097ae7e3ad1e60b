/** The rules that one node's kube-proxy derives from a snapshot of Services and EndpointSlices. Pure. */
import type { EndpointSlice, Service, ServicePort } from '../../kube/types.ts'
import type { ForwardingEndpoint, ForwardingService } from '../../model/forwarding.ts'
import { categorizeEndpoints } from './categorize.ts'

const serviceLabel = 'kubernetes.io/service-name'

export function forwardingRules(
  services: Iterable<Service>,
  slices: Iterable<EndpointSlice>,
  node: string,
): ForwardingService[] {
  const slicesOf = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    const key = `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.[serviceLabel] ?? ''}`
    slicesOf.set(key, [...(slicesOf.get(key) ?? []), slice])
  }
  const rules: ForwardingService[] = []
  for (const service of services) {
    const clusterIP = service.spec.clusterIP
    if (clusterIP === undefined || clusterIP === '' || clusterIP === 'None') continue
    const name = `${service.metadata.namespace ?? ''}/${service.metadata.name}`
    const local = service.spec.internalTrafficPolicy === 'Local' ? node : null
    for (const port of service.spec.ports ?? [])
      if ((port.protocol ?? 'TCP') === 'TCP')
        rules.push({
          service: `${name}:${port.port}`,
          clusterIP,
          ...endpointsOf(port, slicesOf.get(name) ?? [], local),
        })
  }
  return rules.sort((a, b) => (a.service < b.service ? -1 : 1))
}

function endpointsOf(
  port: ServicePort,
  slices: readonly EndpointSlice[],
  local: string | null,
): { endpoints: ForwardingEndpoint[]; fallback: boolean } {
  const targets = new Map<string, ForwardingEndpoint>()
  const candidates = slices.flatMap(slice => {
    const target = slice.ports?.find(({ name }) => (name ?? '') === (port.name ?? ''))?.port
    if (target === undefined) return []
    for (const { addresses, targetRef } of slice.endpoints) {
      const [address] = addresses
      if (address !== undefined)
        targets.set(address, { address, port: target, pod: targetRef?.name ?? address })
    }
    return slice.endpoints
  })
  const { endpoints, fallback } = categorizeEndpoints(candidates, local)
  const chosen = endpoints.flatMap(({ addresses: [address = ''] }) => targets.get(address) ?? [])
  return { endpoints: chosen, fallback }
}
