import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import type { FindingCode } from '../analysis/analysis.ts'
import { causes } from '../model/cause.ts'
import { failureClasses, populations, requestKinds } from '../model/load.ts'
import { disruptionNames } from '../model/scenario.ts'
import { markNames } from '../model/transition.ts'
import { renderJson, reportDocument } from './json.ts'
import { clean, failing, report, tour } from './testdata/analyses.ts'
import { expectGolden } from './testdata/golden.ts'

const schema = JSON.parse(
  readFileSync(new URL('./report.schema.json', import.meta.url), 'utf8'),
) as JsonObject
const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema)

type Json = string | number | boolean | null | Json[] | JsonObject
interface JsonObject {
  [key: string]: Json
}

const parsed = (): JsonObject => JSON.parse(renderJson(tour)) as JsonObject

/** Every object in a document, with where it stands. */
function* objectsIn(value: Json, path = '$'): Generator<[path: string, object: JsonObject]> {
  if (value === null || typeof value !== 'object') return
  if (!Array.isArray(value)) yield [path, value]
  for (const [key, child] of Object.entries(value)) yield* objectsIn(child, `${path}.${key}`)
}

/** Objects whose keys are open (settings) or all optional (counts by class and cause). */
const isLoose = (path: string): boolean => /\.(settings|byClass|byCause|byProbe|failuresByClass)$/.test(path)

describe('renderJson', () => {
  test('looks as drawn', () => {
    expectGolden('report.json.txt', renderJson(tour))
  })

  test('validates against its schema, also without any run', () => {
    expect([validate(parsed()), validate.errors]).toEqual([true, null])
    expect(validate(JSON.parse(renderJson(report([], { interrupted: 'SIGTERM' }))))).toBe(true)
  })

  test('no object of a report may have a further field', () => {
    const document = parsed()
    for (const [path, object] of objectsIn(document)) {
      if (path.endsWith('.settings')) continue
      object['further'] = 1
      expect([path, validate(document)]).toEqual([path, false])
      delete object['further']
    }
  })

  test('no object of a report may lack a field', () => {
    const document = parsed()
    for (const [path, object] of objectsIn(document)) {
      if (isLoose(path)) continue
      for (const [key, value] of Object.entries(object)) {
        Reflect.deleteProperty(object, key)
        expect([`${path}.${key}`, validate(document)]).toEqual([`${path}.${key}`, false])
        object[key] = value
      }
    }
  })

  test('the order of keys does not depend on the order in which an analysis was built', () => {
    const reversed = (value: Json): Json => {
      if (value === null || typeof value !== 'object') return value
      if (Array.isArray(value)) return value.map(reversed)
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, child]) => [key, reversed(child)]),
      )
    }
    const backwards = reversed(JSON.parse(JSON.stringify(tour)) as JsonObject) as unknown as typeof tour
    expect(renderJson(backwards)).toBe(renderJson(tour))
  })

  test('loses nothing of the analyses', () => {
    expect(reportDocument(report([failing, clean]))).toEqual({
      schemaVersion: 1,
      ...report([failing, clean]),
    })
  })
})

describe('report.schema.json', () => {
  /** A record, so that a further code does not compile before it is in this list. */
  const findingCodes: Record<FindingCode, true> = {
    'no-traffic': true,
    'population-silent': true,
    'no-disruption': true,
    'baseline-dirty': true,
    'cool-down-dirty': true,
    'driver-late': true,
    'driver-stalled': true,
    'requests-skipped': true,
    'target-overloaded': true,
    'books-unbalanced': true,
    'ledger-unbalanced': true,
    'watch-gap': true,
    'watch-never-synced': true,
    'rollout-unfinished': true,
    'old-pods-not-seen-to-end': true,
    'recording-torn': true,
    'run-interrupted': true,
    'load-broke-off': true,
    'limit-ports': true,
    'limit-files': true,
    'limit-cpu': true,
    'limit-run-queue': true,
    'negative-control': true,
    'clocks-unrelated': true,
    'driver-cannot-tell': true,
    'unexpected-failures': true,
    'undeclared-cause': true,
    'missing-cause': true,
    'ending-differs': true,
    'harness-failures': true,
    'unexplained-failures': true,
    'load-path': true,
  }

  const at = (...path: string[]): Json | undefined =>
    path.reduce<Json | undefined>(
      (value, key) =>
        value === null || typeof value !== 'object' || Array.isArray(value) ? undefined : value[key],
      schema,
    )

  test.each([
    ['populations', at('$defs', 'population', 'enum'), populations],
    ['causes', at('$defs', 'cause', 'enum'), causes],
    ['failure classes', at('$defs', 'failureClass', 'enum'), failureClasses],
    ['kinds of request', at('$defs', 'attribution', 'properties', 'kind', 'enum'), requestKinds],
    ['disruptions', at('$defs', 'analysis', 'properties', 'disruption', 'enum'), disruptionNames],
    ['marks', at('$defs', 'phase', 'properties', 'mark', 'enum'), markNames],
    ['codes of findings', at('$defs', 'finding', 'properties', 'code', 'enum'), Object.keys(findingCodes)],
  ])('knows the same %s as the program', (_, inSchema, inProgram) => {
    expect(inSchema).toEqual(inProgram)
  })

  test('counts by class and by cause name every member', () => {
    expect(Object.keys(at('$defs', 'classCounts', 'properties') as JsonObject)).toEqual(failureClasses)
    expect(Object.keys(at('$defs', 'causeCounts', 'properties') as JsonObject)).toEqual(causes)
  })
})
