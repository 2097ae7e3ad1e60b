/**
 * The rules that one node's kube-proxy derives from a snapshot of Services and EndpointSlices. Pure, but for the silent
 * address, which is asked for when a Service drops. TCP alone: a port of another protocol has no rules.
 */
import type { Endpoint, EndpointSlice, Service, ServicePort } from '../../kube/types.ts'
import type { ForwardingEndpoint, ForwardingRule, ForwardingService } from '../../model/forwarding.ts'
import { categorizeEndpoints } from './categorize.ts'
import { forwardingEndpoint } from './forwarding-endpoint.ts'

const serviceLabel = 'kubernetes.io/service-name'

export interface RuleParts {
  node: string
  silentAddress: () => { address: string; port: number }
}

export function forwardingRules(
  services: Iterable<Service>,
  slices: Iterable<EndpointSlice>,
  parts: RuleParts,
): ForwardingService[] {
  const slicesOf = groupByService(slices)
  const rules: ForwardingService[] = []
  for (const service of services) {
    const clusterIP = service.spec.clusterIP ?? ''
    if (clusterIP === '' || clusterIP === 'None') continue
    const name = `${service.metadata.namespace ?? ''}/${service.metadata.name}`
    for (const port of service.spec.ports ?? [])
      if ((port.protocol ?? 'TCP') === 'TCP') {
        const candidates = candidatesOf(port, slicesOf.get(name) ?? [])
        rules.push({
          service: `${name}:${port.port}`,
          clusterIP,
          ...rulesOf(service, port, candidates, parts),
        })
      }
  }
  return rules.sort((a, b) => (a.service < b.service ? -1 : 1))
}

function groupByService(slices: Iterable<EndpointSlice>): Map<string, EndpointSlice[]> {
  const groups = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    const key = `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.[serviceLabel] ?? ''}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [slice])
    else group.push(slice)
  }
  return groups
}

interface Candidates {
  endpoints: Endpoint[]
  targets: Map<Endpoint, ForwardingEndpoint>
}

/** The endpoints that have the Service's port, by its name. */
function candidatesOf(port: ServicePort, slices: readonly EndpointSlice[]): Candidates {
  const targets = new Map<Endpoint, ForwardingEndpoint>()
  for (const slice of slices) {
    const target = slice.ports?.find(({ name }) => (name ?? '') === (port.name ?? ''))?.port
    if (target === undefined) continue
    for (const endpoint of slice.endpoints) {
      const [address] = endpoint.addresses
      if (address !== undefined)
        targets.set(endpoint, forwardingEndpoint(address, target, endpoint.targetRef?.name ?? address))
    }
  }
  return { endpoints: [...targets.keys()], targets }
}

function rulesOf(
  { spec }: Service,
  port: ServicePort,
  candidates: Candidates,
  parts: RuleParts,
): Omit<ForwardingService, 'service' | 'clusterIP'> {
  const affinitySeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
  return {
    ...ruleOf(candidates, spec.internalTrafficPolicy === 'Local', parts),
    ...(spec.sessionAffinity === 'ClientIP' && affinitySeconds !== undefined ? { affinitySeconds } : {}),
    ...(port.nodePort === undefined || port.nodePort === 0
      ? {}
      : {
          nodePort: {
            port: port.nodePort,
            ...ruleOf(candidates, spec.externalTrafficPolicy === 'Local', parts),
          },
        }),
  }
}

function ruleOf({ endpoints, targets }: Candidates, local: boolean, parts: RuleParts): ForwardingRule {
  const chosen = categorizeEndpoints(endpoints, local ? parts.node : null)
  if (chosen.dropped) {
    const { address, port } = parts.silentAddress()
    return { endpoints: [{ address, port, pod: '' }], fallback: false, dropped: true }
  }
  return {
    endpoints: chosen.endpoints.flatMap(endpoint => targets.get(endpoint) ?? []),
    fallback: chosen.fallback,
  }
}
