/** Of a pod's spec only a few fields may change after creation; a new template needs new pods. */
import type { Pod } from '../../../kube/types.ts'
import { copyJson, sameJson } from '../../store/json.ts'
import type { Problems } from './problems.ts'

const rule =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

export function checkPodUpdate(problems: Problems, pod: Pod, previous: Pod): void {
  if (!sameJson(fixedPart(pod), fixedPart(previous))) problems.forbidden('spec', rule)
  const kept = (previous.spec.tolerations ?? []).every(old =>
    (pod.spec.tolerations ?? []).some(toleration => sameJson(toleration, old)),
  )
  if (!kept)
    problems.forbidden(
      'spec.tolerations',
      'existing toleration can not be modified except its tolerationSeconds',
    )
}

function fixedPart(pod: Pod): Pod['spec'] {
  const spec: Pod['spec'] & { activeDeadlineSeconds?: number } = copyJson(pod.spec)
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
    container.image = ''
    delete container.imagePullPolicy
  }
  delete spec.activeDeadlineSeconds
  delete spec.tolerations
  return spec
}
