/**
 * The EndpointSlice controller (semantics §6): a Service's pods, and what may be sent to each. Its sync follows a pod's
 * deletionTimestamp at once, whatever the kubelet and the probes do.
 */
import type { EndpointSlice, Pod, Service } from '../../../kube/types.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { KeySink } from '../work-queue.ts'
import type { Change } from '../informer.ts'
import { keyOf } from '../informer.ts'
import { controllerReference } from '../owners.ts'
import { matchesLabels } from '../../selector.ts'
import { SyncPostponed } from '../work-queue.ts'
import { groupByPorts } from './pod-endpoint-groups.ts'
import { concernsServices, hasEndpoint } from './pod-endpoint.ts'
import type { SliceContent } from './slice-plan.ts'
import { planSlices } from './slice-plan.ts'
import { SliceTracker } from './slice-tracker.ts'
import { TriggerTimes } from './trigger-times.ts'

const serviceLabel = 'kubernetes.io/service-name'
const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
const headlessLabel = 'service.kubernetes.io/headless'
const managedBy = 'endpointslice-controller.k8s.io'
const triggerTimeKey = 'endpoints.kubernetes.io/last-change-trigger-time'

interface Memory {
  tracker: SliceTracker
  triggerTimes: TriggerTimes
  slicesOf: (service: string) => EndpointSlice[]
  servicesIn: (namespace: string) => Service[]
}

export function endpointSliceController(context: ControllerContext): Controller {
  const { informers, settings } = context
  const memory: Memory = {
    tracker: new SliceTracker(),
    triggerTimes: new TriggerTimes(),
    slicesOf: informers.endpointSlices.index(slice => (isOurs(slice) ? [serviceKeyOf(slice)] : [])),
    servicesIn: informers.services.index(({ metadata }) => [metadata.namespace ?? '']),
  }
  return {
    firstBackoffMs: settings.sliceStaleBackoffMs,
    hopMs: settings.sliceHopMs,
    reconcile(key) {
      syncService(context, memory, key)
      return null
    },
    watch: keys => [
      informers.services.subscribe(({ object }) => keys.add(keyOf(object))),
      informers.pods.subscribe(change => addServices(memory, keys, change)),
      informers.endpointSlices.subscribe(change => addForeignChange(context, memory, keys, change)),
    ],
  }
}

function syncService({ api, informers }: ControllerContext, memory: Memory, key: string): void {
  const { tracker, triggerTimes } = memory
  const service = informers.services.get(key)
  if (service === null) {
    tracker.forget(key)
    triggerTimes.forget(key)
    return
  }
  const { selector } = service.spec
  if (selector === undefined || Object.keys(selector).length === 0 || isLeaving(service)) return
  const slices = memory.slicesOf(key)
  if (tracker.isStale(key, slices)) throw new SyncPostponed(`the slices of ${key} are not up to date here`)
  const pods = informers
    .podsIn(service.metadata.namespace ?? '')
    .filter(pod => matchesLabels(selector, pod.metadata.labels) && hasEndpoint(pod))
  const triggerTime = triggerTimes.next(key, service, pods)
  const groups = groupByPorts(service, pods)
  const plan = planSlices(groups, slices)
  for (const content of plan.create) {
    tracker.wrote(key, api.create('endpointslices', newSlice(service, content, triggerTime)))
  }
  for (const { slice, content } of plan.update) {
    const next = { ...slice, ...content, metadata: metadataOf(service, slice.metadata, triggerTime) }
    tracker.wrote(key, api.update('endpointslices', next))
  }
  for (const slice of plan.remove) {
    api.delete('endpointslices', slice.metadata.namespace ?? '', slice.metadata.name)
    tracker.removed(key, slice)
  }
}

function isLeaving({ metadata }: Service): boolean {
  return metadata.deletionTimestamp !== undefined
}

function newSlice(service: Service, content: SliceContent, triggerTime: string | null): EndpointSlice {
  const { name, namespace = '' } = service.metadata
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    addressType: 'IPv4',
    metadata: metadataOf(
      service,
      { name: '', generateName: `${name}-`, namespace, ownerReferences: [controllerReference(service)] },
      triggerTime,
    ),
    ...content,
  }
}

function metadataOf(
  service: Service,
  metadata: EndpointSlice['metadata'],
  triggerTime: string | null,
): EndpointSlice['metadata'] {
  const others = Object.entries(metadata.annotations ?? {}).filter(([key]) => key !== triggerTimeKey)
  const annotations = Object.fromEntries(
    triggerTime === null ? others : [...others, [triggerTimeKey, triggerTime]],
  )
  return {
    ...metadata,
    labels: {
      ...service.metadata.labels,
      [serviceLabel]: service.metadata.name,
      [managedByLabel]: managedBy,
      ...(service.spec.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
    },
    annotations,
  }
}

function isOurs({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[managedByLabel] === managedBy
}

function serviceKeyOf({ metadata }: EndpointSlice): string {
  return `${metadata.namespace ?? ''}/${metadata.labels?.[serviceLabel] ?? ''}`
}

function addServices(memory: Memory, keys: KeySink, { type, object, previous }: Change<Pod>): void {
  if (type === 'MODIFIED' && previous !== null && !concernsServices(previous, object)) return
  for (const service of memory.servicesIn(object.metadata.namespace ?? '')) {
    const { selector } = service.spec
    if (selector === undefined) continue
    const selected = matchesLabels(selector, object.metadata.labels)
    if (selected || (previous !== null && matchesLabels(selector, previous.metadata.labels))) {
      keys.add(keyOf(service))
    }
  }
}

/** Somebody else's change of a slice is repaired, but not within a second. */
function addForeignChange(
  { settings }: ControllerContext,
  { tracker }: Memory,
  keys: KeySink,
  { type, object }: Change<EndpointSlice>,
): void {
  if (!isOurs(object)) return
  const service = serviceKeyOf(object)
  const foreign = type === 'DELETED' ? tracker.knows(service, object) : tracker.isForeign(service, object)
  if (!foreign) return
  if (type === 'DELETED') tracker.removed(service, object)
  keys.addAfter(service, settings.sliceStaleBackoffMs)
}
