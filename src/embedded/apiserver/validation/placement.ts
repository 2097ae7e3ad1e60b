/** What a pod asks of the nodes that it may run on. */
import type * as kube from '../../../kube/types.ts'
import type { Draft } from '../decoding/draft.ts'
import { checkLabels, labelKeyProblems } from './names.ts'
import type { Problems } from './problems.ts'
import { checkLabelSelector } from './selectors.ts'

type PodSpec = Draft<kube.PodSpec>
type Toleration = Draft<kube.Toleration>
type AffinityTerm = Draft<kube.PodAffinityTerm>

export function checkPlacement(problems: Problems, at: string, spec: PodSpec): void {
  checkLabels(problems, `${at}.nodeSelector`, spec.nodeSelector)
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {}
  for (const [name, rules] of Object.entries({ podAffinity, podAntiAffinity })) {
    const field = `${at}.affinity.${name}`
    rules?.requiredDuringSchedulingIgnoredDuringExecution?.forEach((term, index) =>
      checkAffinityTerm(problems, `${field}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`, term),
    )
  }
  spec.tolerations?.forEach((toleration, index) =>
    checkToleration(problems, `${at}.tolerations[${index}]`, toleration),
  )
  checkSpread(problems, at, spec)
}

function checkAffinityTerm(
  problems: Problems,
  at: string,
  { topologyKey = '', labelSelector }: AffinityTerm,
): void {
  checkLabelSelector(problems, `${at}.labelSelector`, labelSelector)
  if (topologyKey === '') problems.required(`${at}.topologyKey`, 'can not be empty')
  for (const problem of labelKeyProblems(topologyKey))
    problems.invalid(`${at}.topologyKey`, topologyKey, problem)
}

function checkToleration(problems: Problems, at: string, toleration: Toleration): void {
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration
  if (key !== '') for (const problem of labelKeyProblems(key)) problems.invalid(`${at}.key`, key, problem)
  if (key === '' && operator !== 'Exists')
    problems.invalid(
      `${at}.operator`,
      operator,
      'operator must be Exists when `key` is empty, which means "match all values and all keys"',
    )
  if (tolerationSeconds !== undefined && effect !== 'NoExecute')
    problems.invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")
  if (operator === 'Exists' && value !== '')
    problems.invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'")
  problems.oneOf(`${at}.operator`, operator === '' ? 'Equal' : operator, ['Equal', 'Exists'])
  if (effect !== '') problems.oneOf(`${at}.effect`, effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
}

function checkSpread(problems: Problems, at: string, spec: PodSpec): void {
  spec.topologySpreadConstraints?.forEach((constraint, index) => {
    const field = `${at}.topologySpreadConstraints[${index}]`
    const { maxSkew = 0, topologyKey = '', whenUnsatisfiable } = constraint
    if (maxSkew <= 0) problems.invalid(`${field}.maxSkew`, maxSkew, 'must be greater than zero')
    if (topologyKey === '') problems.required(`${field}.topologyKey`, 'can not be empty')
    problems.oneOf(`${field}.whenUnsatisfiable`, whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway'])
    checkLabelSelector(problems, `${field}.labelSelector`, constraint.labelSelector)
  })
}
