/**
 * A YAML file with its positions. Values are checked as plain objects (by a schema), problems are reported at the node
 * that a value came from: this module knows the way back from a path to a place in the text.
 */
import { isAlias, isCollection, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml'
import type { Document, Node, YAMLError } from 'yaml'
import type { Advice, Problem } from './problems.ts'
import { describeYamlError } from './yaml-errors.ts'

export type Path = readonly PropertyKey[]

/** From, to: offsets in the text. */
export type Span = readonly [number, number]

export interface YamlSource {
  file: string
  lines: string[]
  counter: LineCounter
  documents: Document[]
  /** Errors of syntax and doubled keys. */
  problems: Problem[]
  /** Whether there is an error after which the rest of the text cannot be understood. */
  broken: boolean
}

export function openYaml(text: string, file: string): YamlSource {
  const counter = new LineCounter()
  const parsed = parseAllDocuments(text, { lineCounter: counter, prettyErrors: false })
  const documents: Document[] = Array.isArray(parsed) ? parsed : []
  const source: YamlSource = {
    file,
    lines: text.split(/\r?\n/),
    counter,
    documents,
    problems: [],
    broken: false,
  }
  const errors: YAMLError[] = documents.flatMap(document => document.errors)
  source.broken = errors.some(error => error.code !== 'DUPLICATE_KEY')
  source.problems = errors.map(error => {
    const { span, message, advice } = describeYamlError(error, text)
    return problemAt(source, span, message, advice)
  })
  return source
}

export function problemAt(
  source: YamlSource,
  [from, to]: Span,
  message: string,
  advice: Advice = {},
): Problem {
  const { line, col } = source.counter.linePos(from)
  const sourceLine = source.lines[Math.max(1, line) - 1] ?? ''
  return {
    file: source.file,
    line: Math.max(1, line),
    column: Math.max(1, col),
    length: Math.max(1, Math.min(to - from, sourceLine.trimEnd().length - col + 1)),
    sourceLine,
    message,
    expected: advice.expected ?? null,
    suggestion: advice.suggestion ?? null,
  }
}

/** Where the key at the end of `path` stands; of a list, the item. The nearest place above when it is not there. */
export function keySpan(document: Document, path: Path): Span {
  return trace(document, path).key
}

/** Where the value at the end of `path` stands: a scalar or `{…}` itself, else its key. */
export function valueSpan(document: Document, path: Path): Span {
  const { key, value } = trace(document, path)
  const shown = isScalar(value) || (isCollection(value) && value.flow === true)
  return (shown ? spanOf(value) : null) ?? key
}

function trace(document: Document, path: Path): { key: Span; value: Node | null } {
  let value: Node | null = document.contents
  // Of the whole file, its first line is shown.
  let key: Span = spanOf(value) ?? [0, 1]
  for (const step of path) {
    const inside: Node | null = isAlias(value) ? (value.resolve(document) ?? null) : value
    if (isMap(inside)) {
      const pair = inside.items.find(item => isScalar(item.key) && String(item.key.value) === String(step))
      if (pair === undefined) return { key, value: null }
      key = spanOf(pair.key) ?? key
      value = pair.value as Node | null
    } else if (isSeq(inside)) {
      value = (inside.items[Number(step)] as Node | undefined) ?? null
      key = spanOf(value) ?? key
    } else {
      return { key, value: null }
    }
  }
  return { key, value }
}

/** Null for a value that is not written at all. */
function spanOf(node: unknown): Span | null {
  if (!isScalar(node) && !isCollection(node) && !isAlias(node)) return null
  const [from, to] = node.range ?? [0, 0]
  return to > from ? [from, to] : null
}
