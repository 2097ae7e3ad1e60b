/**
 * Distributes the endpoints of a Service over its slices with as few writes as it can (semantics §6): up to 100 in a
 * slice, one set of ports per slice, endpoints stay where they are. Pure.
 */
import type { Endpoint, EndpointSlice } from '../../../kube/types.ts'
import { canonicalJson } from '../canonical-json.ts'
import type { SlicePort } from './pod-endpoint.ts'

export interface PortGroup {
  ports: SlicePort[]
  endpoints: Endpoint[]
}

export interface SliceContent {
  ports: SlicePort[]
  endpoints: Endpoint[]
}

export interface SlicePlan {
  create: SliceContent[]
  update: { slice: EndpointSlice; content: SliceContent }[]
  remove: EndpointSlice[]
}

const endpointsMax = 100

export function planSlices(groups: readonly PortGroup[], slices: readonly EndpointSlice[]): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], remove: [] }
  const left = new Set(slices)
  for (const group of groups) {
    const same = slices.filter(slice => portsKey(slice.ports ?? []) === portsKey(group.ports))
    same.forEach(slice => left.delete(slice))
    planGroup(plan, group, same)
  }
  plan.remove.push(...left)
  keepPlaceholder(plan, slices)
  recycle(plan)
  return plan
}

export function portsKey(ports: readonly { name?: string; port?: number; protocol?: string }[]): string {
  return ports
    .map(({ name = '', port = 0, protocol = 'TCP' }) => `${name}/${port}/${protocol}`)
    .sort()
    .join(',')
}

function planGroup(plan: SlicePlan, { ports, endpoints }: PortGroup, slices: EndpointSlice[]): void {
  const wanted = new Map(endpoints.map(endpoint => [identity(endpoint), endpoint]))
  const contents = slices.map(slice => ({ slice, endpoints: takeKept(slice, wanted) }))
  for (const content of contents) {
    while (content.endpoints.length > 0 && content.endpoints.length < endpointsMax) {
      if (!moveOne(wanted, content.endpoints)) break
    }
  }
  for (const { slice, endpoints: next } of contents) {
    if (next.length === 0) plan.remove.push(slice)
    else if (canonicalJson(next) !== canonicalJson(slice.endpoints)) {
      plan.update.push({ slice, content: { ports, endpoints: next } })
    }
  }
  while (wanted.size > 0) {
    const fresh: Endpoint[] = []
    while (fresh.length < endpointsMax && moveOne(wanted, fresh));
    plan.create.push({ ports, endpoints: fresh })
  }
}

function takeKept(slice: EndpointSlice, wanted: Map<string, Endpoint>): Endpoint[] {
  return slice.endpoints.flatMap(endpoint => {
    const next = wanted.get(identity(endpoint))
    wanted.delete(identity(endpoint))
    return next === undefined ? [] : [next]
  })
}

function moveOne(wanted: Map<string, Endpoint>, into: Endpoint[]): boolean {
  for (const [key, endpoint] of wanted) {
    wanted.delete(key)
    into.push(endpoint)
    return true
  }
  return false
}

function identity({ targetRef, addresses }: Endpoint): string {
  return `${targetRef?.uid ?? ''} ${addresses.join(' ')}`
}

/** A Service without endpoints keeps one empty slice, so that its readers can tell "none" from "not yet". */
function keepPlaceholder(plan: SlicePlan, slices: readonly EndpointSlice[]): void {
  if (plan.create.length > 0 || slices.length > plan.remove.length) return
  const [only, ...others] = plan.remove
  const isPlaceholder =
    only !== undefined &&
    others.length === 0 &&
    only.endpoints.length === 0 &&
    (only.ports ?? []).length === 0
  if (isPlaceholder) plan.remove = []
  else plan.create.push({ ports: [], endpoints: [] })
}

/** A slice to remove and one to create become one update. */
function recycle(plan: SlicePlan): void {
  while (plan.create.length > 0 && plan.remove.length > 0) {
    const content = plan.create.shift()
    const slice = plan.remove.shift()
    if (content !== undefined && slice !== undefined) plan.update.push({ slice, content })
  }
}
