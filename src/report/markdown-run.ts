/** One run's section of report.md: expectation against measurement, causes, evidence, and the doubts about itself. */
import type { Analysis, CauseSummary, Finding, PopulationSummary } from '../analysis/analysis.ts'
import { blocks, bullets, code, prose, table } from './markdown-text.ts'
import { storyboard } from './markdown-storyboard.ts'
import { terminationsTable } from './markdown-terminations.ts'
import { standingOf } from './standing.ts'
import {
  classCounts,
  counted,
  declarationWords,
  duration,
  expectationWords,
  figure,
  lostOf,
  percent,
  probeWords,
  verdictWords,
  words,
} from './words.ts'

export function runSection(analysis: Analysis): string[] {
  return blocks(
    [
      `## ${prose(analysis.name)}: ${verdictWords[analysis.verdict]}, ${declarationWords[standingOf(analysis)]}`,
    ],
    [`${prose(analysis.title)}. Shows: ${prose(analysis.shows)}.`],
    analysis.sentence === null ? [] : [`**${prose(analysis.sentence)}**`],
    titled('Findings', findings(analysis.findings)),
    titled('Expected and measured', populationsTable(analysis)),
    titled('Why', blocks(...analysis.causes.map(cause => causeSection(cause, analysis)))),
    titled('Terminations', terminationsTable(analysis.terminations)),
    titled('Outages', outages(analysis)),
    titled('What this proves', statistics(analysis)),
    titled('Driver self-check', selfCheck(analysis)),
    titled('Limits of this driver', driverLimits(analysis)),
    titled('Phases', [phases(analysis)]),
  )
}

const titled = (title: string, body: readonly string[]): string[] =>
  body.length === 0 ? [] : [`### ${title}`, '', ...body]

const severityWords: Record<Finding['severity'], string> = {
  inconclusive: 'inconclusive',
  'not-as-declared': 'not as declared',
  note: 'note',
}

function findings(all: readonly Finding[]): string[] {
  return bullets(
    all.map(
      ({ code: name, severity, message, remedy }) =>
        `**${severityWords[severity]}** (${code(name)}): ${prose(message)} → ${prose(remedy)}`,
    ),
  )
}

function populationsTable(analysis: Analysis): string[] {
  const ending = analysis.record === null ? 'not recorded' : words(analysis.record.ending)
  const detail = analysis.record?.detail ?? null
  const latency = ({ latencyMsP50, latencyMsP99 }: PopulationSummary): string =>
    latencyMsP50 === null || latencyMsP99 === null ? '–' : `${figure(latencyMsP50)} / ${figure(latencyMsP99)}`
  return blocks(
    table(
      [
        'population',
        'expected',
        '#sent',
        '#failed',
        'failed as',
        'because',
        '#skipped',
        '#latency p50 / p99 (ms)',
      ],
      analysis.populations.map(summary => [
        summary.population,
        expectationWords(summary.expectation),
        figure(summary.sent),
        figure(lostOf(summary)),
        tally(classCounts(summary.byClass)),
        tally(Object.entries(summary.byCause)),
        figure(summary.skipped),
        latency(summary),
      ]),
    ),
    [
      `Disruption: ${words(analysis.disruption)}, ${ending}${detail === null ? '' : ` (${prose(detail)})`}. ` +
        `Requests: ${figure(analysis.requests.scheduled)} scheduled = ${figure(analysis.requests.sent)} sent + ` +
        `${figure(analysis.requests.skipped)} skipped; sent = ${figure(analysis.requests.succeeded)} succeeded + ` +
        `${figure(analysis.requests.failed)} failed + ${figure(analysis.requests.unresolved)} unresolved.`,
    ],
    bullets(probes(analysis.populations)),
  )
}

/** What the probes on fresh connections say of each population that lost kept ones. */
const probes = (all: readonly PopulationSummary[]): string[] =>
  all.flatMap(summary => {
    const found = probeWords(summary)
    return found === null ? [] : [`*${summary.population}*: ${found}.`]
  })

const tally = (counts: readonly (readonly [string, number])[]): string =>
  counts.length === 0 ? '–' : counts.map(([name, count]) => `${figure(count)} ${words(name)}`).join(', ')

