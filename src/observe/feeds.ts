/** What only the embedded cluster can tell: each node's forwarding table, and the steps of each container's life. */
import { LineSplitter } from '../base/ndjson.ts'
import type { ContainerStepLine } from '../model/embedded-cluster.ts'
import type { ForwardingTable } from '../model/forwarding.ts'
import type { Transition, Witness } from '../model/transition.ts'
import type { WitnessContext } from './witness.ts'

export function observeForwarding(context: WitnessContext): Promise<void> {
  const lastSeen = new Map<string, string>()
  return followFeed(context, 'forwarding', '/rollproof/v1/forwarding', line => {
    const table = JSON.parse(line) as ForwardingTable
    const entry = table.services.find(({ service }) => service === context.forwardingService)
    const seen = JSON.stringify(entry)
    // A table is sent whole whenever any Service changed; only changes of ours are told.
    if (lastSeen.get(table.node) === seen) return null
    lastSeen.set(table.node, seen)
    const { atUs, node, version } = table
    const { fallback = false } = entry ?? {}
    // Where the node drops, the table names a silent address: no endpoint of the Service.
    const endpoints = entry?.dropped === true ? [] : (entry?.endpoints ?? [])
    return { atUs, kind: 'forwarding-changed', node, version, endpoints, fallback }
  })
}

export function observeContainers(context: WitnessContext): Promise<void> {
  return followFeed(context, 'containers', '/rollproof/v1/containers', line => {
    const { atUs, namespace, pod, container, step, detail } = JSON.parse(line) as ContainerStepLine
    if (namespace !== context.namespace) return null
    return { atUs, kind: 'container-step', pod, container, step, detail }
  })
}

async function followFeed(
  context: WitnessContext,
  witness: Witness,
  path: string,
  read: (line: string) => Transition | null,
): Promise<void> {
  const { client, clock, signal, record } = context
  const startedUs = clock.nowUs()
  let why = 'the feed ended'
  try {
    const response = await client.open(path, signal)
    record({ atUs: clock.nowUs(), kind: 'watch-synced', witness })
    const lines = new LineSplitter(line => {
      const transition = read(line)
      if (transition !== null) record(transition)
    })
    for await (const chunk of response as AsyncIterable<string>) lines.push(chunk)
  } catch (error) {
    why = error instanceof Error ? error.message : why
  }
  if (!signal.aborted) record({ atUs: clock.nowUs(), kind: 'watch-gap', witness, fromUs: startedUs, why })
}
