import type { Service } from '../../kube/types.ts'
import type { Reach } from '../pod-network/pod-network.ts'

/** The variables by which a container finds the Services that were there when it started (enableServiceLinks). */
export function serviceEnvironment(
  services: readonly Service[],
  reach: (address: string, port: number) => Reach,
): Record<string, string> {
  const env: Record<string, string> = {}
  for (const service of services) {
    const address = service.spec.clusterIP
    const [first] = service.spec.ports ?? []
    if (address === undefined || address === '' || address === 'None' || first === undefined) continue
    const prefix = variableName(service.metadata.name)
    const { host, port: firstPort } = reach(address, first.port)
    env[`${prefix}_SERVICE_HOST`] = host
    env[`${prefix}_SERVICE_PORT`] = String(firstPort)
    for (const port of service.spec.ports ?? [])
      if (port.name !== undefined && port.name !== '')
        env[`${prefix}_SERVICE_PORT_${variableName(port.name)}`] = String(reach(address, port.port).port)
  }
  return env
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_')
}
