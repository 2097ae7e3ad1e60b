/** Label selectors within objects. */
import type { LabelSelector } from '../../../kube/types.ts'
import type { Draft } from '../decoding/draft.ts'
import { checkLabels, labelKeyProblems } from './names.ts'
import type { Problems } from './problems.ts'

const operators = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist'])

export function checkLabelSelector(
  problems: Problems,
  at: string,
  selector: Draft<LabelSelector> | undefined,
): void {
  if (selector === undefined) return
  checkLabels(problems, `${at}.matchLabels`, selector.matchLabels)
  selector.matchExpressions?.forEach(({ key = '', operator = '', values }, index) => {
    const field = `${at}.matchExpressions[${index}]`
    const count = values?.length ?? 0
    if ((operator === 'In' || operator === 'NotIn') && count === 0)
      problems.required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")
    if ((operator === 'Exists' || operator === 'DoesNotExist') && count > 0)
      problems.forbidden(
        `${field}.values`,
        "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      )
    if (!operators.has(operator))
      problems.invalid(`${field}.operator`, operator, 'not a valid selector operator')
    for (const problem of labelKeyProblems(key)) problems.invalid(`${field}.key`, key, problem)
  })
}

/** Whether the selector means anything at all. */
export function isReadable(selector: Draft<LabelSelector>): boolean {
  return (selector.matchExpressions ?? []).every(({ operator = '', values = [] }) => {
    if (operator === 'In' || operator === 'NotIn') return values.length > 0
    return operators.has(operator) && values.length === 0
  })
}
