/** DaemonSets, in the words of the apps/v1 validation. */
import type * as kube from '../../../kube/types.ts'
import type * as workloads from '../../workload-types.ts'
import type { Draft } from '../decoding/draft.ts'
import type { Problems } from './problems.ts'
import { checkAtMostAll, checkIntOrPercent, checkReplicated, checkSelectorStays } from './workloads.ts'

type DaemonSet = Draft<workloads.DaemonSet>

export function checkDaemonSet(
  problems: Problems,
  set: DaemonSet,
  previous: DaemonSet | null,
  kubernetesMinor: number,
): void {
  const { spec } = set
  checkReplicated(problems, set, kubernetesMinor)
  checkSelectorStays(problems, set, previous)
  if (spec === undefined) return
  problems.atLeast('spec.minReadySeconds', spec.minReadySeconds, 0)
  problems.atLeast('spec.revisionHistoryLimit', spec.revisionHistoryLimit, 0)
  const { type, rollingUpdate } = spec.updateStrategy ?? {}
  problems.oneOf('spec.updateStrategy.type', type, ['RollingUpdate', 'OnDelete'])
  if (type !== 'RollingUpdate') return
  const at = 'spec.updateStrategy.rollingUpdate'
  if (rollingUpdate === undefined) return problems.required(at)
  const { maxSurge = 0, maxUnavailable = 0 } = rollingUpdate
  checkIntOrPercent(problems, `${at}.maxUnavailable`, maxUnavailable)
  checkAtMostAll(problems, `${at}.maxUnavailable`, maxUnavailable)
  checkIntOrPercent(problems, `${at}.maxSurge`, maxSurge)
  checkAtMostAll(problems, `${at}.maxSurge`, maxSurge)
  const [hasSurge, hasUnavailable] = [isSome(maxSurge), isSome(maxUnavailable)]
  if (hasSurge && hasUnavailable)
    problems.invalid(`${at}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero')
  else if (!hasSurge && !hasUnavailable)
    problems.required(`${at}.maxUnavailable`, 'cannot be 0 when maxSurge is 0')
}

function isSome(value: kube.IntOrString): boolean {
  return Number.parseInt(String(value), 10) !== 0
}
