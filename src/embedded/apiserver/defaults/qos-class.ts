/** A pod's class of service: shown in its status, decides nothing here. */
import type { PodSpec } from '../../../kube/types.ts'

export function qosClassOf(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  const bounds = containers.map(container => ({
    requests: container.resources?.requests ?? {},
    limits: container.resources?.limits ?? {},
  }))
  const names = ['cpu', 'memory']
  const asksNothing = bounds.every(({ requests, limits }) =>
    names.every(name => requests[name] === undefined && limits[name] === undefined),
  )
  if (asksNothing) return 'BestEffort'
  const fixed = bounds.every(({ requests, limits }) =>
    names.every(name => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name]),
  )
  return fixed ? 'Guaranteed' : 'Burstable'
}
