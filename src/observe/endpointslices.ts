/** The Service's endpoints: what every kube-proxy is told. */
import type { Endpoint, EndpointSlice } from '../kube/types.ts'
import type { Transition } from '../model/transition.ts'
import { follow, labelQuery, type WitnessContext } from './witness.ts'

export function observeEndpointSlices(context: WitnessContext): Promise<void> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${context.namespace}/endpointslices`
  const query = labelQuery({ 'kubernetes.io/service-name': context.service })
  return follow<EndpointSlice>(context, 'endpointslices', path, query, (slice, previous, atUs) => {
    for (const transition of sliceTransitions(slice, previous, atUs)) context.record(transition)
  })
}

export function sliceTransitions(
  slice: EndpointSlice | null,
  previous: EndpointSlice | null,
  atUs: number,
): Transition[] {
  const name = (slice ?? previous)?.metadata.name ?? ''
  const before = byAddress(previous)
  const after = byAddress(slice)
  const transitions: Transition[] = []
  for (const [address, endpoint] of after) {
    const old = before.get(address)
    if (old !== undefined && JSON.stringify(old.conditions) === JSON.stringify(endpoint.conditions)) continue
    const { ready = true, serving = true, terminating = false } = endpoint.conditions ?? {}
    const pod = endpoint.targetRef?.name ?? ''
    transitions.push({
      atUs,
      kind: 'endpoint-changed',
      slice: name,
      pod,
      address,
      ready,
      serving,
      terminating,
    })
  }
  for (const [address, endpoint] of before) {
    if (after.has(address)) continue
    transitions.push({
      atUs,
      kind: 'endpoint-removed',
      slice: name,
      pod: endpoint.targetRef?.name ?? '',
      address,
    })
  }
  return transitions
}

function byAddress(slice: EndpointSlice | null): Map<string, Endpoint> {
  // The API server writes null for an empty list.
  const endpoints = (slice?.endpoints ?? []) as Endpoint[] | null
  return new Map(
    (endpoints ?? []).flatMap(endpoint => endpoint.addresses.map(address => [address, endpoint])),
  )
}
