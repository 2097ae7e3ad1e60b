/** What `kubectl get` prints, per kind: each column with the function that fills it (semantics §10.4). */
import type {
  Container,
  Deployment,
  EndpointSlice,
  KubeEvent,
  KubeObject,
  LabelSelector,
  Node,
  OwnerReference,
  PodDisruptionBudget,
  ReplicaSet,
  Service,
} from '../../../kube/types.ts'
import type { ControllerRevision, DaemonSet, StatefulSet } from '../../workload-types.ts'
import type { ResourceName } from '../../cluster-api.ts'
import { isObject } from '../../store/json.ts'
import type { Column } from './column.ts'
import { column } from './column.ts'
import { ageText } from './durations.ts'
import { podColumns } from './pod-columns.ts'

const nameColumn = column('Name', object => object.metadata.name)
const ageColumn = column('Age', (object, nowUs) => ageText(object.metadata.creationTimestamp, nowUs))

export function columnsOf(resource: ResourceName): Column[] {
  return columns[resource] ?? [nameColumn, ageColumn]
}

const columns: Partial<Record<ResourceName, Column[]>> = {
  pods: [nameColumn, ...podColumns.slice(0, 3), ageColumn, ...podColumns.slice(3)],
  deployments: [
    nameColumn,
    column<Deployment>('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
    column<Deployment>('Up-to-date', ({ status }) => status?.updatedReplicas ?? 0, 0, 'integer'),
    column<Deployment>('Available', ({ status }) => status?.availableReplicas ?? 0, 0, 'integer'),
    ageColumn,
    ...templateColumns(),
  ],
  replicasets: [
    nameColumn,
    column<ReplicaSet>('Desired', ({ spec }) => spec.replicas ?? 0, 0, 'integer'),
    column<ReplicaSet>('Current', ({ status }) => status?.replicas ?? 0, 0, 'integer'),
    column<ReplicaSet>('Ready', ({ status }) => status?.readyReplicas ?? 0, 0, 'integer'),
    ageColumn,
    ...templateColumns(),
  ],
  statefulsets: [
    nameColumn,
    column<StatefulSet>('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
    ageColumn,
    ...templateColumns().slice(0, 2),
  ],
  daemonsets: [
    nameColumn,
    column<DaemonSet>('Desired', ({ status }) => status?.desiredNumberScheduled ?? 0, 0, 'integer'),
    column<DaemonSet>('Current', ({ status }) => status?.currentNumberScheduled ?? 0, 0, 'integer'),
    column<DaemonSet>('Ready', ({ status }) => status?.numberReady ?? 0, 0, 'integer'),
    column<DaemonSet>('Up-to-date', ({ status }) => status?.updatedNumberScheduled ?? 0, 0, 'integer'),
    column<DaemonSet>('Available', ({ status }) => status?.numberAvailable ?? 0, 0, 'integer'),
    column<DaemonSet>('Node Selector', ({ spec }) => pairs(spec.template.spec.nodeSelector)),
    ageColumn,
    ...templateColumns(),
  ],
  controllerrevisions: [
    nameColumn,
    column('Controller', ({ metadata }) => controllerText(metadata.ownerReferences)),
    column<ControllerRevision>('Revision', ({ revision }) => revision, 0, 'integer'),
    ageColumn,
  ],
  services: [
    nameColumn,
    column<Service>('Type', ({ spec }) => spec.type ?? ''),
    column<Service>('Cluster-IP', ({ spec }) => spec.clusterIP ?? '<none>'),
    column<Service>('External-IP', () => '<none>'),
    column<Service>('Port(s)', servicePorts),
    ageColumn,
    column<Service>('Selector', ({ spec }) => pairs(spec.selector), 1),
  ],
  nodes: [
    nameColumn,
    column<Node>('Status', nodeStatus),
    column<Node>('Roles', nodeRoles),
    ageColumn,
    column<Node>('Version', ({ status }) => status?.nodeInfo?.['kubeletVersion'] ?? ''),
    column<Node>(
      'Internal-IP',
      ({ status }) => status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '<none>',
      1,
    ),
  ],
  namespaces: [
    nameColumn,
    column<KubeObject & { status?: { phase?: string } }>('Status', ({ status }) => status?.phase ?? ''),
    ageColumn,
  ],
  poddisruptionbudgets: [
    nameColumn,
    column<PodDisruptionBudget>('Min Available', ({ spec }) => String(spec.minAvailable ?? 'N/A')),
    column<PodDisruptionBudget>('Max Unavailable', ({ spec }) => String(spec.maxUnavailable ?? 'N/A')),
    column<PodDisruptionBudget>(
      'Allowed Disruptions',
      ({ status }) => status?.disruptionsAllowed ?? 0,
      0,
      'integer',
    ),
    ageColumn,
  ],
  endpointslices: [
    nameColumn,
    column<EndpointSlice>('AddressType', ({ addressType }) => addressType),
    column<EndpointSlice>('Ports', ({ ports }) =>
      orUnset((ports ?? []).map(({ port }) => String(port ?? '*'))),
    ),
    column<EndpointSlice>('Endpoints', ({ endpoints }) =>
      orUnset(endpoints.flatMap(({ addresses }) => addresses)),
    ),
    ageColumn,
  ],
  events: [
    column<KubeEvent>('Last Seen', (event, nowUs) =>
      ageText(event.lastTimestamp ?? event.metadata.creationTimestamp, nowUs),
    ),
    column<KubeEvent>('Type', ({ type }) => type),
    column<KubeEvent>('Reason', ({ reason }) => reason),
    column<KubeEvent>('Object', ({ involvedObject: { kind, name } }) => `${kind.toLowerCase()}/${name}`),
    column<KubeEvent>('Message', ({ message }) => message),
  ],
  configmaps: [nameColumn, column('Data', object => memberCount(object, 'data'), 0, 'integer'), ageColumn],
  secrets: [
    nameColumn,
    column<KubeObject & { type?: string }>('Type', ({ type }) => type ?? ''),
    column('Data', object => memberCount(object, 'data'), 0, 'integer'),
    ageColumn,
  ],
}

function templateColumns(): Column[] {
  const containers = ({ spec }: Deployment | ReplicaSet): Container[] => spec.template.spec.containers
  return [
    column<Deployment>(
      'Containers',
      set =>
        containers(set)
          .map(({ name }) => name)
          .join(','),
      1,
    ),
    column<Deployment>(
      'Images',
      set =>
        containers(set)
          .map(({ image }) => image)
          .join(','),
      1,
    ),
    column<Deployment>('Selector', ({ spec }) => selectorText(spec.selector), 1),
  ]
}

/** `statefulset.apps/web`. */
function controllerText(references: OwnerReference[] | undefined): string {
  const owner = references?.find(({ controller }) => controller === true)
  if (owner === undefined) return '<none>'
  const [group = ''] = owner.apiVersion.includes('/') ? owner.apiVersion.split('/') : []
  return `${owner.kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${owner.name}`
}

function selectorText(selector: LabelSelector): string {
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values }) =>
    values === undefined ? `${key} ${operator}` : `${key} ${operator} (${values.join(',')})`,
  )
  return [pairs(selector.matchLabels), ...expressions].filter(text => text !== '<none>').join(',')
}

