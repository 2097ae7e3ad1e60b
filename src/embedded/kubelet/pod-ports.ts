/**
 * The ports of a pod that anything outside of it may use. A declaration is only information on a real cluster, so ports
 * that probes, hooks and Services name count as well.
 */
import type { Container, IntOrString, Pod, Service } from '../../kube/types.ts'
import { matchesLabels } from '../selector.ts'
import { resolvePort } from './handlers.ts'

export function podPorts(pod: Pod, services: readonly Service[] = []): number[] {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  return [
    ...new Set([
      ...containers.flatMap(containerPorts),
      ...services.flatMap(service => targets(service, pod)),
    ]),
  ]
}

/** The declared ones first, in their order. */
export function containerPorts(container: Container): number[] {
  const declared = (container.ports ?? [])
    .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
    .map(({ containerPort }) => containerPort)
  const { readinessProbe, livenessProbe, startupProbe, lifecycle } = container
  const named = [readinessProbe, livenessProbe, startupProbe].map(
    probe => probe?.httpGet?.port ?? probe?.tcpSocket?.port,
  )
  const hooks = [lifecycle?.postStart?.httpGet?.port, lifecycle?.preStop?.httpGet?.port]
  return [...declared, ...[...named, ...hooks].flatMap(port => resolved(port, container))]
}

function resolved(port: IntOrString | undefined, container: Container): number[] {
  const number = port === undefined ? null : resolvePort(port, container)
  return number === null ? [] : [number]
}

/** By number; a name is of a declared port. */
function targets({ metadata, spec }: Service, pod: Pod): number[] {
  const { selector, ports = [] } = spec
  const selects =
    selector !== undefined &&
    Object.keys(selector).length > 0 &&
    metadata.namespace === pod.metadata.namespace &&
    matchesLabels(selector, pod.metadata.labels)
  if (!selects) return []
  return ports.map(({ port, targetPort }) => targetPort ?? port).filter(port => typeof port === 'number')
}
