import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Scenario } from '../model/scenario.ts'
import { findScenarios, listVariants, loadCatalogue } from './catalogue.ts'
import { renderKustomization } from './kustomize/render.ts'
import { formatProblems } from './problems.ts'

const folder = fileURLToPath(new URL('../../scenarios', import.meta.url))
const variantsFolder = fileURLToPath(new URL('../../k8s/variants', import.meta.url))

function catalogue(): Scenario[] {
  const loaded = loadCatalogue(folder, variantsFolder)
  if (!loaded.ok) throw new Error(formatProblems(loaded.problems))
  return loaded.scenarios
}

function runsOf(scenarios: readonly Scenario[], wanted: (tour: boolean) => boolean): string[] {
  return scenarios.flatMap(({ name, disruptions }) =>
    disruptions.filter(({ tour }) => wanted(tour)).map(({ disruption }) => `${name}.${disruption}`),
  )
}

const rows = [
  'announced-drain',
  'blocking-pdb',
  'checklist-full',
  'checklist-short',
  'database-blip',
  'distroless-cat',
  'distroless-sleep',
  'file-liveness',
  'grace-too-short',
  'graceful-only',
  'http2-announced',
  'keep-alive-announced',
  'keep-alive-race',
  'keep-alive-unannounced',
  'live-subcommand',
  'max-unavailable',
  'naive',
  'no-graceful',
  'no-pdb',
  'no-prestop',
  'no-readiness',
  'no-signal-handler',
  'no-surge',
  'recreate',
  'shell-entrypoint',
  'single-replica',
  'slow-requests',
  'streams-announced',
  'streams-cut',
  'with-pdb',
]

describe('the catalogue', () => {
  it('has a scenario for each row, and no other', () => {
    expect(catalogue().map(({ name }) => name)).toEqual(rows)
  })

  it('has a tour of eight rolling updates and three drains', () => {
    expect(runsOf(catalogue(), tour => tour)).toEqual([
      'announced-drain.rolling-update',
      'announced-drain.drain',
      'checklist-full.rolling-update',
      'checklist-full.drain',
      'checklist-short.rolling-update',
      'graceful-only.rolling-update',
      'naive.rolling-update',
      'naive.drain',
      'no-prestop.rolling-update',
      'no-readiness.rolling-update',
      'slow-requests.rolling-update',
    ])
  })

  it('has drains and a dependency outage outside the tour', () => {
    const others = runsOf(catalogue(), tour => !tour).filter(run => !run.endsWith('.rolling-update'))
    expect(others).toEqual([
      'blocking-pdb.drain',
      'database-blip.dependency-outage',
      'no-pdb.drain',
      'single-replica.drain',
      'with-pdb.drain',
    ])
  })

  it('names variants that exist and render, and leaves none unused', () => {
    const used = new Set(catalogue().map(({ variant }) => variant))
    expect([...used].sort()).toEqual(listVariants(variantsFolder))
    for (const variant of used)
      expect(renderKustomization(`${variantsFolder}/${variant}`)).toHaveProperty('ok', true)
    expect(existsSync(`${variantsFolder}/../base/kustomization.yaml`)).toBe(true)
  })

  it('waits for a settlement longer than any grace period in it', () => {
    for (const { settleTimeoutMs } of catalogue()) expect(settleTimeoutMs).toBeGreaterThan(2 * 60_000)
  })
})

describe('findScenarios', () => {
  it('gives the named ones in their order, each once', () => {
    const found = findScenarios(['naive', 'checklist-full', 'naive'], catalogue())
    expect(found.ok && found.scenarios.map(({ name }) => name)).toEqual(['naive', 'checklist-full'])
  })

  it('proposes the nearest name for each unknown one', () => {
    const found = findScenarios(['niave', 'naive', 'blocking-pbd'], catalogue())
    expect(found).toEqual({
      ok: false,
      unknown: [
        { name: 'niave', nearest: 'naive', message: 'unknown scenario `niave`: did you mean `naive`?' },
        {
          name: 'blocking-pbd',
          nearest: 'blocking-pdb',
          message: 'unknown scenario `blocking-pbd`: did you mean `blocking-pdb`?',
        },
      ],
    })
  })

  it('lists the catalogue where no name is near', () => {
    const found = findScenarios(['everything'], catalogue().slice(0, 2))
    expect(found.ok ? [] : found.unknown.map(({ message }) => message)).toEqual([
      'unknown scenario `everything`: the catalogue has announced-drain, blocking-pdb',
    ])
  })
})
