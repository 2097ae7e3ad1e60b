/** report.md: what the terminal shows, and under it everything that makes one believe it. */
import type { Analysis } from '../analysis/analysis.ts'
import { populations } from '../model/load.ts'
import type { Population } from '../model/load.ts'
import { blocks, bullets, code, prose, table } from './markdown-text.ts'
import { clusterSection } from './markdown-cluster.ts'
import { runSection } from './markdown-run.ts'
import type { RunReport } from './run-report.ts'
import { standingOf } from './standing.ts'
import {
  classCounts,
  counted,
  declarationWords,
  disruptionWords,
  duration,
  figure,
  lostOf,
  verdictWords,
  words,
} from './words.ts'

export function renderMarkdown(report: RunReport): string {
  const lines = blocks(
    ['# rollproof: does this configuration drop requests when its pods are replaced?'],
    [opening(report)],
    unfinished(report),
    report.analyses.length === 0 ? ['No run was made, so nothing is proved.'] : summaryTable(report.analyses),
    report.analyses.length === 0 ? [] : [...readingHelp],
    ...report.analyses.map(runSection),
    clusterSection(report.analyses),
    reproduction(report),
  )
  return `${lines.join('\n')}\n`
}

function opening(report: RunReport): string {
  const declared = report.asDeclared ? 'every run as declared' : 'not every run as declared'
  return (
    `Run ${code(report.runId)}, begun ${report.startedAt}, ${counted(report.analyses.length, 'run')} in ` +
    `${duration(report.durationMs)}. Worst verdict: **${verdictWords[report.verdict]}**; **${declared}** (exit code ${report.exitCode}).`
  )
}

function unfinished({ interrupted, notRun, measuredAgain }: RunReport): string[] {
  return bullets([
    ...(interrupted === null ? [] : [`**Interrupted**: ${prose(interrupted)}`]),
    ...notRun.map(({ name, why }) => `**Not run**: ${code(name)}: ${prose(why)}`),
    ...measuredAgain.map(
      ({ name, why, recording }) =>
        `**Measured again**: ${code(name)}. The machine was too busy before: ${prose(why)} That recording lies in ${code(recording)}.`,
    ),
  ])
}

function summaryTable(analyses: readonly Analysis[]): string[] {
  const present = new Set(analyses.flatMap(each => each.populations.map(({ population }) => population)))
  const shown = populations.filter(population => alwaysShown.has(population) || present.has(population))
  const columns = [
    'configuration',
    'disruption',
    'verdict',
    'declared',
    '#sent',
    ...shown,
    '#pods',
    '#outage',
  ]
  return table(
    columns,
    analyses.map(analysis => [
      code(analysis.scenario),
      disruptionWords(analysis),
      verdictWords[analysis.verdict],
      declarationWords[standingOf(analysis)],
      figure(analysis.requests.sent),
      ...shown.map(population => lossWords(analysis, population)),
      figure(analysis.statistics.terminations),
      analysis.longestOutageMs > 0 ? duration(analysis.longestOutageMs) : '–',
    ]),
  )
}

const alwaysShown: ReadonlySet<Population> = new Set(['fresh', 'reused', 'slow'])

function lossWords(analysis: Analysis, population: Population): string {
  const summary = analysis.populations.find(each => each.population === population)
  if (summary === undefined || summary.sent === 0) return '–'
  if (lostOf(summary) === 0) return '0'
  const parts = classCounts(summary.byClass).map(([name, count]) => `${figure(count)} ${words(name)}`)
  return parts.length === 1 ? parts.join() : `**${figure(lostOf(summary))}**: ${parts.join(', ')}`
}

const readingHelp = bullets([
  '*fresh* opens a connection per request, *reused* keeps connections alive, *slow* has long requests in flight.',
  'A failure counts under the population that sent the request. A dash: nothing was sent.',
  '*pods* counts the terminations that were seen, *outage* is the longest run of failures up to the next success.',
  'A drop can be as declared: a scenario may be there to show it.',
])

function reproduction({ provenance, analyses }: RunReport): string[] {
  const { argv, rollproofVersion, gitCommit, gitDirty, nodeVersion, platform } = provenance
  const commit = gitCommit === null ? 'unknown commit' : `commit ${code(gitCommit)}`
  const changes = gitDirty === true ? ', with uncommitted changes' : ''
  const seeds = new Set(analyses.flatMap(({ cluster }) => cluster.settings['seed'] ?? []))
  const elsewhere = analyses.filter(each => JSON.stringify(each.provenance) !== JSON.stringify(provenance))
  return blocks(
    ['## How to reproduce'],
    ['```sh', argv.map(shellWord).join(' '), '```'],
    bullets([
      `rollproof ${prose(rollproofVersion)}, ${commit}${changes}`,
      `Node.js ${prose(nodeVersion)} on ${prose(platform)}`,
      ...(seeds.size === 0 ? [] : [`seed ${[...seeds].map(String).join(', ')}`]),
      ...elsewhere.map(
        each =>
          `${code(each.name)} was recorded by rollproof ${prose(each.provenance.rollproofVersion)}: ` +
          code(each.provenance.argv.map(shellWord).join(' ')),
      ),
    ]),
  )
}

/** Ready to be pasted; control characters would only break the block that shows it. */
const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word)
    ? word
    : `'${word.replaceAll(/\p{Cc}/gu, ' ').replaceAll("'", String.raw`'\''`)}'`
