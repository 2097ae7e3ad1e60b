/** Which experiments a command line means. Every problem is told at once, before anything is begun. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { packageRoot } from '../base/package-root.ts'
import { sampleAppImages } from '../cluster/images.ts'
import { disruptionNames, type DisruptionName, type Scenario } from '../model/scenario.ts'
import type { Experiment } from '../run/experiment.ts'
import { findScenarios, listVariants, loadCatalogue } from '../scenario/catalogue.ts'
import { renderKustomization, renderManifests, type Rendering } from '../scenario/kustomize/render.ts'
import { nearestName } from '../scenario/nearest.ts'
import { parseScenario } from '../scenario/parse.ts'
import { formatProblems, type Problem } from '../scenario/problems.ts'
import { scaleLoad } from '../scenario/scale-load.ts'
import { UsageError } from './exit-code.ts'
import { Flags } from './flags.ts'
import { unmappedImages } from './workload-images.ts'

export interface Choice {
  names: string[]
  tour: boolean
  all: boolean
  disruption: string | undefined
  /** The cluster has images of its own. */
  anyImage: boolean
  /** `--load-scale`; undefined: the load as it is declared. */
  loadScale: string | undefined
}

/** Below, the slow requests are too few to be there when a pod goes; above, no machine carries the standard load. */
const LEAST_SCALE = 0.1
const MOST_SCALE = 10

const variantsFolder = (): string => path.join(packageRoot(), 'k8s', 'variants')

export function readCatalogue(): Scenario[] {
  const catalogue = loadCatalogue(path.join(packageRoot(), 'scenarios'), variantsFolder())
  if (!catalogue.ok) throw new UsageError(formatProblems(catalogue.problems))
  return catalogue.scenarios
}

export function chooseExperiments(choice: Choice): Experiment[] {
  const { names, tour, all, disruption, anyImage } = choice
  const scale = chosenScale(choice.loadScale)
  const only = disruption === undefined ? null : knownDisruption(disruption)
  const wholeTour = tour || (names.length === 0 && !all)
  if (names.length > 0 && (tour || all)) throw new UsageError('either scenario names, or --tour, or --all')
  const scenarios = names.length > 0 ? namedScenarios(names) : readCatalogue()
  const pairs = scenarios.flatMap(scenario =>
    scenario.disruptions
      .filter(plan => (wholeTour ? plan.tour : true) && (only === null || plan.disruption === only))
      .map(plan => ({ scenario, plan })),
  )
  if (pairs.length === 0) throw new UsageError(`no chosen scenario declares the disruption ${only ?? ''}`)

  const renderings = new Map<string, Rendering>()
  for (const scenario of scenarios)
    if (!renderings.has(placeOf(scenario))) renderings.set(placeOf(scenario), render(scenario))
  const problems = [...renderings.values()].flatMap(rendering => (rendering.ok ? [] : rendering.problems))
  if (problems.length > 0) throw new UsageError(formatProblems(problems))
  const experiments = pairs.map(({ scenario, plan }) => {
    const rendering = renderings.get(placeOf(scenario))
    const objects = rendering?.ok === true ? rendering.objects : []
    const load = scale === null ? scenario.load : scaleLoad(scenario.load, scale)
    return { name: `${scenario.name}.${plan.disruption}`, scenario: { ...scenario, load }, plan, objects }
  })
  const unmapped = anyImage ? [] : unmappedImages(experiments, sampleAppImages())
  const complaints = [...withoutWorkload(experiments), ...unmapped]
  if (complaints.length > 0) throw new UsageError(complaints.join('\n'))
  return experiments
}

/** Every object of the catalogue's manifests. */
export function readCatalogueObjects(): Experiment['objects'] {
  return chooseExperiments({
    names: [],
    tour: false,
    all: true,
    disruption: undefined,
    anyImage: false,
    loadScale: undefined,
  }).flatMap(({ objects }) => objects)
}

function chosenScale(text: string | undefined): number | null {
  if (text === undefined) return null
  const flags = new Flags()
  const scale = flags.number('--load-scale', text, LEAST_SCALE, MOST_SCALE)
  flags.done()
  return scale
}

/** Where the manifests of a scenario are. */
function placeOf({ variant, manifests }: Scenario): string {
  return manifests ?? path.join(variantsFolder(), variant ?? '')
}

function render(scenario: Scenario): Rendering {
  const place = placeOf(scenario)
  return scenario.manifests === null ? renderKustomization(place) : renderManifests(place)
}

function withoutWorkload(experiments: readonly Experiment[]): string[] {
  const complaints = experiments.flatMap(({ scenario, objects }) => {
    const deployments = objects
      .filter(({ kind }) => kind === 'Deployment')
      .map(({ metadata }) => metadata.name)
    if (deployments.includes(scenario.workload)) return []
    const there = deployments.length === 0 ? 'no Deployment' : `the Deployments ${deployments.join(', ')}`
    return [`${scenario.name}: no Deployment \`${scenario.workload}\` (key \`workload\`); there is ${there}`]
  })
  return [...new Set(complaints)]
}

function knownDisruption(text: string): DisruptionName {
  const known = disruptionNames.find(name => name === text)
  if (known !== undefined) return known
  const nearest = nearestName(text, disruptionNames)
  const hint = nearest === null ? `expected one of ${disruptionNames.join(', ')}` : `did you mean ${nearest}?`
  throw new UsageError(`--disruption ${text}: no such disruption; ${hint}`)
}

/** A name with an ending or a slash is a file; any other is looked up in the catalogue. */
function namedScenarios(names: string[]): Scenario[] {
  const isFile = (name: string): boolean => /\.ya?ml$/.test(name) || name.includes('/')
  const problems: Problem[] = []
  const complaints: string[] = []
  const fromFiles = names.filter(isFile).flatMap(file => {
    const text = readScenarioFile(file, complaints)
    if (text === null) return []
    const parsed = parseScenario(text, file, listVariants(variantsFolder()))
    if (parsed.ok) return [parsed.scenario]
    problems.push(...parsed.problems)
    return []
  })
  const inCatalogue = names.filter(name => !isFile(name))
  const found = inCatalogue.length === 0 ? null : findScenarios(inCatalogue, readCatalogue())
  if (found?.ok === false) complaints.push(...found.unknown.map(({ message }) => message))
  if (problems.length > 0) complaints.push(formatProblems(problems))
  if (complaints.length > 0) throw new UsageError(complaints.join('\n'))
  return [...(found?.ok === true ? found.scenarios : []), ...fromFiles]
}

function readScenarioFile(file: string, complaints: string[]): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    complaints.push(`${file}: ${code === 'ENOENT' ? 'no such file' : code}; expected a scenario file`)
    return null
  }
}
