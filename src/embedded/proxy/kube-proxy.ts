/**
 * One node's kube-proxy (semantics §7): each change of a Service or EndpointSlice asks for a sync, the throttle decides
 * when it runs, a run works on the snapshot taken at its start, and its rules take effect all at once at its end. A run
 * that leaves the rules as they are, as most repair runs do, publishes nothing.
 *
 * The extra lag and the jitter of a node are added after the run, so that they delay each set of rules by themselves and
 * do not also slow down the throttle; the order of the sets is kept. Rules outlive a kube-proxy that stops, as they do in
 * the kernel.
 */
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { EndpointSlice, KubeObject, Service } from '../../kube/types.ts'
import type { ForwardingService, ForwardingTable } from '../../model/forwarding.ts'
import type { ClusterApi, WatchType } from '../cluster-api.ts'
import { draw } from '../draw.ts'
import { onNode, type Settings } from '../settings.ts'
import { forwardingRules } from './forwarding-rules.ts'
import { SyncThrottle } from './throttle.ts'

export interface KubeProxyParts {
  api: ClusterApi
  clock: Clock
  settings: Settings
  random: Random
  node: string
  /** An address that never answers, for Services that drop; asked for when a snapshot holds such a Service. */
  silentAddress: () => { address: string; port: number }
  publish: (table: ForwardingTable) => void
}

/** What belongs to one start, and ends with its stop. */
interface Life {
  throttle: SyncThrottle
  services: Map<string, Service>
  slices: Map<string, EndpointSlice>
  stopWatches: (() => void)[]
}

export class KubeProxy {
  readonly #parts: KubeProxyParts
  #life: Life | null = null
  #version = 0
  #published = ''
  #lastEffectUs = 0

  constructor(parts: KubeProxyParts) {
    this.#parts = parts
  }

  /** May follow a stop; does nothing while it runs. */
  start(): void {
    if (this.#life !== null) return
    const { api, clock, settings } = this.#parts
    const throttle = new SyncThrottle({
      clock,
      kubernetesMinor: settings.kubernetesMinor,
      minSyncMs: settings.proxyMinSyncMs,
      syncPeriodMs: settings.proxySyncPeriodMs,
      burst: settings.proxyBurst,
      run: done => this.#run(life, done),
    })
    const life: Life = { throttle, services: new Map(), slices: new Map(), stopWatches: [] }
    this.#life = life
    if (this.#version === 0) this.#publish([])
    life.stopWatches.push(
      api.watch<Service>('services', (type, service) => {
        if (isNews(life.services, type, service, ({ spec }) => spec)) throttle.request()
      }),
      api.watch<EndpointSlice>('endpointslices', (type, slice) => {
        if (isNews(life.slices, type, slice, contentOfSlice)) throttle.request()
      }),
    )
  }

  stop(): void {
    for (const stop of this.#life?.stopWatches ?? []) stop()
    this.#life?.throttle.stop()
    this.#life = null
  }

  #run(life: Life, done: () => void): void {
    const { clock, random, settings, node, silentAddress } = this.#parts
    const services = forwardingRules(life.services.values(), life.slices.values(), { node, silentAddress })
    clock.after(draw(random, settings.proxyRunMs), () => {
      if (this.#life === life) this.#takeEffect(life, services)
      done()
    })
  }

  #takeEffect(life: Life, services: ForwardingService[]): void {
    const { clock, random, settings, node } = this.#parts
    const lagMs =
      onNode(settings.proxyExtraLagMs, node) + random.between(0, onNode(settings.proxyJitterMs, node))
    if (lagMs === 0) return this.#publish(services)
    const effectUs = Math.max(clock.nowUs() + lagMs * 1000, this.#lastEffectUs)
    this.#lastEffectUs = effectUs
    clock.after((effectUs - clock.nowUs()) / 1000, () => {
      if (this.#life === life) this.#publish(services)
    })
  }

  #publish(services: ForwardingService[]): void {
    const { clock, settings, node, publish } = this.#parts
    const text = JSON.stringify(services)
    if (text === this.#published) return
    this.#published = text
    publish({
      node,
      version: ++this.#version,
      atUs: clock.nowUs(),
      roundTripMs: settings.roundTripMs,
      rejectAnswers: settings.rejectAnswers,
      services,
    })
  }
}

/** The generation of a slice counts its contents (§6), which may be long. */
function contentOfSlice({ metadata, endpoints, ports }: EndpointSlice): unknown {
  return metadata.generation ?? [endpoints, ports]
}

/** Any change of content asks for a sync, also one that leaves the rules as they are (§7.1); annotations do not. */
function isNews<T extends KubeObject>(
  known: Map<string, T>,
  type: WatchType,
  object: T,
  content: (object: T) => unknown,
): boolean {
  const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`
  const before = known.get(key)
  if (type === 'DELETED') return known.delete(key)
  known.set(key, object)
  return before === undefined || JSON.stringify(content(before)) !== JSON.stringify(content(object))
}
