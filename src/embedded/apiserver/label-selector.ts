/** Label selectors: the structured ones of objects and the textual ones of URLs, matched by the same requirements. */
import type { KubeObject, LabelSelector } from '../../kube/types.ts'
import { badRequest } from './api-errors.ts'

type Labels = Record<string, string>
export type ObjectFilter = (object: KubeObject) => boolean

export function isEmptySelector(selector: LabelSelector): boolean {
  return (
    Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0
  )
}

/** An absent selector matches nothing, an empty one everything. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false
  const pairs = Object.entries(selector.matchLabels ?? {})
  return (
    pairs.every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every(({ key, operator, values }) =>
      holds(operator, labels[key], values ?? []),
    )
  )
}

function holds(operator: string, label: string | undefined, values: string[]): boolean {
  switch (operator) {
    case 'In':
      return label !== undefined && values.includes(label)
    case 'NotIn':
      return label === undefined || !values.includes(label)
    case 'Exists':
      return label !== undefined
    case 'DoesNotExist':
      return label === undefined
    default:
      return false
  }
}

/** `a=b,c!=d,e in (f,g),h notin (i),j,!k` (semantics §10.1). */
export function parseLabelSelector(text: string): ObjectFilter {
  const terms = splitTerms(text).map(parseTerm)
  return ({ metadata }) => {
    const labels = metadata.labels ?? {}
    return terms.every(({ key, operator, values }) => holds(operator, labels[key], values))
  }
}

interface Term {
  key: string
  operator: string
  values: string[]
}

const keyPattern = '([A-Za-z0-9][-A-Za-z0-9_./]*)'
const setTerm = new RegExp(`^${keyPattern}\\s+(in|notin)\\s*\\(([^()]*)\\)$`)
const equalityTerm = new RegExp(`^${keyPattern}\\s*(==|=|!=)\\s*([-A-Za-z0-9_.]*)$`)
const existenceTerm = new RegExp(`^(!?)\\s*${keyPattern}$`)

function parseTerm(text: string): Term {
  const set = setTerm.exec(text)
  if (set !== null) {
    const values = (set[3] ?? '').split(',').map(value => value.trim())
    return { key: set[1] ?? '', operator: set[2] === 'in' ? 'In' : 'NotIn', values }
  }
  const equality = equalityTerm.exec(text)
  if (equality !== null)
    return {
      key: equality[1] ?? '',
      operator: equality[2] === '!=' ? 'NotIn' : 'In',
      values: [equality[3] ?? ''],
    }
  const existence = existenceTerm.exec(text)
  if (existence !== null)
    return { key: existence[2] ?? '', operator: existence[1] === '!' ? 'DoesNotExist' : 'Exists', values: [] }
  throw badRequest(`unable to parse requirement: ${JSON.stringify(text)}`)
}

/** At the commas outside parentheses. */
function splitTerms(text: string): string[] {
  return text
    .split(/,(?![^()]*\))/)
    .map(term => term.trim())
    .filter(term => term !== '')
}
