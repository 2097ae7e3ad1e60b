/** ControllerRevisions: what a StatefulSet or DaemonSet was, never changed afterwards but for its number. */
import type * as workloads from '../../workload-types.ts'
import type { Draft } from '../decoding/draft.ts'
import { sameJson } from '../../store/json.ts'
import type { Problems } from './problems.ts'

type ControllerRevision = Draft<workloads.ControllerRevision>

export function checkControllerRevision(
  problems: Problems,
  { data, revision }: ControllerRevision,
  previous: ControllerRevision | null,
): void {
  if (data === undefined) problems.required('data', 'data is mandatory')
  problems.atLeast('revision', revision, 0)
  if (previous !== null && !sameJson(previous.data, data))
    problems.invalid('data', data, 'field is immutable')
}
