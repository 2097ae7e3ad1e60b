/** One informer per resource, shared by all controllers of a process, with the indexes that several of them need. */
import type {
  Deployment,
  EndpointSlice,
  KubeObject,
  Node,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  Service,
} from '../../kube/types.ts'
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../storage/storage-types.ts'
import type { ControllerRevision, DaemonSet, Lease, StatefulSet } from '../workload-types.ts'
import type { ClusterApi, ResourceName } from '../cluster-api.ts'
import { Informer } from './informer.ts'
import { controllerOf } from './owners.ts'

export interface Informers {
  pods: Informer<Pod>
  services: Informer<Service>
  nodes: Informer<Node>
  deployments: Informer<Deployment>
  replicaSets: Informer<ReplicaSet>
  statefulSets: Informer<StatefulSet>
  daemonSets: Informer<DaemonSet>
  revisions: Informer<ControllerRevision>
  endpointSlices: Informer<EndpointSlice>
  leases: Informer<Lease>
  budgets: Informer<PodDisruptionBudget>
  claims: Informer<PersistentVolumeClaim>
  volumes: Informer<PersistentVolume>
  storageClasses: Informer<StorageClass>
  podsIn: (namespace: string) => Pod[]
  replicaSetsIn: (namespace: string) => ReplicaSet[]
  deploymentsIn: (namespace: string) => Deployment[]
  statefulSetsIn: (namespace: string) => StatefulSet[]
  daemonSetsIn: (namespace: string) => DaemonSet[]
  podsOn: (node: string) => Pod[]
  /** Of a controller's uid; orphans of a namespace stand under `orphansOf(namespace)`. */
  podsOwnedBy: (ownerUid: string) => Pod[]
  replicaSetsOwnedBy: (ownerUid: string) => ReplicaSet[]
  revisionsOwnedBy: (ownerUid: string) => ControllerRevision[]
  /** Other resources, without a type of their own here. */
  other: (resource: ResourceName) => Informer<KubeObject>
  /** Returns the stop function. */
  start: () => () => void
}

/** The index entry under which objects without a controller stand. */
export function orphansOf(namespace: string): string {
  return `orphans in ${namespace}`
}

/** Only the resources in `watched` are watched, when it is given; the others stay empty. */
export function makeInformers(api: ClusterApi, watched?: readonly ResourceName[]): Informers {
  const made: { start(): () => void }[] = []
  const informer = <T extends KubeObject>(resource: ResourceName): Informer<T> => {
    const one = new Informer<T>(api, resource)
    if (watched?.includes(resource) !== false) made.push(one)
    return one
  }
  const pods = informer<Pod>('pods')
  const replicaSets = informer<ReplicaSet>('replicasets')
  const deployments = informer<Deployment>('deployments')
  const statefulSets = informer<StatefulSet>('statefulsets')
  const daemonSets = informer<DaemonSet>('daemonsets')
  const revisions = informer<ControllerRevision>('controllerrevisions')
  const others = new Map<ResourceName, Informer<KubeObject>>()
  return {
    pods,
    replicaSets,
    services: informer('services'),
    nodes: informer('nodes'),
    deployments,
    statefulSets,
    daemonSets,
    revisions,
    endpointSlices: informer('endpointslices'),
    leases: informer('leases'),
    budgets: informer('poddisruptionbudgets'),
    claims: informer('persistentvolumeclaims'),
    volumes: informer('persistentvolumes'),
    storageClasses: informer('storageclasses'),
    podsIn: pods.index(namespaceOf),
    replicaSetsIn: replicaSets.index(namespaceOf),
    deploymentsIn: deployments.index(namespaceOf),
    statefulSetsIn: statefulSets.index(namespaceOf),
    daemonSetsIn: daemonSets.index(namespaceOf),
    podsOn: pods.index(({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName])),
    podsOwnedBy: pods.index(controllerUidOf),
    replicaSetsOwnedBy: replicaSets.index(controllerUidOf),
    revisionsOwnedBy: revisions.index(controllerUidOf),
    other(resource) {
      const known = others.get(resource) ?? informer<KubeObject>(resource)
      others.set(resource, known)
      return known
    },
    start() {
      const stops = made.map(one => one.start())
      return () => stops.forEach(stop => stop())
    },
  }
}

function namespaceOf(object: KubeObject): string[] {
  return [object.metadata.namespace ?? '']
}

function controllerUidOf(object: KubeObject): string[] {
  return [controllerOf(object)?.uid ?? orphansOf(object.metadata.namespace ?? '')]
}
