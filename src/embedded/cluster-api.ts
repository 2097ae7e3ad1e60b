/**
 * What the parts of the embedded cluster use of its API server: the same semantics as over HTTP (defaulting, validation,
 * generation, graceful deletion, status apart from spec), without the bytes. Reads are of the present; a controller or
 * kubelet therefore must not act on a change before its watch delivered it (`watch` adds the fan-out delay).
 *
 * Implemented by apiserver/registry.ts; controllers, scheduler, kubelet and proxy take it as a parameter.
 */
import type { KubeObject, Status } from '../kube/types.ts'

/** Plural resource names, as in URLs. */
export type ResourceName =
  | 'pods'
  | 'services'
  | 'nodes'
  | 'namespaces'
  | 'events'
  | 'configmaps'
  | 'secrets'
  | 'serviceaccounts'
  | 'endpoints'
  | 'deployments'
  | 'replicasets'
  | 'endpointslices'
  | 'poddisruptionbudgets'
  | 'leases'
  | 'statefulsets'
  | 'daemonsets'
  | 'controllerrevisions'
  | 'persistentvolumeclaims'
  | 'persistentvolumes'
  | 'limitranges'
  | 'resourcequotas'
  | 'roles'
  | 'rolebindings'
  | 'clusterroles'
  | 'clusterrolebindings'
  | 'ingresses'
  | 'ingressclasses'
  | 'networkpolicies'
  | 'horizontalpodautoscalers'
  | 'jobs'
  | 'cronjobs'
  | 'storageclasses'
  | 'priorityclasses'

/** An error that a real API server would answer with this Status. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: Status

  constructor(status: Status) {
    super(status.message ?? status.reason ?? 'API error')
    this.status = status
  }

  /** HTTP status code. */
  get code(): number {
    return this.status.code ?? 500
  }

  /** `NotFound`, `Conflict`, `AlreadyExists`, `Invalid`, … */
  get reason(): string {
    return this.status.reason ?? ''
  }
}

export interface DeleteOptions {
  gracePeriodSeconds?: number
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  /** Precondition; a mismatch is a Conflict. */
  uid?: string
}

export type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED'
export type WatchHandler<T extends KubeObject> = (type: WatchType, object: T, previous: T | null) => void

/** Namespace is '' for cluster-scoped resources. Objects that go in or come out are never shared: both are copies. */
export interface ClusterApi {
  /** Throws ApiError (AlreadyExists, Invalid). `metadata.generateName` is honoured. */
  create<T extends KubeObject>(resource: ResourceName, object: T): T
  get<T extends KubeObject>(resource: ResourceName, namespace: string, name: string): T | null
  /** `namespace` undefined = all. */
  list<T extends KubeObject>(resource: ResourceName, namespace?: string): T[]
  /** Replaces spec and metadata, keeps status. A stale non-empty resourceVersion is a Conflict; NotFound is thrown. */
  update<T extends KubeObject>(resource: ResourceName, object: T): T
  /** Replaces status alone (for pods also what a kubelet may change). A no-op write emits nothing. */
  updateStatus<T extends KubeObject>(resource: ResourceName, object: T): T
  /** Graceful for pods; returns the object as it is afterwards, or null when it is gone. NotFound is thrown. */
  delete(resource: ResourceName, namespace: string, name: string, options?: DeleteOptions): KubeObject | null
  /** POST pods/binding: sets spec.nodeName and the PodScheduled condition. */
  bind(namespace: string, pod: string, node: string): void
  /**
   * First an ADDED for each object there is, then each change, in order, each `watchFanOutMs` after its commit.
   * Returns the stop function.
   */
  watch<T extends KubeObject>(resource: ResourceName, handler: WatchHandler<T>): () => void
  /** Records a Kubernetes Event about an object, or about the part of it that `fieldPath` names. */
  recordEvent(
    about: KubeObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    component: string,
    /** The part that it is about: `spec.containers{web}`. */
    fieldPath?: string,
  ): void
}
