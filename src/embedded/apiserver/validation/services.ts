/** Services: ports that a proxy can program, and an address that stays. */
import { isIP } from 'node:net'
import type { Service } from '../../../kube/types.ts'
import type { Draft } from '../decoding/draft.ts'
import { checkLabelName, checkLabels, checkPortName } from './names.ts'
import type { Problems } from './problems.ts'

export function checkService(
  problems: Problems,
  service: Draft<Service>,
  previous: Draft<Service> | null,
): void {
  const { spec = {} } = service
  problems.oneOf('spec.type', spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'])
  checkRouting(problems, spec)
  const ports = spec.ports ?? []
  const mayLackPorts = spec.clusterIP === 'None' || spec.type === 'ExternalName'
  if (ports.length === 0 && !mayLackPorts) problems.required('spec.ports')
  const mayHaveNodePorts = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  const names = new Set<string>()
  const numbers = new Set<string>()
  ports.forEach((port, index) => {
    const at = `spec.ports[${index}]`
    const name = port.name ?? ''
    if (name !== '' || ports.length > 1) checkLabelName(problems, `${at}.name`, name)
    if (name !== '' && names.has(name)) problems.duplicate(`${at}.name`, name)
    names.add(name)
    if (port.port === undefined) problems.required(`${at}.port`)
    else problems.between(`${at}.port`, port.port, 1, 65_535)
    if ((port.nodePort ?? 0) !== 0 && !mayHaveNodePorts)
      problems.forbidden(`${at}.nodePort`, `may not be used when \`type\` is '${spec.type ?? ''}'`)
    const number = `${port.protocol ?? 'TCP'} ${port.port ?? 0}`
    // The server prints its own struct, with no more than these two filled in.
    const shown = { Name: '', Protocol: port.protocol, AppProtocol: null, Port: port.port }
    if (numbers.has(number)) problems.duplicate(at, { ...shown, TargetPort: 0, NodePort: 0 })
    numbers.add(number)
    problems.oneOf(`${at}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP'])
    if (typeof port.targetPort === 'number') problems.between(`${at}.targetPort`, port.targetPort, 1, 65_535)
    if (typeof port.targetPort === 'string') checkPortName(problems, `${at}.targetPort`, port.targetPort)
  })
  checkLabels(problems, 'spec.selector', spec.selector)
  if (spec.type === 'ExternalName' && ((spec as { externalName?: string }).externalName ?? '') === '')
    problems.required('spec.externalName')
  if (spec.type === 'ClusterIP') checkAddress(problems, spec)
  const before = previous?.spec?.clusterIP ?? ''
  if (before !== '' && spec.type !== 'ExternalName' && spec.clusterIP !== before)
    problems.invalid('spec.clusterIPs[0]', spec.clusterIPs ?? [], 'may not change once set')
}

function checkAddress(problems: Problems, { clusterIP = '' }: NonNullable<Draft<Service>['spec']>): void {
  if (clusterIP === '' || clusterIP === 'None' || isIP(clusterIP)) return
  problems.invalid(
    'spec.clusterIPs[0]',
    clusterIP,
    'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  )
}

/** Affinity and traffic policies. */
function checkRouting(problems: Problems, spec: NonNullable<Draft<Service>['spec']>): void {
  problems.oneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None'])
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (spec.sessionAffinity === 'ClientIP' && (seconds === undefined || seconds <= 0 || seconds > 86_400))
    problems.invalid(
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
      seconds ?? 0,
      'must be greater than 0 and less than 86400',
    )
  const policies = ['Cluster', 'Local']
  if (spec.internalTrafficPolicy !== undefined)
    problems.oneOf('spec.internalTrafficPolicy', spec.internalTrafficPolicy, policies)
  if (spec.externalTrafficPolicy === undefined) return
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer')
    problems.oneOf('spec.externalTrafficPolicy', spec.externalTrafficPolicy, policies)
  else if (spec.type === 'ClusterIP' || spec.type === 'ExternalName')
    problems.invalid(
      'spec.externalTrafficPolicy',
      spec.externalTrafficPolicy,
      'may only be set for externally-accessible services',
    )
}
