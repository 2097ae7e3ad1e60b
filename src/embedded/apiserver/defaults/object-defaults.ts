/** Defaults of every kind but the pod's spec (semantics §1.1, §6), and the status that a new object starts with. */
import type * as kube from '../../../kube/types.ts'
import type * as workloads from '../../workload-types.ts'
import type { KubeObject } from '../../../kube/types.ts'
import type { ResourceName } from '../../cluster-api.ts'
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../storage/storage-types.ts'
import { qosClassOf } from './qos-class.ts'
import { setPodSpecDefaults, setRequestDefaults, setTemplateDefaults } from './pod-defaults.ts'
import { setDaemonSetDefaults, setStatefulSetDefaults } from './ordered-workloads.ts'
import type { Draft } from '../decoding/draft.ts'

type Pod = Draft<kube.Pod>
type Deployment = Draft<kube.Deployment>
type ReplicaSet = Draft<kube.ReplicaSet>
type Service = Draft<kube.Service>
type EndpointSlice = Draft<kube.EndpointSlice>

type Setter = (object: KubeObject) => void

const setters: Partial<Record<ResourceName, Setter>> = {
  pods: object => {
    const pod = object as Pod
    if (pod.spec === undefined) return
    setPodSpecDefaults(pod.spec)
    setRequestDefaults(pod.spec)
  },
  deployments: object => setDeploymentDefaults(object),
  replicasets: object => setReplicaSetDefaults(object),
  statefulsets: object => setStatefulSetDefaults(object),
  daemonsets: object => setDaemonSetDefaults(object),
  services: object => setServiceDefaults(object),
  endpointslices: object => setSliceDefaults(object),
  secrets: object => setSecretDefaults(object),
  namespaces: object => setNamespaceDefaults(object),
  persistentvolumeclaims: object => setClaimDefaults(object),
  persistentvolumes: object => setVolumeDefaults(object),
  storageclasses: object => setStorageClassDefaults(object),
}

export function setDefaults(resource: ResourceName, object: KubeObject): void {
  setters[resource]?.(object)
}

/** A new object's status; undefined = what the client sent stays (a kubelet registers its node with one). */
export function initialStatus(resource: ResourceName, object: KubeObject): object | undefined {
  switch (resource) {
    case 'pods':
      return { phase: 'Pending', qosClass: qosClassOf((object as kube.Pod).spec) }
    case 'deployments':
      return {}
    case 'replicasets':
      return { replicas: 0 }
    case 'statefulsets':
      return { replicas: 0, availableReplicas: 0 } satisfies workloads.StatefulSetStatus
    case 'daemonsets':
      return {
        currentNumberScheduled: 0,
        desiredNumberScheduled: 0,
        numberMisscheduled: 0,
        numberReady: 0,
      } satisfies workloads.DaemonSetStatus
    case 'persistentvolumeclaims':
    case 'persistentvolumes':
      return { phase: 'Pending' }
    case 'services':
      return { loadBalancer: {} }
    case 'namespaces':
      return { phase: 'Active' }
    case 'poddisruptionbudgets':
      return {
        disruptionsAllowed: 0,
        currentHealthy: 0,
        desiredHealthy: 0,
        expectedPods: 0,
      } satisfies NonNullable<kube.PodDisruptionBudget['status']>
    default:
      return undefined
  }
}

function setDeploymentDefaults(deployment: Deployment): void {
  const spec = (deployment.spec ??= {})
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
  spec.strategy ??= {}
  spec.strategy.type ??= 'RollingUpdate'
  if (spec.strategy.type === 'RollingUpdate') {
    const rolling = (spec.strategy.rollingUpdate ??= {})
    rolling.maxSurge ??= '25%'
    rolling.maxUnavailable ??= '25%'
  }
  setTemplateDefaults(spec.template)
}

function setReplicaSetDefaults(set: ReplicaSet): void {
  const spec = (set.spec ??= {})
  spec.replicas ??= 1
  setTemplateDefaults(spec.template)
}

function setServiceDefaults(service: Service): void {
  const { spec } = service
  if (spec === undefined) return
  spec.type ??= 'ClusterIP'
  spec.sessionAffinity ??= 'None'
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {}
    spec.sessionAffinityConfig.clientIP ??= {}
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= 10_800
  } else delete spec.sessionAffinityConfig
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP'
    if ((port.targetPort ?? 0) === 0 && port.port !== undefined) port.targetPort = port.port
  }
  if (spec.type === 'ExternalName') return
  spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type !== 'ClusterIP') spec.externalTrafficPolicy ??= 'Cluster'
  if (spec.type === 'LoadBalancer')
    (spec as { allocateLoadBalancerNodePorts?: boolean }).allocateLoadBalancerNodePorts ??= true
}

function setSliceDefaults(slice: EndpointSlice): void {
  slice.endpoints ??= []
  for (const port of slice.ports ?? []) {
    port.name ??= ''
    port.protocol ??= 'TCP'
  }
}

function setClaimDefaults(claim: Draft<PersistentVolumeClaim>): void {
  if (claim.spec !== undefined) claim.spec.volumeMode ??= 'Filesystem'
}

function setVolumeDefaults(volume: Draft<PersistentVolume>): void {
  if (volume.spec === undefined) return
  volume.spec.volumeMode ??= 'Filesystem'
  volume.spec.persistentVolumeReclaimPolicy ??= 'Retain'
}

function setStorageClassDefaults(storageClass: Draft<StorageClass>): void {
  storageClass.reclaimPolicy ??= 'Delete'
  storageClass.volumeBindingMode ??= 'Immediate'
}

interface Secret extends KubeObject {
  type?: string
  data?: Record<string, string>
  stringData?: Record<string, string>
}

/** `stringData` is write-only: it moves into `data`, in base64. */
function setSecretDefaults(secret: Secret): void {
  secret.type ??= 'Opaque'
  if (secret.stringData === undefined) return
  const data = (secret.data ??= {})
  for (const [key, text] of Object.entries(secret.stringData))
    data[key] = Buffer.from(text).toString('base64')
  delete secret.stringData
}

interface Namespace extends KubeObject {
  spec?: { finalizers?: string[] }
}

function setNamespaceDefaults(namespace: Namespace): void {
  namespace.spec ??= {}
  namespace.spec.finalizers ??= ['kubernetes']
  namespace.metadata.labels = {
    ...namespace.metadata.labels,
    'kubernetes.io/metadata.name': namespace.metadata.name,
  }
}
