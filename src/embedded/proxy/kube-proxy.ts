/**
 * One node's kube-proxy (semantics §7): each change of a Service or EndpointSlice asks for a sync, the throttle decides
 * when it runs, a run works on the snapshot taken at its start, and its rules take effect all at once at its end.
 *
 * The extra lag and the jitter of a node are added after the run, so that they delay each set of rules by themselves and
 * do not also slow down the throttle; the order of the sets is kept.
 */
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { EndpointSlice, KubeObject, Service } from '../../kube/types.ts'
import type { ForwardingTable } from '../../model/forwarding.ts'
import type { ClusterApi, WatchType } from '../cluster-api.ts'
import { draw } from '../draw.ts'
import type { Settings } from '../settings.ts'
import { forwardingRules } from './forwarding-rules.ts'
import { SyncThrottle } from './throttle.ts'

export interface KubeProxyParts {
  api: ClusterApi
  clock: Clock
  settings: Settings
  random: Random
  node: string
  publish: (table: ForwardingTable) => void
}

export class KubeProxy {
  readonly #parts: KubeProxyParts
  readonly #throttle: SyncThrottle
  readonly #services = new Map<string, Service>()
  readonly #slices = new Map<string, EndpointSlice>()
  readonly #stopWatches: (() => void)[] = []
  #version = 0
  #lastEffectUs = 0

  constructor(parts: KubeProxyParts) {
    this.#parts = parts
    const { clock, settings } = parts
    this.#throttle = new SyncThrottle({
      clock,
      kubernetesMinor: settings.kubernetesMinor,
      minSyncMs: settings.proxyMinSyncMs,
      burst: settings.proxyBurst,
      run: done => this.#run(done),
    })
  }

  start(): void {
    const { api } = this.#parts
    this.#publish([])
    this.#stopWatches.push(
      api.watch<Service>('services', (type, service) =>
        this.#note(this.#services, type, service, ({ spec }) => [
          spec.clusterIP,
          spec.ports,
          spec.internalTrafficPolicy,
        ]),
      ),
      api.watch<EndpointSlice>('endpointslices', (type, slice) =>
        this.#note(this.#slices, type, slice, ({ endpoints, ports }) => [endpoints, ports]),
      ),
    )
  }

  stop(): void {
    for (const stop of this.#stopWatches) stop()
    this.#throttle.stop()
  }

  /** Any change of content asks for a sync, also one that leaves the rules as they are (§7.1); annotations do not. */
  #note<T extends KubeObject>(
    known: Map<string, T>,
    type: WatchType,
    object: T,
    content: (object: T) => unknown,
  ): void {
    const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`
    const before = known.get(key)
    if (type === 'DELETED') known.delete(key)
    else known.set(key, object)
    const same =
      type === 'DELETED'
        ? before === undefined
        : before !== undefined && JSON.stringify(content(before)) === JSON.stringify(content(object))
    if (!same) this.#throttle.request()
  }

  #run(done: () => void): void {
    const { clock, random, settings, node } = this.#parts
    const services = forwardingRules(this.#services.values(), this.#slices.values(), node)
    clock.after(draw(random, settings.proxyRunMs), () => {
      this.#takeEffect(services)
      done()
    })
  }

  #takeEffect(services: ForwardingTable['services']): void {
    const { clock, random, settings } = this.#parts
    const lagMs = settings.proxyExtraLagMs + random.between(0, settings.proxyJitterMs)
    if (lagMs === 0) return this.#publish(services)
    const effectUs = Math.max(clock.nowUs() + lagMs * 1000, this.#lastEffectUs)
    this.#lastEffectUs = effectUs
    clock.after((effectUs - clock.nowUs()) / 1000, () => this.#publish(services))
  }

  #publish(services: ForwardingTable['services']): void {
    const { clock, settings, node, publish } = this.#parts
    publish({
      node,
      version: ++this.#version,
      atUs: clock.nowUs(),
      roundTripMs: settings.roundTripMs,
      services,
    })
  }
}
