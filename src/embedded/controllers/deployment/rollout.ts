/**
 * One sync's hold on a Deployment and its ReplicaSets: every write goes through here and keeps the resource versions
 * fresh, so that several writes of one sync do not conflict with each other. Writes on top of a stale cache do, on
 * purpose: the sync then fails and comes back.
 */
import type { Clock } from '../../../base/clock.ts'
import type { Condition, Deployment, DeploymentStatus, ReplicaSet } from '../../../kube/types.ts'
import type { ClusterApi } from '../../cluster-api.ts'
import { canonicalJson } from '../canonical-json.ts'
import { withCondition } from '../conditions.ts'
import { revisionKey, sizeAnnotations } from './annotations.ts'
import { condition } from './deployment-status.ts'
import type { Fenceposts } from './fenceposts.ts'
import { fencepostsOf } from './fenceposts.ts'
import { findNew, specReplicas } from './replica-sets.ts'

const component = 'deployment-controller'

export class Rollout {
  readonly api: ClusterApi
  readonly #clock: Clock
  #deployment: Deployment
  readonly #replicaSets: Map<string, ReplicaSet>

  constructor(api: ClusterApi, clock: Clock, deployment: Deployment, replicaSets: readonly ReplicaSet[]) {
    this.api = api
    this.#clock = clock
    this.#deployment = deployment
    this.#replicaSets = new Map(replicaSets.map(replicaSet => [replicaSet.metadata.name, replicaSet]))
  }

  get deployment(): Deployment {
    return this.#deployment
  }

  get fenceposts(): Fenceposts {
    return fencepostsOf(this.#deployment.spec)
  }

  get nowUs(): number {
    return this.#clock.nowUs()
  }

  get all(): ReplicaSet[] {
    return [...this.#replicaSets.values()]
  }

  get young(): ReplicaSet | null {
    return findNew(this.#deployment, this.all)
  }

  get olds(): ReplicaSet[] {
    const young = this.young
    return this.all.filter(replicaSet => replicaSet !== young)
  }

  replicaSet(name: string): ReplicaSet | null {
    return this.#replicaSets.get(name) ?? null
  }

  create(replicaSet: ReplicaSet): ReplicaSet {
    return this.#keep(this.api.create('replicasets', replicaSet))
  }

  update(replicaSet: ReplicaSet): ReplicaSet {
    return this.#keep(this.api.update('replicasets', replicaSet))
  }

  remove({ metadata }: ReplicaSet): void {
    this.api.delete('replicasets', metadata.namespace ?? '', metadata.name)
    this.#replicaSets.delete(metadata.name)
  }

  /** Sets size and size annotations; true when the size changed. */
  resize(replicaSet: ReplicaSet, replicas: number): boolean {
    const before = specReplicas(replicaSet)
    const annotations = { ...replicaSet.metadata.annotations, ...sizeAnnotations(this.fenceposts) }
    const annotated = canonicalJson(annotations) === canonicalJson(replicaSet.metadata.annotations)
    if (before === replicas && annotated) return false
    this.update({
      ...replicaSet,
      metadata: { ...replicaSet.metadata, annotations },
      spec: { ...replicaSet.spec, replicas },
    })
    if (before === replicas) return false
    this.recordScaling(replicaSet.metadata.name, before, replicas)
    return true
  }

  recordScaling(replicaSet: string, from: number, to: number): void {
    const text = `Scaled ${to > from ? 'up' : 'down'} replica set ${replicaSet} from ${from} to ${to}`
    this.api.recordEvent(this.#deployment, 'Normal', 'ScalingReplicaSet', text, component)
  }

  /** Writes only what differs; true when something did. */
  writeStatus(status: DeploymentStatus): boolean {
    if (canonicalJson(withoutZeros(status)) === canonicalJson(withoutZeros(this.#deployment.status ?? {})))
      return false
    this.#deployment = this.api.updateStatus('deployments', { ...this.#deployment, status })
    return true
  }

  writeCondition(type: string, status: Condition['status'], reason: string, message: string): void {
    const next = condition(type, status, reason, message, this.nowUs)
    const before = this.#deployment.status
    this.writeStatus({ ...before, conditions: withCondition(before?.conditions, next) })
  }

  /**
   * A real API server lets a status write carry a Deployment's annotations, which leaves its generation alone. Where
   * that is not so, the annotation is written by itself.
   */
  writeRevision(revision: string): void {
    const { metadata } = this.#deployment
    if (metadata.annotations?.[revisionKey] === revision) return
    const annotations = { ...metadata.annotations, [revisionKey]: revision }
    const wanted = { ...this.#deployment, metadata: { ...metadata, annotations } }
    this.#deployment = this.api.updateStatus('deployments', wanted)
    if (this.#deployment.metadata.annotations?.[revisionKey] === revision) return
    const { metadata: current } = this.#deployment
    this.#deployment = this.api.update('deployments', {
      ...this.#deployment,
      metadata: { ...current, annotations: { ...current.annotations, [revisionKey]: revision } },
    })
  }

  #keep(replicaSet: ReplicaSet): ReplicaSet {
    this.#replicaSets.set(replicaSet.metadata.name, replicaSet)
    return replicaSet
  }
}

/** On the wire a count of 0 is the same as none. */
function withoutZeros(status: Partial<DeploymentStatus>): Partial<DeploymentStatus> {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== 0))
}
