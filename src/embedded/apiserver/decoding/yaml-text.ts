/** YAML bodies. As in Kubernetes they become JSON first; a key that comes twice is YAML's own problem, with its line. */
import type { Json } from '../../store/json.ts'
import { Unrecognized } from './decode.ts'
import type { ParsedBody } from './json-text.ts'

export async function readYamlText(text: string): Promise<ParsedBody> {
  // Loaded when first needed: hardly any client sends YAML.
  const { LineCounter, isScalar, parseDocument, visit } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(text, { uniqueKeys: false, lineCounter: lines, merge: true })
  const [error] = document.errors
  if (error !== undefined) throw new Unrecognized(`yaml: ${error.message.split('\n')[0] ?? ''}`)
  const repeats: { line: number; problem: string }[] = []
  visit(document, {
    Map(_key, map) {
      const seen = new Set<string>()
      for (const { key } of map.items) {
        if (!isScalar(key)) continue
        const name = String(key.value)
        const { line } = lines.linePos(key.range?.[0] ?? 0)
        if (seen.has(name))
          repeats.push({ line, problem: `line ${line}: key ${JSON.stringify(name)} already set in map` })
        seen.add(name)
      }
    },
  })
  repeats.sort((one, other) => one.line - other.line)
  return { value: plain(document), keys: new Map(), yamlProblems: repeats.map(({ problem }) => problem) }
}

/** An alias that explodes, or one that leads nowhere, is the client's fault. */
function plain(document: { toJS(): unknown }): Json {
  try {
    return JSON.parse(JSON.stringify(document.toJS() ?? null)) as Json
  } catch {
    throw new Unrecognized('yaml: document contains excessive aliasing')
  }
}
