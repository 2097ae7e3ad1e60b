/**
 * The model beside the real thing: the same scenarios, unchanged, on the embedded cluster and on a real one. Where a row
 * differs, one of the two is wrong, and it is not the expectation.
 */
import type { Analysis } from '../analysis/analysis.ts'
import type { PhaseName, PhaseTimes } from '../analysis/phase-times.ts'
import type { Cause } from '../model/cause.ts'
import { blocks, bullets, code, prose, table } from './markdown-text.ts'
import { standingOf } from './standing.ts'
import { classCounts, figure, verdictWords, words } from './words.ts'

export interface Side {
  analysis: Analysis
  phaseTimes: PhaseTimes
}

export interface AgreementRow {
  name: string
  /** Null: it was not run there, and why. */
  real: Side | null
  embedded: Side | null
  notRun: string[]
}

/** One call that measured rows on both. */
export interface AgreementRun {
  madeAt: string
  /** How it was called. */
  command: string
  /** How many rows of the table are its own: a later run of a row takes the place of an earlier one. */
  rows: number
}

export interface Agreement {
  runs: AgreementRun[]
  /** When stored runs were judged by the rules of a later version; null where they were judged as they were made. */
  judgedAgainAt: string | null
  rows: AgreementRow[]
}

/**
 * `same`: the verdicts, and the causes of each population. `within-chance`: both are as the scenario declares, which leaves
 * to chance what differs. `unmeasured`: at least one of both could not be judged.
 */
export type Concord = 'same' | 'within-chance' | 'differs' | 'unmeasured'

export const concordWords: Record<Concord, string> = {
  same: 'yes',
  'within-chance': 'yes; chance decides',
  differs: '**no**',
  unmeasured: 'not measured',
}

export function concordOf({ real, embedded }: AgreementRow): Concord {
  if (real === null || embedded === null) return 'unmeasured'
  const sides = [real.analysis, embedded.analysis]
  const standings = sides.map(standingOf)
  if (standings.includes('unmeasured')) return 'unmeasured'
  if (standings[0] !== standings[1]) return 'differs'
  const [left, right] = sides.map(side => `${side.verdict} ${causesByPopulation(side)}`)
  if (left === right) return 'same'
  return standings[0] === 'as-declared' ? 'within-chance' : 'differs'
}

/** 0: every row agrees. 1: some row does not. 3: nothing differs, and not everything was measured. */
export function agreementExitCode({ rows }: Agreement): 0 | 1 | 3 {
  const concords = rows.map(concordOf)
  if (concords.includes('differs')) return 1
  return rows.length === 0 || concords.includes('unmeasured') ? 3 : 0
}

export function renderAgreement(agreement: Agreement): string {
  const { runs, judgedAgainAt, rows } = agreement
  const again = judgedAgainAt === null ? '' : `, judged again at ${judgedAgainAt}`
  const agreeing = rows.filter(row => ['same', 'within-chance'].includes(concordOf(row))).length
  const text = blocks(
    ['# Agreement of the embedded cluster with a real one'],
    [`Made by ${madeBy(runs)}${again}. ${agreeing} of ${rows.length} rows agree.`],
    clusterLines(rows),
    [
      'Each row is one scenario under one disruption, run unchanged on both. A row agrees when the verdicts and the causes ' +
        'of each population are the same, or when both runs are as the scenario declares and what differs is what it ' +
        'leaves to chance. Times are medians over the pods of the row, in milliseconds: real / embedded.',
    ],
    table(
      ['row', 'agrees', 'verdict', 'failed requests by class', 'causes'],
      rows.map(row => [
        row.name,
        concordWords[concordOf(row)],
        both(row, ({ analysis }) => verdictWords[analysis.verdict]),
        both(row, ({ analysis }) => classes(analysis)),
        both(row, ({ analysis }) => causes(analysis)),
      ]),
    ),
    ['## Phases'],
    table(
      ['row', ...phaseColumns.map(([, title]) => `#${title}`)],
      rows.map(row => [row.name, ...phaseColumns.map(([phase]) => both(row, side => median(side, phase)))]),
    ),
    unjudged(rows),
  )
  return `${text.join('\n')}\n`
}

function madeBy(runs: readonly AgreementRun[]): string {
  const one = runs.length === 1
  return runs
    .map(({ command, madeAt, rows }) => `${code(command)} at ${madeAt}${one ? '' : ` (${rows} rows)`}`)
    .join(' and ')
}

const phaseColumns: readonly [PhaseName, string][] = [
  ['deletion → last new connection', 'deletion → last new connection'],
  ['SIGTERM → exit', 'SIGTERM → exit'],
  ['exit → address gone', 'exit → endpoint removed'],
  ['ready → first request', 'ready → first request'],
]

/** `real / embedded`, or once when both are the same. */
function both({ real, embedded }: AgreementRow, show: (side: Side) => string): string {
  const [left, right] = [real, embedded].map(side => (side === null ? '?' : show(side)))
  return left === right ? (left ?? '') : `${left ?? ''} / ${right ?? ''}`
}

function classes({ failuresByClass }: Analysis): string {
  const counts = classCounts(failuresByClass)
  return counts.length === 0
    ? '–'
    : counts.map(([name, count]) => `${figure(count)} ${words(name)}`).join(', ')
}

function causes(analysis: Analysis): string {
  const counted = analysis.causes.filter(({ count }) => count > 0)
  return counted.length === 0
    ? '–'
    : counted.map(({ cause, count }) => `${words(cause)} ${figure(count)}`).join(', ')
}

function causesByPopulation({ populations }: Analysis): string {
  return populations
    .map(({ population, byCause }) => `${population}: ${(Object.keys(byCause) as Cause[]).sort().join(',')}`)
    .sort()
    .join('; ')
}

function median({ phaseTimes }: Side, phase: PhaseName): string {
  const sorted = [...phaseTimes[phase]].sort((a, b) => a - b)
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  return middle === undefined ? '–' : figure(Math.round(middle))
}

function clusterLines(rows: readonly AgreementRow[]): string[] {
  const told = (side: keyof Pick<AgreementRow, 'real' | 'embedded'>): string => {
    const cluster = rows.map(row => row[side]).find(each => each !== null)?.analysis.cluster
    if (cluster === undefined) return 'none'
    return `${cluster.kind}, Kubernetes ${cluster.kubernetesVersion}, ${cluster.nodes.length} nodes`
  }
  return bullets([`Real: ${prose(told('real'))}`, `Embedded: ${prose(told('embedded'))}`])
}

/** Why a row says nothing, or says no. */
function unjudged(rows: readonly AgreementRow[]): string[] {
  const reasons = rows.flatMap(row => {
    const concord = concordOf(row)
    if (concord === 'same' || concord === 'within-chance') return []
    const sides = [
      ['real', row.real],
      ['embedded', row.embedded],
    ] as const
    const found = sides.flatMap(([where, side]) =>
      (side?.analysis.findings ?? [])
        .filter(({ severity }) => severity !== 'note')
        .map(({ message }) => `${row.name}, ${where}: ${prose(message)}`),
    )
    return [...row.notRun.map(why => `${row.name}: ${prose(why)}`), ...found]
  })
  return reasons.length === 0 ? [] : ['## What differs, or was not measured', '', ...bullets(reasons)]
}
