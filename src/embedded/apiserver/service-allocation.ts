/**
 * What a Service is given by the API server: its address and its node ports. What is taken is read from the Services that
 * there are, so nothing has to be given back. A Service that changes its type loses what only the old type had.
 */
import { isIP } from 'node:net'
import type { Service, ServicePort } from '../../kube/types.ts'
import type { Draft } from './decoding/draft.ts'
import { Problems } from './validation/problems.ts'
import { invalid } from './api-errors.ts'
import type { RegistryCore } from './registry-core.ts'
import { kindOf } from './resources.ts'

type Spec = Draft<Service>['spec']

/** Called before validation; `previous` is null for a creation. */
export function allocateForService(core: RegistryCore, object: Service, previous: Service | null): void {
  const spec = (object as Draft<Service>).spec
  if (spec === undefined || spec.type === 'ExternalName') return
  if (previous !== null) {
    keepAllocations(spec, previous)
    dropWhatTheOldTypeHad(spec, previous)
  }
  const problems = new Problems()
  allocateAddress(core, problems, spec, previous)
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer')
    allocateNodePorts(core, problems, spec, previous)
  if (problems.list.length > 0) throw invalid(kindOf('services'), object.metadata.name, problems.list)
}

/** A client that sends a Service without its address or node ports means "as they are". */
function keepAllocations(spec: NonNullable<Spec>, { spec: before }: Service): void {
  if ((spec.clusterIP ?? '') === '' && before.clusterIP !== undefined) spec.clusterIP = before.clusterIP
  if (!hasNodePorts(spec)) return
  for (const port of spec.ports ?? []) {
    const kept = samePort(before.ports, port)?.nodePort
    if ((port.nodePort ?? 0) === 0 && kept !== undefined) port.nodePort = kept
  }
}

function dropWhatTheOldTypeHad(spec: NonNullable<Spec>, { spec: before }: Service): void {
  if (hasNodePorts(spec) || !hasNodePorts(before)) return
  if (spec.externalTrafficPolicy === before.externalTrafficPolicy) delete spec.externalTrafficPolicy
  for (const port of spec.ports ?? [])
    if (port.nodePort === samePort(before.ports, port)?.nodePort) delete port.nodePort
}

function hasNodePorts({ type }: { type?: string | undefined }): boolean {
  return type === 'NodePort' || type === 'LoadBalancer'
}

function samePort(
  ports: readonly ServicePort[] | undefined,
  { port, protocol = 'TCP' }: Draft<ServicePort>,
): ServicePort | undefined {
  return ports?.find(other => other.port === port && (other.protocol ?? 'TCP') === protocol)
}

function allocateAddress(
  core: RegistryCore,
  problems: Problems,
  spec: NonNullable<Spec>,
  previous: Service | null,
): void {
  const wanted = spec.clusterIP ?? ''
  if (wanted === '') spec.clusterIP = freeAddress(core)
  else if (previous === null && isIP(wanted) !== 0) {
    const why = whyNotAddress(core, wanted)
    if (why !== null) problems.invalid('spec.clusterIPs', [wanted], `failed to allocate IP ${wanted}: ${why}`)
  }
  if (spec.clusterIP === undefined) return
  spec.clusterIPs = [spec.clusterIP]
  nameFamilies(spec)
}

/** The cluster has one family of addresses. */
function nameFamilies(spec: NonNullable<Spec>): void {
  const families = spec as { ipFamilies?: string[]; ipFamilyPolicy?: string }
  families.ipFamilies ??= ['IPv4']
  families.ipFamilyPolicy ??= 'SingleStack'
}

function whyNotAddress(core: RegistryCore, address: string): string | null {
  if (!core.isClusterIP(address)) return 'the provided network does not match the current range'
  return addressesInUse(core).has(address) ? 'provided IP is already allocated' : null
}

/** Somebody may have asked for an address by name before its turn came. */
function freeAddress(core: RegistryCore): string {
  const used = addressesInUse(core)
  for (;;) {
    const address = core.allocateClusterIP()
    if (!used.has(address)) return address
  }
}

function services(core: RegistryCore): Service[] {
  return core.store.list('services') as Service[]
}

function addressesInUse(core: RegistryCore): Set<string | undefined> {
  return new Set(services(core).map(({ spec }) => spec.clusterIP))
}

function allocateNodePorts(
  core: RegistryCore,
  problems: Problems,
  spec: NonNullable<Spec>,
  previous: Service | null,
): void {
  const { low, high } = core.settings.nodePorts
  const used = new Set<number>()
  for (const { metadata, spec: other } of services(core))
    if (metadata.uid !== previous?.metadata.uid)
      for (const { nodePort = 0 } of other.ports ?? []) if (nodePort !== 0) used.add(nodePort)
  const ports = spec.ports ?? []
  ports.forEach(({ nodePort = 0 }, index) => {
    if (nodePort === 0) return
    const field = `spec.ports[${index}].nodePort`
    if (nodePort < low || nodePort > high)
      problems.invalid(
        field,
        nodePort,
        `provided port is not in the valid range. The range of valid ports is ${low}-${high}`,
      )
    else if (used.has(nodePort)) problems.invalid(field, nodePort, 'provided port is already allocated')
    used.add(nodePort)
  })
  if ((spec as { allocateLoadBalancerNodePorts?: boolean }).allocateLoadBalancerNodePorts === false) return
  for (const port of ports) {
    if ((port.nodePort ?? 0) !== 0) continue
    const free = freePort(core, used)
    if (free === null) return problems.invalid('spec.ports', '', 'range is full')
    port.nodePort = free
    used.add(free)
  }
}

/** From a random place on, so that ports of one cluster after the other differ. */
function freePort(core: RegistryCore, used: ReadonlySet<number>): number | null {
  const { low, high } = core.settings.nodePorts
  const count = high - low + 1
  const start = Math.floor(core.random.between(0, count))
  for (let step = 0; step < count; step++) {
    const port = low + ((start + step) % count)
    if (!used.has(port)) return port
  }
  return null
}
