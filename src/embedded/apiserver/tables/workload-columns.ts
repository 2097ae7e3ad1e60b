/** The cells of what makes pods, and of what guards or scales them. */
import type { Container, Deployment, KubeObject, LabelSelector } from '../../../kube/types.ts'
import type { PodDisruptionBudget, ReplicaSet } from '../../../kube/types.ts'
import type { Json } from '../../store/json.ts'
import { ageColumn, column, count, nameColumn, wide, type Column } from './column.ts'
import { ageText, durationText } from './durations.ts'
import { field, listAt, numberAt, orElse, pairs, selectorText, textAt } from './texts.ts'

function templateColumns(...template: string[]): Column[] {
  const containers = (object: KubeObject): Container[] =>
    listAt(object, ...template, 'spec', 'containers') as unknown as Container[]
  return [
    wide('Containers', object =>
      containers(object)
        .map(({ name }) => name)
        .join(','),
    ),
    wide('Images', object =>
      containers(object)
        .map(({ image }) => image)
        .join(','),
    ),
  ]
}

const selectorColumn = wide('Selector', object =>
  selectorText((field(object, 'spec', 'selector') ?? {}) as unknown as LabelSelector),
)
const wideColumns = [...templateColumns('spec', 'template'), selectorColumn]
const status = (name: string) => (object: KubeObject) => numberAt(object, 'status', name)

const replicaSetColumns = [
  nameColumn,
  count<ReplicaSet>('Desired', ({ spec }) => spec.replicas ?? 0),
  count('Current', status('replicas')),
  count('Ready', status('readyReplicas')),
  ageColumn,
  ...wideColumns,
]

export const workloadColumns: Record<string, Column[]> = {
  deployments: [
    nameColumn,
    column<Deployment>('Ready', set => `${status('readyReplicas')(set)}/${set.spec.replicas ?? 0}`),
    column('Up-to-date', status('updatedReplicas')),
    column('Available', status('availableReplicas')),
    ageColumn,
    ...wideColumns,
  ],
  replicasets: replicaSetColumns,
  replicationcontrollers: [
    ...replicaSetColumns.slice(0, -1),
    wide('Selector', object => pairs(field(object, 'spec', 'selector'))),
  ],
  statefulsets: [
    nameColumn,
    column('Ready', set => `${status('readyReplicas')(set)}/${numberAt(set, 'spec', 'replicas')}`),
    ageColumn,
    ...templateColumns('spec', 'template'),
  ],
  daemonsets: [
    nameColumn,
    count('Desired', status('desiredNumberScheduled')),
    count('Current', status('currentNumberScheduled')),
    count('Ready', status('numberReady')),
    count('Up-to-date', status('updatedNumberScheduled')),
    count('Available', status('numberAvailable')),
    column('Node Selector', set => pairs(field(set, 'spec', 'template', 'spec', 'nodeSelector'))),
    ageColumn,
    ...wideColumns,
  ],
  controllerrevisions: [
    nameColumn,
    column('Controller', controllerName),
    column('Revision', object => numberAt(object, 'revision')),
    ageColumn,
  ],
  jobs: [
    nameColumn,
    column('Status', jobStatus),
    column('Completions', jobCompletions),
    column('Duration', jobDuration),
    ageColumn,
    ...wideColumns,
  ],
  cronjobs: [
    nameColumn,
    column('Schedule', job => textAt(job, 'spec', 'schedule')),
    column('Timezone', job => orElse(textAt(job, 'spec', 'timeZone'), '<none>')),
    column('Suspend', job => (field(job, 'spec', 'suspend') === true ? 'True' : 'False'), 0, 'boolean'),
    count('Active', job => listAt(job, 'status', 'active').length),
    column('Last Schedule', (job, nowUs) => {
      const last = textAt(job, 'status', 'lastScheduleTime')
      return last === '' ? '<none>' : ageText(last, nowUs)
    }),
    ageColumn,
    ...templateColumns('spec', 'jobTemplate', 'spec', 'template'),
    wide('Selector', () => '<none>'),
  ],
  poddisruptionbudgets: [
    nameColumn,
    column<PodDisruptionBudget>('Min Available', ({ spec }) => String(spec.minAvailable ?? 'N/A')),
    column<PodDisruptionBudget>('Max Unavailable', ({ spec }) => String(spec.maxUnavailable ?? 'N/A')),
    count('Allowed Disruptions', status('disruptionsAllowed')),
    ageColumn,
  ],
  horizontalpodautoscalers: [
    nameColumn,
    column('Reference', scaler => {
      const target = field(scaler, 'spec', 'scaleTargetRef')
      return `${textAt(target, 'kind')}/${textAt(target, 'name')}`
    }),
    column('Targets', autoscalerTargets),
    column('MinPods', scaler => orElse(textAt(scaler, 'spec', 'minReplicas'), '<unset>')),
    column('MaxPods', scaler => numberAt(scaler, 'spec', 'maxReplicas')),
    column('Replicas', status('currentReplicas')),
    ageColumn,
  ],
}

