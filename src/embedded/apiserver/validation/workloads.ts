/** Deployments and ReplicaSets (semantics §1.1). */
import type { IntOrString } from '../../../kube/types.ts'
import type * as kube from '../../../kube/types.ts'
import type { Draft } from '../decoding/draft.ts'
import { sameJson } from '../../store/json.ts'
import { isEmptySelector, matchesSelector } from '../../selector.ts'
import { checkLabels } from './names.ts'
import { checkPodSpec } from './pod-spec.ts'
import type { Problems } from './problems.ts'
import { checkLabelSelector, isReadable } from './selectors.ts'

type Deployment = Draft<kube.Deployment>
type ReplicaSet = Draft<kube.ReplicaSet>

const percent = /^[0-9]+%$/
const percentRule =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"

export function checkDeployment(
  problems: Problems,
  deployment: Deployment,
  previous: Deployment | null,
  kubernetesMinor: number,
): void {
  const { spec = {} } = deployment
  problems.atLeast('spec.minReadySeconds', spec.minReadySeconds, 0)
  problems.atLeast('spec.revisionHistoryLimit', spec.revisionHistoryLimit, 0)
  checkReplicated(problems, deployment, kubernetesMinor)
  checkStrategy(problems, spec.strategy ?? {})
  const deadline = spec.progressDeadlineSeconds
  if (deadline !== undefined) {
    problems.atLeast('spec.progressDeadlineSeconds', deadline, 0)
    if (deadline <= (spec.minReadySeconds ?? 0))
      problems.invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')
  }
  checkSelectorStays(problems, deployment, previous)
}

/** What all of them have: replicas, and a template that the selector matches. */
export function checkReplicated(
  problems: Problems,
  object: Deployment | ReplicaSet,
  kubernetesMinor: number,
): void {
  const { spec = {} } = object
  problems.atLeast('spec.replicas', spec.replicas, 0)
  checkSelector(problems, object)
  const { metadata, spec: podSpec } = spec.template ?? {}
  const { labels } = metadata ?? {}
  const selector = spec.selector as kube.LabelSelector | undefined
  const matches = selector !== undefined && (isEmptySelector(selector) || matchesSelector(selector, labels))
  if (!matches && (selector === undefined || isReadable(selector)))
    problems.invalid(
      'spec.template.metadata.labels',
      labels ?? null,
      '`selector` does not match template `labels`',
    )
  checkLabels(problems, 'spec.template.labels', labels)
  checkPodSpec(problems, 'spec.template.spec', podSpec, kubernetesMinor)
  if (podSpec?.restartPolicy !== undefined)
    problems.oneOf('spec.template.spec.restartPolicy', podSpec.restartPolicy, ['Always'])
  const { activeDeadlineSeconds } = (podSpec ?? {}) as { activeDeadlineSeconds?: unknown }
  if (activeDeadlineSeconds !== undefined)
    problems.forbidden(
      'spec.template.spec.activeDeadlineSeconds',
      'activeDeadlineSeconds in ReplicaSet is not Supported',
    )
}

export function checkReplicaSet(
  problems: Problems,
  set: ReplicaSet,
  previous: ReplicaSet | null,
  kubernetesMinor: number,
): void {
  checkReplicated(problems, set, kubernetesMinor)
  checkSelectorStays(problems, set, previous)
}

export function checkSelectorStays(
  problems: Problems,
  object: Deployment | ReplicaSet,
  previous: Deployment | ReplicaSet | null,
): void {
  if (previous !== null && !sameJson(previous.spec?.selector, object.spec?.selector))
    problems.invalid('spec.selector', object.spec?.selector ?? null, 'field is immutable')
}

function checkSelector(problems: Problems, object: Deployment | ReplicaSet): void {
  const selector = object.spec?.selector as kube.LabelSelector | undefined
  if (selector === undefined) return problems.required('spec.selector')
  checkLabelSelector(problems, 'spec.selector', selector)
  if (isEmptySelector(selector))
    problems.invalid(
      'spec.selector',
      selector,
      `empty selector is invalid for ${(object.kind ?? '').toLowerCase()}`,
    )
  if (!isReadable(selector)) problems.invalid('spec.selector', selector, 'invalid label selector')
}

function checkStrategy(
  problems: Problems,
  strategy: Draft<NonNullable<kube.DeploymentSpec['strategy']>>,
): void {
  const { type = '', rollingUpdate } = strategy
  const types = ['Recreate', 'RollingUpdate']
  // The whole strategy is shown, as Go prints it.
  if (!types.includes(type))
    problems.unsupported('spec.strategy', { Type: type, RollingUpdate: rollingUpdate ?? null }, types)
  if (strategy.type === 'Recreate' && rollingUpdate !== undefined)
    problems.forbidden(
      'spec.strategy.rollingUpdate',
      "may not be specified when strategy `type` is 'Recreate'",
    )
  if (strategy.type !== 'RollingUpdate' || rollingUpdate === undefined) return
  const { maxSurge = 0, maxUnavailable = 0 } = rollingUpdate
  const at = 'spec.strategy.rollingUpdate'
  checkIntOrPercent(problems, `${at}.maxUnavailable`, maxUnavailable)
  checkIntOrPercent(problems, `${at}.maxSurge`, maxSurge)
  checkAtMostAll(problems, `${at}.maxUnavailable`, maxUnavailable)
  if (isZero(maxSurge) && isZero(maxUnavailable))
    problems.invalid(`${at}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0')
}

export function checkIntOrPercent(problems: Problems, field: string, value: IntOrString): void {
  if (typeof value === 'number') problems.atLeast(field, value, 0)
  else if (!percent.test(value)) problems.invalid(field, value, percentRule)
}

export function checkAtMostAll(problems: Problems, field: string, value: IntOrString): void {
  if (typeof value === 'string' && percent.test(value) && Number.parseInt(value, 10) > 100)
    problems.invalid(field, value, 'must not be greater than 100%')
}

/** Literally zero, whatever it would resolve to. */
function isZero(value: IntOrString): boolean {
  return value === 0 || (typeof value === 'string' && Number.parseInt(value, 10) === 0)
}
