/**
 * The textual label selectors of URLs: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1` (semantics §10.1), read token by token,
 * so that a mistake is told in Kubernetes's words.
 */
import type { KubeObject } from '../../kube/types.ts'
import { holds, type Requirement } from '../selector.ts'
import { badRequest } from './api-errors.ts'
import { labelKeyProblem, labelValueProblem } from './validation/names.ts'

export type ObjectFilter = (object: KubeObject) => boolean

export function parseLabelSelector(text: string): ObjectFilter {
  const terms = new SelectorReader(text).read()
  return ({ metadata }) => {
    const labels = metadata.labels ?? {}
    return terms.every(term => holds(term, labels[term.key]))
  }
}

const operators = 'in, notin, =, ==, !=, gt, lt'
const symbols = new Set(['(', ')', ',', '!', '=', '==', '!=', '<', '>'])

class SelectorReader {
  readonly #tokens: string[]
  #at = 0

  constructor(text: string) {
    this.#tokens = text.match(/==|!=|[=!<>(),]|[^\s=!<>(),]+/g) ?? []
  }

  read(): Requirement[] {
    const terms: Requirement[] = []
    for (;;) {
      const token = this.#peek()
      if (token === '') return terms
      if (token !== '!' && symbols.has(token))
        throw badRequest(`found '${token}', expected: !, identifier, or 'end of string'`)
      terms.push(this.#term())
      const after = this.#next()
      if (after === '') return terms
      if (after !== ',') throw badRequest(`found '${after}', expected: ',' or 'end of string'`)
      const following = this.#peek()
      if (following !== '!' && (following === '' || symbols.has(following)))
        throw badRequest(`found '${following}', expected: identifier after ','`)
    }
  }

  #term(): Requirement {
    const negated = this.#peek() === '!'
    if (negated) this.#at++
    const key = this.#next()
    if (key === '' || symbols.has(key)) throw unreadable(`found '${key}', expected: identifier`)
    checkKey(key)
    if (negated) return { key, operator: 'DoesNotExist', values: [] }
    const token = this.#peek()
    if (token === '' || token === ',') return { key, operator: 'Exists', values: [] }
    this.#at++
    switch (token) {
      case 'in':
      case 'notin':
        return checked({ key, operator: token === 'in' ? 'In' : 'NotIn', values: this.#set() })
      case '=':
      case '==':
      case '!=':
        return checked({ key, operator: token === '!=' ? 'NotIn' : 'In', values: [this.#value()] })
      case '<':
      case '>':
        return checkedNumber({ key, operator: token === '<' ? 'Lt' : 'Gt', values: [this.#value()] })
      default:
        throw unreadable(`found '${token}', expected: ${operators}`)
    }
  }

  #value(): string {
    const token = this.#peek()
    if (token === '' || token === ',') return ''
    this.#at++
    if (symbols.has(token)) throw unreadable(`found '${token}', expected: identifier`)
    return token
  }

  #set(): string[] {
    const open = this.#next()
    if (open !== '(') throw unreadable(`found '${open}' expected: '('`)
    const values: string[] = []
    for (;;) {
      const token = this.#next()
      const wantsValue = token === ',' || token === ')'
      values.push(wantsValue ? '' : token)
      const after = wantsValue ? token : this.#next()
      if (after === ')') return values
      if (after !== ',') throw unreadable(`found '${after}', expected: ',' or ')'`)
    }
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? ''
  }

  #next(): string {
    return this.#tokens[this.#at++] ?? ''
  }
}

function unreadable(why: string): Error {
  return badRequest(`unable to parse requirement: ${why}`)
}

function checkKey(key: string): void {
  const problem = labelKeyProblem(key)
  if (problem !== null) throw unreadable(`<nil>: Invalid value: ${JSON.stringify(key)}: ${problem}`)
}

function checked(requirement: Requirement): Requirement {
  const { key, values = [] } = requirement
  values.forEach((value, index) => {
    const problem = labelValueProblem(value)
    if (problem !== null)
      throw unreadable(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${problem}`)
  })
  return requirement
}

function checkedNumber(requirement: Requirement): Requirement {
  const [value = ''] = requirement.values ?? []
  if (!/^-?[0-9]+$/.test(value))
    throw unreadable(
      `values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
    )
  return checked(requirement)
}