function causeSection(summary: CauseSummary, analysis: Analysis): string[] {
  const { cause, count, happened, change } = summary
  const example = analysis.attributions
    .filter(each => each.cause === cause)
    .sort((a, b) => strength(b) - strength(a))[0]
  return blocks(
    [`**${words(cause)}** (${figure(count)}): ${prose(happened)}`],
    [`*What to change:* ${prose(change)}`],
    example === undefined ? [] : storyboard(example, analysis),
  )
}

/** The example that proves most: direct evidence first, then the one with the most steps. */
const strength = ({ basis, evidence }: Analysis['attributions'][number]): number =>
  (basis === 'direct' ? 1000 : 0) + evidence.length

const outagesShown = 10

function outages({ outages: all }: Analysis): string[] {
  const longest = [...all].sort((a, b) => b.durationMs - a.durationMs)
  const more = longest.length - outagesShown
  return blocks(
    longest.length === 0
      ? []
      : table(
          ['population', '#from (s)', '#to (s)', '#lasted', '#failures'],
          longest
            .slice(0, outagesShown)
            .map(outage => [
              outage.population,
              seconds(outage.fromUs),
              seconds(outage.toUs),
              duration(outage.durationMs),
              figure(outage.failures),
            ]),
        ),
    more > 0 ? [`And ${counted(more, 'shorter one')}, in report.json.`] : [],
  )
}

function statistics({ statistics: { terminations, failingTerminations, ...rest } }: Analysis): string[] {
  if (terminations === 0) return ['No pod was terminated, so nothing about terminations.']
  const { failingShareUpperBound: bound, visibleWindowMs: window } = rest
  return bullets([
    `${figure(failingTerminations)} of ${counted(terminations, 'pod termination')} lost a request: n = ${figure(terminations)}, however many requests were sent.`,
    ...(bound === null || bound >= 1
      ? []
      : [`With 95 % confidence at most ${percent(bound)} of such terminations lose a request.`]),
    ...(window === null
      ? []
      : [
          `The load would have hit a drop window of ${duration(window)} per pod with 95 % probability; a shorter one may go unseen.`,
        ]),
  ])
}

function selfCheck({ driver, ledger, requests }: Analysis): string[] {
  const { totals } = driver
  const account =
    totals === null
      ? 'The driver gave no account of its own.'
      : `In all, the warm-up included, it sent ${figure(totals.sent)} and lost ${figure(totals.failed + totals.unresolved)}; ` +
        `judged were ${figure(requests.sent)} and ${figure(requests.failed + requests.unresolved)}.`
  return bullets([
    `Lateness: p50 ${figure(driver.latenessMsP50)} ms, p99 ${figure(driver.latenessMsP99)} ms, worst ${figure(driver.latenessMsMax)} ms.`,
    driver.stalls === 0
      ? 'No stalls.'
      : `${counted(driver.stalls, 'stall')}, the longest ${duration(driver.longestStallMs)}.`,
    account,
    ledger === null
      ? 'The workload keeps no ledger, so the client’s books stand alone.'
      : `The servers’ ledger: ${figure(ledger.arrived)} arrived, ${figure(ledger.answered)} answered; ` +
        `${figure(ledger.answeredButFailed)} answered and yet failed for the client, ` +
        `${figure(ledger.succeededNotAnswered)} succeeded without an entry, ` +
        `${figure(ledger.arrivedNotSent)} arrived without having been sent. Without an answer: ` +
        `${figure(ledger.lost)} lost (never arrived), ${figure(ledger.ambiguous)} ambiguous (arrived, answer lost); ` +
        `${figure(ledger.duplicated)} duplicated.`,
  ])
}

function driverLimits({ driver: { foreign } }: Analysis): string[] {
  if (foreign === undefined) return []
  const { name, version, script, limits } = foreign
  const what = script === null ? 'the load of the profile' : `the script ${code(script)}`
  return blocks(
    [`The load was made by ${name} ${prose(version)} (${what}). What it cannot see:`],
    bullets(limits.map(prose)),
  )
}

const phases = ({ phases: all, durationMs }: Analysis): string =>
  [
    ...all.map(
      ({ mark, fromUs, toUs }) =>
        `${words(mark)} ${seconds(fromUs)}–${toUs === null ? '?' : seconds(toUs)} s`,
    ),
    `whole recording ${duration(durationMs)}`,
  ].join(', ') + '.'

const seconds = (us: number): string => (us / 1_000_000).toFixed(2)
