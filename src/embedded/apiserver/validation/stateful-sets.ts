/** StatefulSets, in the words of the apps/v1 validation; most of the spec may never change. */
import type * as workloads from '../../workload-types.ts'
import type { Draft } from '../decoding/draft.ts'
import { sameJson, without } from '../../store/json.ts'
import { checkClaimSpec } from './claims.ts'
import type { Problems } from './problems.ts'
import { checkReplicated } from './workloads.ts'

type StatefulSet = Draft<workloads.StatefulSet>

const changeable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]
const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

export function checkStatefulSet(
  problems: Problems,
  set: StatefulSet,
  previous: StatefulSet | null,
  kubernetesMinor: number,
): void {
  const { spec } = set
  if (spec === undefined) return problems.required('spec')
  checkPolicies(problems, spec)
  for (const [index, template] of (spec.volumeClaimTemplates ?? []).entries())
    checkClaimSpec(problems, `spec.volumeClaimTemplates[${index}].spec`, template.spec ?? {})
  checkReplicated(problems, withClaims(set), kubernetesMinor)
  problems.atLeast('spec.minReadySeconds', spec.minReadySeconds, 0)
  problems.atLeast('spec.ordinals.start', spec.ordinals?.start, 0)
  const { serviceName = '' } = spec
  if (previous === null && serviceName !== '' && !dnsLabel.test(serviceName))
    problems.invalid('spec.serviceName', serviceName, 'a lowercase RFC 1123 label is required')
  const before = previous?.spec
  if (before === undefined || sameJson(without(before, ...changeable), without(spec, ...changeable))) return
  problems.forbidden(
    'spec',
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
      "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  )
}

/** Containers may mount what the claims will be, before there is a volume of that name. */
function withClaims(set: StatefulSet): StatefulSet {
  const { template, volumeClaimTemplates = [] } = set.spec ?? {}
  const podSpec = template?.spec
  if (podSpec === undefined || volumeClaimTemplates.length === 0) return set
  const own = podSpec.volumes ?? []
  const claimed = volumeClaimTemplates
    .map(({ metadata }) => metadata?.name ?? '')
    .filter(name => own.every(volume => volume.name !== name))
    .map(name => ({ name, persistentVolumeClaim: { claimName: name } }))
  const volumes = [...own, ...claimed]
  return { ...set, spec: { ...set.spec, template: { ...template, spec: { ...podSpec, volumes } } } }
}

function checkPolicies(problems: Problems, spec: NonNullable<StatefulSet['spec']>): void {
  const { podManagementPolicy, updateStrategy = {}, persistentVolumeClaimRetentionPolicy: claims } = spec
  if (podManagementPolicy !== 'OrderedReady' && podManagementPolicy !== 'Parallel')
    problems.invalid('spec.podManagementPolicy', podManagementPolicy, "must be 'OrderedReady' or 'Parallel'")
  const { type, rollingUpdate } = updateStrategy
  if (type === 'OnDelete' && rollingUpdate !== undefined)
    problems.invalid(
      'spec.updateStrategy.rollingUpdate',
      rollingUpdate,
      "only allowed for updateStrategy 'RollingUpdate'",
    )
  else if (type !== 'OnDelete' && type !== 'RollingUpdate')
    problems.invalid('spec.updateStrategy', updateStrategy, "must be 'RollingUpdate' or 'OnDelete'")
  problems.atLeast('spec.updateStrategy.rollingUpdate.partition', rollingUpdate?.partition, 0)
  for (const when of ['whenDeleted', 'whenScaled'] as const)
    problems.oneOf(`spec.persistentVolumeClaimRetentionPolicy.${when}`, claims?.[when], ['Retain', 'Delete'])
}
