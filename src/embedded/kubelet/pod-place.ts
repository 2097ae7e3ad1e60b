/**
 * What the processes of a pod are told about where they really are: Node programs by a preload that reads it, others by
 * the variables that an image's command and environment may refer to.
 */
import type { Container, Pod } from '../../kube/types.ts'
import { podPlaceVariable, type PodPlace } from '../../model/pod-place.ts'
import type { PodNetwork } from '../pod-network/pod-network.ts'
import { containerPorts } from './pod-ports.ts'

export function podPlace(
  pod: Pod,
  address: string,
  ports: readonly number[],
  network: Pick<PodNetwork, 'host' | 'reach'>,
): PodPlace {
  const moved = ports
    .map(port => [port, network.reach(address, port).port] as const)
    .filter(([port, real]) => port !== real)
  return {
    hostname: pod.metadata.name,
    address,
    host: network.host(address),
    ports: Object.fromEntries(moved),
  }
}

/** The preload comes after what the container asks for itself. */
export function nodeEnvironment(
  place: PodPlace,
  preload: string,
  own: string | undefined,
): Record<string, string> {
  const option = `--require "${preload.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  return {
    NODE_OPTIONS: own === undefined || own === '' ? option : `${own} ${option}`,
    [podPlaceVariable]: JSON.stringify(place),
  }
}

/**
 * `$(POD_IP)` is the address to listen on, `$(PORT)` the port for the container's first one, `$(PORT_8080)` and
 * `$(PORT_HTTP)` those for a port by its number and by its name.
 */
export function placeVariables(pod: Pod, container: Container, place: PodPlace): Record<string, string> {
  const real = (port: number): string => String(place.ports[port] ?? port)
  const ports = containerPorts(container)
  const variables: Record<string, string> = {
    POD_IP: place.host,
    POD_NAME: pod.metadata.name,
    POD_NAMESPACE: pod.metadata.namespace ?? 'default',
    NODE_NAME: pod.spec.nodeName ?? '',
  }
  const [first] = ports
  if (first !== undefined) variables['PORT'] = real(first)
  for (const port of ports) variables[`PORT_${port}`] = real(port)
  for (const { name, containerPort } of container.ports ?? [])
    if (name !== undefined) variables[`PORT_${name.toUpperCase().replaceAll('-', '_')}`] = real(containerPort)
  return variables
}
