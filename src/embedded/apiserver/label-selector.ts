/** The textual label selectors of URLs. */
import type { KubeObject } from '../../kube/types.ts'
import { holds, type Requirement } from '../selector.ts'
import { badRequest } from './api-errors.ts'

export type ObjectFilter = (object: KubeObject) => boolean

/** `a=b,c!=d,e in (f,g),h notin (i),j,!k` (semantics §10.1). */
export function parseLabelSelector(text: string): ObjectFilter {
  const terms = splitTerms(text).map(parseTerm)
  return ({ metadata }) => {
    const labels = metadata.labels ?? {}
    return terms.every(term => holds(term, labels[term.key]))
  }
}

const keyPattern = '([A-Za-z0-9][-A-Za-z0-9_./]*)'
const setTerm = new RegExp(`^${keyPattern}\\s+(in|notin)\\s*\\(([^()]*)\\)$`)
const equalityTerm = new RegExp(`^${keyPattern}\\s*(==|=|!=)\\s*([-A-Za-z0-9_.]*)$`)
const existenceTerm = new RegExp(`^(!?)\\s*${keyPattern}$`)

function parseTerm(text: string): Requirement {
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
