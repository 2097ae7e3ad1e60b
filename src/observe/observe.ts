/** Starts every witness that a cluster offers; all end with the context's signal. */
import { assertNever } from '../base/assert.ts'
import type { Witness } from '../model/transition.ts'
import { observeContainers, observeForwarding } from './feeds.ts'
import { observeEndpointSlices } from './endpointslices.ts'
import { observeKubeEvents } from './kube-events.ts'
import { observeNodes } from './nodes.ts'
import { observePodLogs } from './pod-logs.ts'
import { observePods } from './pods.ts'
import type { WitnessContext } from './witness.ts'
import { observeWorkloads } from './workloads.ts'

export function observe(context: WitnessContext, witnesses: readonly Witness[]): Promise<void> {
  return Promise.all(witnesses.map(witness => observeAs(witness, context))).then(() => undefined)
}

function observeAs(witness: Witness, context: WitnessContext): Promise<void> {
  switch (witness) {
    case 'pods':
      return observePods(context)
    case 'endpointslices':
      return observeEndpointSlices(context)
    case 'workloads':
      return observeWorkloads(context)
    case 'nodes':
      return observeNodes(context)
    case 'events':
      return observeKubeEvents(context)
    case 'pod-logs':
      return observePodLogs(context)
    case 'forwarding':
      return observeForwarding(context)
    case 'containers':
      return observeContainers(context)
    default:
      return assertNever(witness)
  }
}