function controllerName({ metadata }: KubeObject): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true)
  if (owner === undefined) return '<none>'
  const [group = ''] = owner.apiVersion.includes('/') ? owner.apiVersion.split('/') : []
  const kind = owner.kind.toLowerCase()
  return `${group === '' ? kind : `${kind}.${group}`}/${owner.name}`
}

function jobStatus(job: KubeObject): string {
  const has = (type: string): boolean =>
    listAt(job, 'status', 'conditions').some(
      one => textAt(one, 'type') === type && textAt(one, 'status') === 'True',
    )
  if (has('Complete')) return 'Complete'
  if (has('Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running'
}

function jobCompletions(job: KubeObject): string {
  const succeeded = numberAt(job, 'status', 'succeeded')
  const completions = textAt(job, 'spec', 'completions')
  if (completions !== '') return `${succeeded}/${completions}`
  const parallelism = numberAt(job, 'spec', 'parallelism')
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function jobDuration(job: KubeObject, nowUs: number): string {
  const start = Date.parse(textAt(job, 'status', 'startTime'))
  const end = Date.parse(textAt(job, 'status', 'completionTime'))
  if (Number.isNaN(start)) return ''
  return durationText(Math.floor(((Number.isNaN(end) ? nowUs / 1000 : end) - start) / 1000))
}

function autoscalerTargets(scaler: KubeObject): string {
  const metrics = listAt(scaler, 'spec', 'metrics')
  if (metrics.length === 0) return '<none>'
  const currents = listAt(scaler, 'status', 'currentMetrics')
  const texts = metrics.map((metric, index) => metricText(metric, currents[index] ?? null))
  return texts.length <= 2
    ? texts.join(', ')
    : `${texts.slice(0, 2).join(', ')} + ${texts.length - 2} more...`
}

/** A metric's own field is named like its type: `Resource` is in `resource`. */
function metricText(metric: Json, current: Json): string {
  const type = textAt(metric, 'type')
  const name = `${type.slice(0, 1).toLowerCase()}${type.slice(1)}`
  const target = field(metric, name, 'target')
  const now = field(current, name, 'current')
  const unknown = '<unknown>'
  const average = textAt(target, 'averageValue')
  if (type === 'Resource' || type === 'ContainerResource') {
    const resource = textAt(metric, name, 'name')
    if (average !== '') return `${resource}: ${orElse(textAt(now, 'averageValue'), unknown)}/${average}`
    const utilization = textAt(now, 'averageUtilization')
    const wanted = textAt(target, 'averageUtilization')
    const share = utilization === '' ? unknown : `${utilization}%`
    return `${resource}: ${share}/${wanted === '' ? '<auto>' : `${wanted}%`}`
  }
  if (average === '') return `${orElse(textAt(now, 'value'), unknown)}/${textAt(target, 'value')}`
  const text = `${orElse(textAt(now, 'averageValue'), unknown)}/${average}`
  return type === 'Pods' ? text : `${text} (avg)`
}
