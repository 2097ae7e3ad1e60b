/** One pod as an endpoint of a Service, and whether a change of the pod concerns its Services (semantics §6). Pure. */
import type { Endpoint, Pod, Service } from '../../../kube/types.ts'
import { isReady, isTerminal, isTerminating } from '../pods.ts'
import { sameLabels } from '../../selector.ts'

export interface SlicePort {
  name: string
  port: number
  protocol: string
}

/** A pod is an endpoint from when it has an address until it has ended. */
export function hasEndpoint(pod: Pod): boolean {
  return (pod.status?.podIP ?? '') !== '' && !isTerminal(pod)
}

export function endpointOf(service: Service, pod: Pod): Endpoint {
  const serving = isReady(pod)
  const terminating = isTerminating(pod)
  const { name, namespace = '', uid = '' } = pod.metadata
  const { nodeName } = pod.spec
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: {
      ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  }
}

/** Named target ports are looked up in each pod, so two pods of one Service may differ; a name not found is left out. */
export function portsOf(service: Service, pod: Pod): SlicePort[] {
  return (service.spec.ports ?? []).flatMap(({ name = '', port, targetPort = port, protocol = 'TCP' }) => {
    const number = typeof targetPort === 'number' ? targetPort : namedPort(pod, targetPort, protocol)
    return number === null ? [] : [{ name, port: number, protocol }]
  })
}

function namedPort(pod: Pod, name: string, protocol: string): number | null {
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  for (const { ports = [] } of [...pod.spec.containers, ...sidecars]) {
    const found = ports.find(port => port.name === name && (port.protocol ?? 'TCP') === protocol)
    if (found !== undefined) return found.containerPort
  }
  return null
}

/** Every update of a terminating pod counts, as in Kubernetes, which compares timestamps by pointer. */
export function concernsServices(before: Pod, after: Pod): boolean {
  return (
    isTerminating(before) ||
    isTerminating(after) ||
    isReady(before) !== isReady(after) ||
    before.status?.podIP !== after.status?.podIP ||
    isTerminal(before) !== isTerminal(after) ||
    !sameLabels(before.metadata.labels, after.metadata.labels)
  )
}
