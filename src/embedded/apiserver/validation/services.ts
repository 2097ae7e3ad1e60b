/** Services: ports that a proxy can program, and an address that stays. */
import type { Service } from '../../../kube/types.ts'
import type { Draft } from '../decoding/draft.ts'
import { checkLabelName } from './names.ts'
import type { Problems } from './problems.ts'

export function checkService(
  problems: Problems,
  service: Draft<Service>,
  previous: Draft<Service> | null,
): void {
  const { spec } = service
  if (spec === undefined) {
    problems.required('spec')
    return
  }
  problems.oneOf('spec.type', spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'])
  problems.oneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None'])
  const ports = spec.ports ?? []
  const mayLackPorts = spec.clusterIP === 'None' || spec.type === 'ExternalName'
  if (ports.length === 0 && !mayLackPorts) problems.required('spec.ports')
  const names = new Set<string>()
  ports.forEach((port, index) => {
    const at = `spec.ports[${index}]`
    const name = port.name ?? ''
    if (name !== '' || ports.length > 1) checkLabelName(problems, `${at}.name`, name)
    if (name !== '' && names.has(name)) problems.duplicate(`${at}.name`, name)
    names.add(name)
    if (port.port === undefined) problems.required(`${at}.port`)
    else problems.between(`${at}.port`, port.port, 1, 65_535)
    problems.oneOf(`${at}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP'])
    if (typeof port.targetPort === 'number') problems.between(`${at}.targetPort`, port.targetPort, 1, 65_535)
  })
  const before = previous?.spec?.clusterIP ?? ''
  if (before !== '' && spec.type !== 'ExternalName' && spec.clusterIP !== before)
    problems.invalid('spec.clusterIPs[0]', spec.clusterIP ?? '', 'may not change once set')
}
