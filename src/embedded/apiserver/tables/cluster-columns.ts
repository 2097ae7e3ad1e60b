/** The cells of nodes, namespaces, events, and of what holds configuration and identity. */
import type { KubeEvent, KubeObject, Node } from '../../../kube/types.ts'
import { ageColumn, column, count, nameColumn, wide, type Column } from './column.ts'
import { ageText } from './durations.ts'
import { field, listAt, memberCount, numberAt, orElse, textAt } from './texts.ts'

const bindingColumns: Column[] = [
  nameColumn,
  column('Role', binding => `${textAt(binding, 'roleRef', 'kind')}/${textAt(binding, 'roleRef', 'name')}`),
  ageColumn,
  wide('Users', binding => subjects(binding, 'User').join(', ')),
  wide('Groups', binding => subjects(binding, 'Group').join(', ')),
  wide('ServiceAccounts', binding => subjects(binding, 'ServiceAccount').join(', ')),
]

export const clusterColumns: Record<string, Column[]> = {
  nodes: [
    nameColumn,
    column<Node>('Status', nodeStatus),
    column<Node>('Roles', nodeRoles),
    ageColumn,
    column<Node>('Version', ({ status }) => status?.nodeInfo?.['kubeletVersion'] ?? ''),
    wide<Node>('Internal-IP', node => nodeAddress(node, 'InternalIP')),
    wide<Node>('External-IP', node => nodeAddress(node, 'ExternalIP')),
    wide('OS-Image', node => orElse(textAt(node, 'status', 'nodeInfo', 'osImage'), '<unknown>')),
    wide('Kernel-Version', node => orElse(textAt(node, 'status', 'nodeInfo', 'kernelVersion'), '<unknown>')),
    wide('Container-Runtime', node =>
      orElse(textAt(node, 'status', 'nodeInfo', 'containerRuntimeVersion'), '<unknown>'),
    ),
  ],
  namespaces: [nameColumn, column('Status', object => textAt(object, 'status', 'phase')), ageColumn],
  events: [
    column<KubeEvent>('Last Seen', lastSeen),
    column<KubeEvent>('Type', ({ type }) => type),
    column<KubeEvent>('Reason', ({ reason }) => reason),
    column<KubeEvent>('Object', ({ involvedObject: { kind, name } }) =>
      name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`,
    ),
    wide<KubeEvent>('Subobject', ({ involvedObject }) => involvedObject.fieldPath ?? ''),
    wide('Source', eventSource),
    column<KubeEvent>('Message', ({ message }) => message.trim()),
    wide<KubeEvent>('First Seen', firstSeen),
    wide('Count', event => numberAt(event, 'series', 'count') || numberAt(event, 'count') || 1),
    wide('Name', event => event.metadata.name),
  ],
  configmaps: [
    nameColumn,
    column('Data', object => memberCount(object, 'data') + memberCount(object, 'binaryData')),
    ageColumn,
  ],
  secrets: [
    nameColumn,
    column('Type', object => textAt(object, 'type')),
    column('Data', object => memberCount(object, 'data')),
    ageColumn,
  ],
  serviceaccounts: [nameColumn, column('Secrets', object => listAt(object, 'secrets').length), ageColumn],
  rolebindings: bindingColumns,
  clusterrolebindings: bindingColumns,
  leases: [nameColumn, column('Holder', lease => textAt(lease, 'spec', 'holderIdentity')), ageColumn],
  resourcequotas: [
    nameColumn,
    column('Request', quota => quotaText(quota, name => !name.startsWith('limits.'))),
    column('Limit', quota => quotaText(quota, name => name.startsWith('limits.'))),
    ageColumn,
  ],
  priorityclasses: [
    nameColumn,
    count('Value', object => numberAt(object, 'value')),
    column('Global-Default', object => field(object, 'globalDefault') === true, 0, 'boolean'),
    ageColumn,
    column('PreemptionPolicy', object => textAt(object, 'preemptionPolicy')),
  ],
}

function nodeStatus({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  const text = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  return spec.unschedulable === true ? `${text},SchedulingDisabled` : text
}

function nodeRoles({ metadata }: Node): string {
  const prefix = 'node-role.kubernetes.io/'
  const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(prefix)) return [key.slice(prefix.length)]
    return key === 'kubernetes.io/role' ? [value] : []
  })
  const named = new Set(roles.filter(role => role !== ''))
  return orElse([...named].sort().join(','), '<none>')
}

function nodeAddress({ status }: Node, wanted: string): string {
  return status?.addresses?.find(({ type }) => type === wanted)?.address ?? '<none>'
}

function firstSeen(event: KubeEvent, nowUs: number): string {
  return ageText(event.firstTimestamp ?? orUndefined(textAt(event, 'eventTime')), nowUs)
}

function lastSeen(event: KubeEvent, nowUs: number): string {
  const last = orElse(textAt(event, 'series', 'lastObservedTime'), event.lastTimestamp ?? '')
  return last === '' ? firstSeen(event, nowUs) : ageText(last, nowUs)
}

function orUndefined(text: string): string | undefined {
  return text === '' ? undefined : text
}

function eventSource(event: KubeObject): string {
  const component = orElse(textAt(event, 'source', 'component'), textAt(event, 'reportingComponent'))
  const instance = orElse(textAt(event, 'source', 'host'), textAt(event, 'reportingInstance'))
  return instance === '' ? component : `${component}, ${instance}`
}

function subjects(binding: KubeObject, kind: string): string[] {
  return listAt(binding, 'subjects')
    .filter(subject => textAt(subject, 'kind') === kind)
    .map(subject => {
      const name = textAt(subject, 'name')
      return kind === 'ServiceAccount' ? `${textAt(subject, 'namespace')}/${name}` : name
    })
}

function quotaText(quota: KubeObject, wanted: (name: string) => boolean): string {
  const hard = field(quota, 'status', 'hard')
  return Object.keys(hard ?? {})
    .filter(wanted)
    .sort()
    .map(name => `${name}: ${orElse(textAt(quota, 'status', 'used', name), '0')}/${textAt(hard, name)}`)
    .join(', ')
}
