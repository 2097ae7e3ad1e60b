/**
 * Reads JSON as Kubernetes does: a key that comes twice is kept in mind (the last value wins), and what is wrong with a
 * text is said in the words of Go's decoder. JSON.parse can do neither.
 */
import type { Json, JsonObject } from '../../store/json.ts'

export interface ParsedBody {
  value: Json
  /** For each object in which a key comes twice: its keys as they came. */
  keys: ReadonlyMap<object, readonly string[]>
  /** What YAML found wrong before it became JSON. */
  yamlProblems: readonly string[]
}

export class SyntaxProblem extends Error {
  override name = 'SyntaxProblem'
}

/** Go stops at 10,000; so deep a recursion would not fit on the stack here. */
const depthLimit = 1000

export function parseJsonText(text: string): ParsedBody {
  const reader = new JsonReader(text)
  return { value: reader.document(), keys: reader.keys, yamlProblems: [] }
}

class JsonReader {
  readonly keys = new Map<object, readonly string[]>()
  private at = 0
  private depth = 0
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  document(): Json {
    const value = this.value()
    if (this.peek() !== '') throw this.unexpected('after top-level value')
    return value
  }

  private value(): Json {
    const next = this.peek()
    if (next === '{') return this.nested(() => this.object())
    if (next === '[') return this.nested(() => this.list())
    if (next === '"') return this.string()
    if (next === 't') return this.literal('true', true)
    if (next === 'f') return this.literal('false', false)
    if (next === 'n') return this.literal('null', null)
    return this.number()
  }

  private nested(read: () => Json): Json {
    this.depth += 1
    if (this.depth > depthLimit) throw new SyntaxProblem('exceeded max depth')
    const value = read()
    this.depth -= 1
    return value
  }

  private object(): JsonObject {
    const members: JsonObject = {}
    const keys: string[] = []
    this.at += 1
    if (this.peek() === '}') return this.closed(members)
    for (;;) {
      if (this.peek() !== '"') throw this.unexpected('looking for beginning of object key string')
      const key = this.string()
      if (this.peek() !== ':') throw this.unexpected('after object key')
      this.at += 1
      const value = this.value()
      // `__proto__` would set the prototype instead of a member.
      if (key !== '__proto__') members[key] = value
      keys.push(key)
      const next = this.peek()
      if (next === '}') break
      if (next !== ',') throw this.unexpected('after object key:value pair')
      this.at += 1
    }
    if (new Set(keys).size < keys.length) this.keys.set(members, keys)
    return this.closed(members)
  }

  private list(): Json[] {
    const items: Json[] = []
    this.at += 1
    if (this.peek() === ']') return this.closed(items)
    for (;;) {
      items.push(this.value())
      const next = this.peek()
      if (next === ']') return this.closed(items)
      if (next !== ',') throw this.unexpected('after array element')
      this.at += 1
    }
  }

  private closed<T>(value: T): T {
    this.at += 1
    return value
  }

  private string(): string {
    const start = this.at
    let end = start + 1
    while (this.text[end] !== '"') {
      if (end >= this.text.length) throw ended()
      end += this.text[end] === '\\' ? 2 : 1
    }
    this.at = end + 1
    try {
      return JSON.parse(this.text.slice(start, this.at)) as string
    } catch {
      throw new SyntaxProblem('invalid character in string literal')
    }
  }

  private literal(word: string, value: Json): Json {
    for (const letter of word) {
      if (this.text[this.at] !== letter) throw this.unexpected(`in literal ${word} (expecting '${letter}')`)
      this.at += 1
    }
    return value
  }

  private number(): number {
    const pattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
    pattern.lastIndex = this.at
    const match = pattern.exec(this.text)
    if (match === null) throw this.unexpected('looking for beginning of value')
    this.at = pattern.lastIndex
    return Number(match[0])
  }

  /** The next character that is no white space; '' at the end. */
  private peek(): string {
    while (' \t\r\n'.includes(this.text[this.at] ?? '-')) this.at += 1
    return this.text[this.at] ?? ''
  }

  private unexpected(where: string): SyntaxProblem {
    const found = this.text[this.at]
    return found === undefined
      ? ended()
      : new SyntaxProblem(`invalid character ${found === "'" ? `'\\''` : `'${found}'`} ${where}`)
  }
}

function ended(): SyntaxProblem {
  return new SyntaxProblem('unexpected end of JSON input')
}
