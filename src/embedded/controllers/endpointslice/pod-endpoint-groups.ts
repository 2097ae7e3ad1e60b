/** Endpoints of a Service by the ports that its target ports resolve to; nearly always there is one group. */
import type { Pod, Service } from '../../../kube/types.ts'
import { endpointOf, portsOf } from './pod-endpoint.ts'
import type { PortGroup } from './slice-plan.ts'
import { portsKey } from './slice-plan.ts'

export function groupByPorts(service: Service, pods: readonly Pod[]): PortGroup[] {
  const groups = new Map<string, PortGroup>()
  for (const pod of pods) {
    const ports = portsOf(service, pod)
    const key = portsKey(ports)
    const group = groups.get(key) ?? { ports, endpoints: [] }
    group.endpoints.push(endpointOf(service, pod))
    groups.set(key, group)
  }
  return [...groups.values()]
}
