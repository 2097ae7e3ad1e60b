/**
 * What a reader needs to believe the table, and not to believe too much of it: what the columns mean, that the cluster
 * is modelled and how, how little a few terminations prove, and what could not be run.
 */
import type { Analysis } from '../analysis/analysis.ts'
import type { RunReport } from './run-report.ts'
import type { Screen } from './screen.ts'
import { standingOf } from './standing.ts'
import type { Standing } from './standing.ts'
import { counted, duration, figure, percent } from './words.ts'
import { wrap, wrapBehind } from './wrap.ts'

export function legend(screen: Screen): string[] {
  const line = (parts: readonly string[]): string[] =>
    wrap(parts.join(screen.glyphs.separator), screen.textWidth).map(each => screen.paint('faint', each))
  return [
    ...line(['fresh: a connection per request', 'reused: kept alive', 'slow: long requests']),
    ...line(['pods: terminated', 'outage: longest failing run', 'a drop can be as declared']),
  ]
}

/** The settings that decide most, with the words of the notice. Everything else stands in report.md and report.json. */
const decisive: readonly (readonly [key: string, label: string])[] = [
  ['proxyMinSyncMs', 'kube-proxy sync gap'],
  ['proxyExtraLagMs', 'extra lag'],
  ['proxyJitterMs', 'jitter'],
  ['roundTripMs', 'round trip'],
  ['killFloorMs', 'SIGKILL floor'],
]

export function clusterNotice(analyses: readonly Analysis[], screen: Screen): string[] {
  const modelled = analyses.filter(analysis => analysis.cluster.modelled)
  const real = analyses.filter(analysis => !analysis.cluster.modelled)
  const lines: string[] = []
  if (modelled.length > 0) {
    const settings = decisive.flatMap(([key, label]) => settingWords(modelled, key, label))
    lines.push(
      `Modelled: the embedded cluster follows Kubernetes ${versions(modelled)}, with real processes and sockets` +
        `${settings.length === 0 ? '' : `; ${settings.join(', ')}`}.`,
    )
  }
  if (real.length > 0) {
    const kinds = [...new Set(real.map(analysis => analysis.cluster.kind))].join(', ')
    lines.push(`Measured on a real cluster (${kinds}), Kubernetes ${versions(real)}.`)
  }
  return lines.flatMap(line => wrap(screen.clean(line), screen.textWidth))
}

/** What another driver than our own cannot see; the whole list stands in report.md and report.json. */
export function driverNotice(analyses: readonly Analysis[], screen: Screen): string[] {
  const made = new Set(
    analyses.flatMap(({ driver: { foreign } }) =>
      foreign === undefined
        ? []
        : `${foreign.name} ${foreign.version}${foreign.script === null ? '' : `, script ${foreign.script}`}`,
    ),
  )
  if (made.size === 0) return []
  const text =
    `Limits of this driver (${[...made].join('; ')}): it sends a GET on a broken kept-alive connection again in silence, tells ` +
    'nothing of connections, and has no code for a closed one; so failures may be hidden, and causes unknown.'
  return wrap(screen.clean(text), screen.textWidth)
}

const versions = (analyses: readonly Analysis[]): string =>
  [...new Set(analyses.map(analysis => analysis.cluster.kubernetesVersion))].join(', ')

/** `round trip 0 ms`, and where single runs differ from the rest, `round trip 0 ms (10 ms in keep-alive-race)`. */
function settingWords(analyses: readonly Analysis[], key: string, label: string): string[] {
  const scenariosByValue = new Map<string, Set<string>>()
  for (const { scenario, cluster } of analyses) {
    const text = settingText(cluster.settings, key)
    if (text === null) continue
    scenariosByValue.set(text, (scenariosByValue.get(text) ?? new Set()).add(scenario))
  }
  const [common, ...others] = [...scenariosByValue].sort(([, a], [, b]) => b.size - a.size)
  if (common === undefined) return []
  const exceptions = others.map(([value, scenarios]) => `${value} in ${namesOf([...scenarios])}`)
  return [`${label} ${common[0]}${exceptions.length === 0 ? '' : ` (${exceptions.join(', ')})`}`]
}

