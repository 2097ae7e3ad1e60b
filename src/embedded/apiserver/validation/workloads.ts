/** Deployments and ReplicaSets (semantics §1.1). */
import type { IntOrString } from '../../../kube/types.ts'
import type * as kube from '../../../kube/types.ts'
import type { Draft } from '../decoding/draft.ts'
import { sameJson } from '../../store/json.ts'
import { isEmptySelector, matchesSelector } from '../../selector.ts'
import { checkLabels } from './names.ts'
import { checkPodSpec } from './pod-spec.ts'
import type { Problems } from './problems.ts'

type Deployment = Draft<kube.Deployment>
type ReplicaSet = Draft<kube.ReplicaSet>

const percent = /^[0-9]+%$/

export function checkDeployment(
  problems: Problems,
  deployment: Deployment,
  previous: Deployment | null,
  kubernetesMinor: number,
): void {
  const { spec } = deployment
  if (spec === undefined) return problems.required('spec')
  problems.atLeast('spec.minReadySeconds', spec.minReadySeconds, 0)
  problems.atLeast('spec.revisionHistoryLimit', spec.revisionHistoryLimit, 0)
  checkReplicated(problems, deployment, previous, kubernetesMinor)
  checkStrategy(problems, spec.strategy ?? {})
  const deadline = spec.progressDeadlineSeconds
  if (deadline === undefined) return
  problems.atLeast('spec.progressDeadlineSeconds', deadline, 0)
  if (deadline <= (spec.minReadySeconds ?? 0))
    problems.invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')
}

/** What both kinds have: replicas, an immutable selector, and a template that it matches. */
export function checkReplicated(
  problems: Problems,
  object: Deployment | ReplicaSet,
  previous: Deployment | ReplicaSet | null,
  kubernetesMinor: number,
): void {
  const { spec } = object
  if (spec === undefined) return problems.required('spec')
  problems.atLeast('spec.replicas', spec.replicas, 0)
  checkSelector(problems, object, previous)
  if (spec.template === undefined) return problems.required('spec.template')
  const labels = spec.template.metadata?.labels ?? {}
  checkLabels(problems, 'spec.template.metadata.labels', labels)
  const selector = spec.selector as kube.LabelSelector | undefined
  if (selector !== undefined && !isEmptySelector(selector) && !matchesSelector(selector, labels))
    problems.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')
  checkPodSpec(problems, 'spec.template.spec', spec.template.spec, kubernetesMinor)
  if (spec.template.spec?.restartPolicy !== undefined)
    problems.oneOf('spec.template.spec.restartPolicy', spec.template.spec.restartPolicy, ['Always'])
}

function checkSelector(
  problems: Problems,
  object: Deployment | ReplicaSet,
  previous: Deployment | ReplicaSet | null,
): void {
  const selector = object.spec?.selector as kube.LabelSelector | undefined
  if (selector === undefined) problems.required('spec.selector')
  else if (isEmptySelector(selector))
    problems.invalid(
      'spec.selector',
      selector,
      `empty selector is invalid for ${(object.kind ?? '').toLowerCase()}`,
    )
  if (previous !== null && !sameJson(previous.spec?.selector, selector))
    problems.invalid('spec.selector', selector, 'field is immutable')
}

function checkStrategy(
  problems: Problems,
  strategy: Draft<NonNullable<kube.DeploymentSpec['strategy']>>,
): void {
  problems.oneOf('spec.strategy.type', strategy.type, ['Recreate', 'RollingUpdate'])
  const { rollingUpdate } = strategy
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
  else if (!percent.test(value))
    problems.invalid(field, value, "a valid percent string must be a numeric value followed by an ending '%'")
}

export function checkAtMostAll(problems: Problems, field: string, value: IntOrString): void {
  if (typeof value === 'string' && percent.test(value) && Number.parseInt(value, 10) > 100)
    problems.invalid(field, value, 'must not be greater than 100%')
}

/** Literally zero, whatever it would resolve to. */
function isZero(value: IntOrString): boolean {
  return value === 0 || (typeof value === 'string' && Number.parseInt(value, 10) === 0)
}
