/** PodDisruptionBudgets: a minimum or a maximum, never both. */
import type { PodDisruptionBudget } from '../../../kube/types.ts'
import type { Draft } from '../decoding/draft.ts'
import type { Problems } from './problems.ts'
import { checkLabelSelector } from './selectors.ts'
import { checkAtMostAll, checkIntOrPercent } from './workloads.ts'

export function checkDisruptionBudget(problems: Problems, budget: Draft<PodDisruptionBudget>): void {
  const spec = budget.spec ?? {}
  const { minAvailable, maxUnavailable } = spec
  if (minAvailable !== undefined && maxUnavailable !== undefined)
    problems.invalid(
      'spec',
      {
        MinAvailable: minAvailable,
        Selector: spec.selector ?? null,
        MaxUnavailable: maxUnavailable,
        UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
      },
      'minAvailable and maxUnavailable cannot be both set',
    )
  for (const [name, value] of Object.entries({ minAvailable, maxUnavailable })) {
    if (value === undefined) continue
    checkIntOrPercent(problems, `spec.${name}`, value)
    checkAtMostAll(problems, `spec.${name}`, value)
  }
  checkLabelSelector(problems, 'spec.selector', spec.selector)
  if (spec.unhealthyPodEvictionPolicy !== undefined)
    problems.oneOf('spec.unhealthyPodEvictionPolicy', spec.unhealthyPodEvictionPolicy, [
      'AlwaysAllow',
      'IfHealthyBudget',
    ])
}
