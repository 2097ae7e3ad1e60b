/** All problems of an object at once, as one 422 Invalid. */
import type { EndpointSlice, KubeObject, Pod } from '../../../kube/types.ts'
import type { PersistentVolumeClaim } from '../../storage/storage-types.ts'
import { sameJson } from '../../store/json.ts'
import { invalid } from '../api-errors.ts'
import type { Draft } from '../decoding/draft.ts'
import type { ResourceKind } from '../resources.ts'
import { checkClaim } from './claims.ts'
import { checkControllerRevision } from './controller-revisions.ts'
import { checkDaemonSet } from './daemon-sets.ts'
import { checkDisruptionBudget } from './disruption-budgets.ts'
import { checkConfigKey } from './environment.ts'
import { checkMetadata } from './names.ts'
import { checkPodSpec } from './pod-spec.ts'
import { checkPodUpdate } from './pod-update.ts'
import { Problems } from './problems.ts'
import { checkService } from './services.ts'
import { checkStatefulSet } from './stateful-sets.ts'
import { checkDeployment, checkReplicaSet } from './workloads.ts'

/** Throws the 422 when there is any problem. `previous` is null for a creation. */
export function validate(
  kind: ResourceKind,
  object: KubeObject,
  previous: KubeObject | null,
  kubernetesMinor: number,
): void {
  const problems = new Problems()
  checkMetadata(problems, kind.resource, object)
  checkFinalizers(problems, object, previous)
  checkContent(problems, kind, object, previous, kubernetesMinor)
  if (problems.list.length > 0) throw invalid(kind, object.metadata.name, problems.list)
}

function checkContent(
  problems: Problems,
  kind: ResourceKind,
  object: KubeObject,
  previous: KubeObject | null,
  minor: number,
): void {
  switch (kind.resource) {
    case 'pods':
      checkPodSpec(problems, 'spec', (object as Draft<Pod>).spec, minor)
      if (previous !== null && problems.list.length === 0)
        checkPodUpdate(problems, object as Pod, previous as Pod)
      break
    case 'deployments':
      checkDeployment(problems, object, previous, minor)
      break
    case 'replicasets':
      checkReplicaSet(problems, object, previous, minor)
      break
    case 'statefulsets':
      checkStatefulSet(problems, object, previous, minor)
      break
    case 'daemonsets':
      checkDaemonSet(problems, object, previous, minor)
      break
    case 'controllerrevisions':
      checkControllerRevision(problems, object, previous)
      break
    case 'persistentvolumeclaims':
      checkClaim(problems, object, previous as PersistentVolumeClaim | null)
      break
    case 'services':
      checkService(problems, object, previous)
      break
    case 'poddisruptionbudgets':
      checkDisruptionBudget(problems, object)
      break
    case 'endpointslices':
      problems.oneOf('addressType', (object as Draft<EndpointSlice>).addressType, ['FQDN', 'IPv4', 'IPv6'])
      break
    case 'configmaps':
    case 'secrets':
      checkImmutable(problems, object, previous)
      checkConfigData(problems, object)
      break
    default:
      // Kinds that are only stored, and those whose content decides nothing.
      break
  }
}

/** Nothing may newly hold back an object that is on its way out. */
function checkFinalizers(problems: Problems, object: KubeObject, previous: KubeObject | null): void {
  if (previous?.metadata.deletionTimestamp === undefined) return
  const before = previous.metadata.finalizers ?? []
  const added = (object.metadata.finalizers ?? []).filter(finalizer => !before.includes(finalizer))
  if (added.length === 0) return
  const list = `[]string{${added.map(finalizer => JSON.stringify(finalizer)).join(', ')}}`
  const text = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`
  // Two of Kubernetes's checks find it.
  problems.forbidden('metadata.finalizers', text)
  problems.forbidden('metadata.finalizers', text)
}

function checkConfigData(problems: Problems, object: Draft<KubeObject & ConfigData>): void {
  const { data, binaryData, type, kind } = object
  const keys = [...Object.keys(data ?? {}), ...Object.keys(binaryData ?? {})].sort()
  for (const key of keys) checkConfigKey(problems, `data[${key}]`, key)
  if (kind !== 'Secret' || type !== 'kubernetes.io/tls') return
  for (const key of ['tls.crt', 'tls.key']) if (data?.[key] === undefined) problems.required(`data[${key}]`)
}

/** Whose writer set `immutable` keeps what it holds, and stays so. */
function checkImmutable(
  problems: Problems,
  object: Draft<KubeObject & ConfigData>,
  previous: Draft<KubeObject & ConfigData> | null,
): void {
  if (previous === null) return
  const { kind, type } = object
  if (kind === 'Secret' && type !== previous.type) problems.invalid('type', type, 'field is immutable')
  if (previous.immutable !== true) return
  const text = 'field is immutable when `immutable` is set'
  if (object.immutable !== true) problems.forbidden('immutable', text)
  for (const field of ['data', 'binaryData'] as const)
    if (!sameJson(object[field] ?? {}, previous[field] ?? {})) problems.forbidden(field, text)
}

interface ConfigData {
  immutable?: boolean
  data?: Record<string, string>
  binaryData?: Record<string, string>
  type?: string
}