function pairs(map: Record<string, string> = {}): string {
  const texts = Object.entries(map).map(([key, value]) => `${key}=${value}`)
  return texts.length === 0 ? '<none>' : texts.join(',')
}

function servicePorts({ spec }: Service): string {
  const texts = (spec.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort === undefined ? `${port}/${protocol ?? 'TCP'}` : `${port}:${nodePort}/${protocol ?? 'TCP'}`,
  )
  return texts.length === 0 ? '<none>' : texts.join(',')
}

function nodeStatus({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  const text = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  return spec.unschedulable === true ? `${text},SchedulingDisabled` : text
}

function nodeRoles({ metadata }: Node): string {
  const prefix = 'node-role.kubernetes.io/'
  const roles = Object.keys(metadata.labels ?? {}).filter(key => key.startsWith(prefix))
  return roles.length === 0
    ? '<none>'
    : roles
        .map(key => key.slice(prefix.length))
        .sort()
        .join(',')
}

function orUnset(texts: string[]): string {
  if (texts.length === 0) return '<unset>'
  return texts.length <= 3 ? texts.join(',') : `${texts.slice(0, 3).join(',')} + ${texts.length - 3} more...`
}

function memberCount(object: KubeObject, field: string): number {
  const members = (object as unknown as Record<string, unknown>)[field]
  return isObject(members) ? Object.keys(members).length : 0
}