/** `10 ms`; where it differs by node, `400 ms on worker-1`. */
function settingText(settings: Analysis['cluster']['settings'], key: string): string | null {
  const words = (value: unknown): string =>
    typeof value === 'number' ? `${figure(value)} ms` : String(value)
  if (settings[key] !== undefined) return words(settings[key])
  const byNode = Object.entries(settings).filter(([name]) => name.startsWith(`${key}.`))
  if (byNode.length === 0) return null
  return byNode.map(([name, value]) => `${words(value)} on ${name.slice(key.length + 1)}`).join(' and ')
}

const namesOf = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(', ') : counted(names.length, 'scenario')

/** Rule 7: the unit is the pod termination, not the request. */
export function statisticsLine(analyses: readonly Analysis[], screen: Screen): string[] {
  const clean = analyses.filter(
    ({ verdict, statistics }) => verdict === 'passed' && statistics.terminations > 0,
  )
  const seen = analyses.reduce((sum, { statistics }) => sum + statistics.terminations, 0)
  if (seen === 0)
    return wrap(
      'Statistics: no pod was terminated, so nothing is proved about terminations.',
      screen.textWidth,
    )
  if (clean.length === 0) {
    const failing = analyses.reduce((sum, { statistics }) => sum + statistics.failingTerminations, 0)
    return wrap(
      `Statistics: ${figure(failing)} of ${counted(seen, 'pod termination')} lost a request.`,
      screen.textWidth,
    )
  }
  const bounds = clean.flatMap(({ statistics }) => statistics.failingShareUpperBound ?? [])
  const windows = clean.flatMap(({ statistics }) => statistics.visibleWindowMs ?? [])
  const sentences = [
    `Statistics: a row without drops rests on n = ${range(
      clean.map(each => each.statistics.terminations),
      figure,
    )} pod terminations, not on its requests.`,
    bounds.length === 0
      ? ''
      : `With 95 % confidence at most ${range(bounds, percent)} of such terminations lose a request.`,
    windows.length === 0
      ? ''
      : `A drop window shorter than ${range(windows, duration)} per pod may go unseen.`,
  ]
  return wrap(sentences.filter(each => each !== '').join(' '), screen.textWidth)
}

function range(values: readonly number[], show: (value: number) => string): string {
  const [low, high] = [show(Math.min(...values)), show(Math.max(...values))]
  return low === high ? low : `${low} to ${high}`
}

export function againLines({ measuredAgain }: RunReport, screen: Screen): string[] {
  if (measuredAgain.length === 0) return []
  const names = [...new Set(measuredAgain.map(({ name }) => name))].join(', ')
  const text = `Measured again, since the machine was too busy before: ${names}.`
  return wrap(screen.clean(text), screen.textWidth)
}

export function unfinishedLines(report: RunReport, screen: Screen): string[] {
  const interrupted = report.interrupted === null ? [] : [`Interrupted: ${report.interrupted}`]
  const notRun = report.notRun.map(({ name, why }) => `Not run: ${name}: ${why}`)
  return [...interrupted, ...notRun].flatMap(line =>
    wrapBehind('! ', screen.clean(line), screen.textWidth).map(each => screen.paint('unsure', each)),
  )
}

/** The last word: how many runs were as declared, and which were not. */
export function summaryLine(report: RunReport, screen: Screen): string[] {
  const { analyses } = report
  const having = (standing: Standing): Analysis[] => analyses.filter(each => standingOf(each) === standing)
  const group = (members: readonly Analysis[], label: string): string[] =>
    members.length === 0
      ? []
      : [`${figure(members.length)} ${label} (${members.map(({ name }) => name).join(', ')})`]
  const parts = [
    `${figure(having('as-declared').length)} as declared`,
    ...group(having('differs'), 'not as declared'),
    ...group(having('unmeasured'), 'inconclusive'),
    ...(report.notRun.length === 0 ? [] : [`${figure(report.notRun.length)} not run`]),
  ]
  const style = report.exitCode === 0 ? 'good' : report.exitCode === 1 ? 'bad' : 'unsure'
  const text = `${counted(analyses.length, 'run')} in ${duration(report.durationMs)}: ${parts.join(', ')}.`
  return wrap(screen.clean(text), screen.textWidth).map(line => screen.paint(style, line))
}
