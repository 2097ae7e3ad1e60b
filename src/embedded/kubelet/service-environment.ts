import type { Service } from '../../kube/types.ts'

/** The variables by which a container finds the Services that were there when it started (enableServiceLinks). */
export function serviceEnvironment(services: readonly Service[]): Record<string, string> {
  const env: Record<string, string> = {}
  for (const service of services) {
    const address = service.spec.clusterIP
    const [first] = service.spec.ports ?? []
    if (address === undefined || address === '' || address === 'None' || first === undefined) continue
    const prefix = variableName(service.metadata.name)
    env[`${prefix}_SERVICE_HOST`] = address
    env[`${prefix}_SERVICE_PORT`] = String(first.port)
    for (const port of service.spec.ports ?? [])
      if (port.name !== undefined && port.name !== '')
        env[`${prefix}_SERVICE_PORT_${variableName(port.name)}`] = String(port.port)
  }
  return env
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_')
}
