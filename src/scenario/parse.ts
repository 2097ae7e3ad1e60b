/**
 * A scenario file's text to a Scenario with its defaults, or to all of its problems. Only errors of syntax stop the
 * checking there: what follows them cannot be understood, and a guess would report mistakes that nobody made.
 */
import { existsSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import type { Document } from 'yaml'
import type { Scenario } from '../model/scenario.ts'
import { inconsistencies } from './consistency.ts'
import type { Inconsistency } from './inconsistency.ts'
import { withDefaults, type LocalParts } from './defaults.ts'
import { explainIssues, isRecord } from './explain.ts'
import { resolveImages } from './images.ts'
import { didYouMean } from './nearest.ts'
import { byPosition } from './problems.ts'
import type { Problem } from './problems.ts'
import { scenarioSchema, type ScenarioFile } from './schema.ts'
import { openYaml, problemAt, valueSpan } from './yaml-source.ts'
import type { YamlSource } from './yaml-source.ts'

export type ParsedScenario = { ok: true; scenario: Scenario } | { ok: false; problems: Problem[] }

/** `variants`: the folders that there are; when not given, any name goes. */
export function parseScenario(text: string, file: string, variants?: readonly string[]): ParsedScenario {
  const source = openYaml(text, file)
  if (source.broken) return { ok: false, problems: source.problems }
  const [document, second] = source.documents
  if (document === undefined || document.contents === null) {
    const advice = { expected: 'a scenario: keys `scenario`, `title`, `shows`, `variant`, `disruptions`' }
    return { ok: false, problems: [problemAt(source, [0, 1], 'the file is empty', advice)] }
  }

  const value = plainValue(document)
  const shape = scenarioSchema.safeParse(value)
  const local = shape.success ? localParts(shape.data, dirname(file)) : null
  const problems = [
    ...source.problems,
    ...secondScenario(source, second),
    ...(shape.success
      ? []
      : explainIssues({ source, document, schema: scenarioSchema, value }, shape.error.issues)),
    ...[...inconsistencies(value), ...(local?.problems ?? [])].map(({ path, message, advice }) =>
      problemAt(source, valueSpan(document, path), message, advice),
    ),
    ...misnamed(source, document, value),
    ...unknownVariant(source, document, value, variants),
  ].sort(byPosition)
  if (shape.success && local !== null && problems.length === 0)
    return { ok: true, scenario: withDefaults(shape.data, local) }
  return { ok: false, problems }
}

/** What a scenario names of this machine, relative to its own folder. */
function localParts(
  { manifests, load, images = {} }: ScenarioFile,
  folder: string,
): LocalParts & { problems: Inconsistency[] } {
  const resolved = resolveImages(images, folder, ['images'])
  const placeOf = (path: readonly string[], written: string | undefined, what: string): string | null => {
    if (written === undefined) return null
    const place = resolve(folder, written)
    const advice = { expected: `${what}, relative to this file` }
    if (!existsSync(place)) resolved.problems.push({ path, message: `there is no ${place}`, advice })
    return place
  }
  return {
    ...resolved,
    manifests: placeOf(['manifests'], manifests, 'a YAML file or a folder'),
    k6Script: placeOf(['load', 'k6'], load?.k6, 'a k6 script'),
  }
}

/** Null also where aliases nest so deep that expanding them is refused; the schema then asks for a map. */
function plainValue(document: Document): unknown {
  try {
    return document.toJS() as unknown
  } catch (error) {
    if (error instanceof ReferenceError) return null
    throw error
  }
}

function secondScenario(source: YamlSource, second: Document | undefined): Problem[] {
  if (second === undefined) return []
  return [
    problemAt(source, valueSpan(second, []), 'a second document in the file', {
      expected: 'one scenario per file',
    }),
  ]
}

/** `run naive` finds its file by its name, so the two must not differ. */
function misnamed(source: YamlSource, document: Document, value: unknown): Problem[] {
  const name = isRecord(value) ? value['scenario'] : undefined
  const expected = basename(source.file).replace(/\.ya?ml$/, '')
  if (typeof name !== 'string' || name === expected) return []
  const advice = { expected: `\`${expected}\`, or another name of the file` }
  return [
    problemAt(source, valueSpan(document, ['scenario']), `\`scenario\` is not the name of the file`, advice),
  ]
}

function unknownVariant(
  source: YamlSource,
  document: Document,
  value: unknown,
  variants: readonly string[] | undefined,
): Problem[] {
  const variant = isRecord(value) ? value['variant'] : undefined
  if (typeof variant !== 'string' || variants === undefined || variants.includes(variant)) return []
  const advice = { expected: 'a folder of k8s/variants', suggestion: didYouMean(variant, variants) }
  return [problemAt(source, valueSpan(document, ['variant']), `unknown variant \`${variant}\``, advice)]
}
