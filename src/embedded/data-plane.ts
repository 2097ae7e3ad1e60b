/**
 * What connections meet: the tables that the kube-proxies publish, the relays that follow them, and the addresses that
 * never answer.
 */
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { fork } from './fork.ts'
import type { NodeIdentity } from './kubelet/kubelet-parts.ts'
import { Silence } from './kubelet/silence.ts'
import { controlPlane } from './nodes.ts'
import type { PodNetwork } from './pod-network/pod-network.ts'
import { ForwardingTables } from './proxy/forwarding-tables.ts'
import { ServiceRelays } from './proxy/service-relays.ts'
import type { Settings } from './settings.ts'

export interface DataPlane {
  tables: ForwardingTables
  relays: ServiceRelays
  silence: Silence
  /** Where a Service leads whose traffic policy drops. */
  silentAddress: () => { address: string; port: number }
  stop(): void
}

export interface DataPlaneParts {
  clock: Clock
  settings: Settings
  random: Random
  nodes: readonly NodeIdentity[]
  network: PodNetwork
}

export function startDataPlane({ clock, settings, random, nodes, network }: DataPlaneParts): DataPlane {
  const tables = new ForwardingTables()
  const silence = new Silence(clock, settings.silenceMs, (address, port) => network.reach(address, port))
  const relays = new ServiceRelays({
    clock,
    random: fork(random),
    reach: (address, port) => network.reach(address, port),
    sourcePortPinMs: settings.sourcePortPinMs,
    vantage: controlPlane,
    nodeAddresses: new Map(nodes.map(({ name, address }) => [name, address])),
  })
  tables.subscribe(null, table => relays.apply(table))
  return {
    tables,
    relays,
    silence,
    silentAddress: keptSilent(silence, network),
    stop() {
      relays.stop()
      silence.end()
    },
  }
}

/** The address begins to be silent when it is first asked for; a run of kube-proxy later it is in the rules. */
function keptSilent(silence: Silence, network: PodNetwork): () => { address: string; port: number } {
  const silent = network.silent()
  let kept = false
  return () => {
    if (!kept) silence.keep(silent.address, [silent.port])
    kept = true
    return silent
  }
}
