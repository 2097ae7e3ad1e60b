/** The scenarios of a folder: one file each, named after its scenario, in the order of their names. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scenario } from '../model/scenario.ts'
import { nearestName } from './nearest.ts'
import { parseScenario } from './parse.ts'
import type { Problem } from './problems.ts'

export type Catalogue = { ok: true; scenarios: Scenario[] } | { ok: false; problems: Problem[] }

/** All problems of all files at once. `variantsFolder` is where the variants that scenarios name must be. */
export function loadCatalogue(folder: string, variantsFolder?: string): Catalogue {
  const variants = variantsFolder === undefined ? undefined : listVariants(variantsFolder)
  const parsed = readdirSync(folder)
    .filter(name => /\.ya?ml$/.test(name))
    .sort()
    .map(name => join(folder, name))
    .map(file => parseScenario(readFileSync(file, 'utf8'), file, variants))
  const problems = parsed.flatMap(one => (one.ok ? [] : one.problems))
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, scenarios: parsed.flatMap(one => (one.ok ? [one.scenario] : [])) }
}

/** Names of the folders that hold a kustomization. */
export function listVariants(folder: string): string[] {
  return readdirSync(folder)
    .filter(name => existsSync(join(folder, name, 'kustomization.yaml')))
    .sort()
}

export interface UnknownScenario {
  name: string
  nearest: string | null
  /** A sentence for the user. */
  message: string
}

export type FoundScenarios = { ok: true; scenarios: Scenario[] } | { ok: false; unknown: UnknownScenario[] }

/** The scenarios of these names, in this order, each once. */
export function findScenarios(names: readonly string[], catalogue: readonly Scenario[]): FoundScenarios {
  const known = catalogue.map(scenario => scenario.name)
  const unknown = names
    .filter(name => !known.includes(name))
    .map(name => {
      const nearest = nearestName(name, known)
      const hint = nearest === null ? `the catalogue has ${known.join(', ')}` : `did you mean \`${nearest}\`?`
      return { name, nearest, message: `unknown scenario \`${name}\`: ${hint}` }
    })
  if (unknown.length > 0) return { ok: false, unknown }
  const wanted = [...new Set(names)]
  return { ok: true, scenarios: wanted.flatMap(name => catalogue.filter(scenario => scenario.name === name)) }
}
