/**
 * Each cause in two clauses with figures: what happened, and what to change. The figures come from the run itself, so
 * that the advice names this configuration's numbers and not a rule of thumb.
 */
import type { Cause } from '../model/cause.ts'
import { causes } from '../model/cause.ts'
import type { PerPopulation } from '../model/load.ts'
import type { Attribution, CauseSummary, Finding, Termination } from './analysis.ts'
import { adviceFor } from './advice.ts'
import { counted, inMs, listed } from './figures.ts'
import type { Timeline } from './timeline.ts'
import { countByClass } from './totals.ts'
import { mostWithoutReadyPod } from './without-ready-pod.ts'

/** Most frequent first; equal ones in the order of the model. */
export function summarizeCauses(
  timeline: Timeline,
  attributions: readonly Attribution[],
  terminations: readonly Termination[],
): CauseSummary[] {
  return causes
    .map(cause => ({ cause, failures: attributions.filter(each => each.cause === cause) }))
    .filter(({ failures }) => failures.length > 0)
    .sort(
      (a, b) => b.failures.length - a.failures.length || causes.indexOf(a.cause) - causes.indexOf(b.cause),
    )
    .map(({ cause, failures }) => {
      const ended = terminations.filter(({ pod }) => failures.some(failure => failure.pod === pod))
      return {
        cause,
        count: failures.length,
        byPopulation: byPopulation(failures),
        byClass: countByClass(failures),
        happened: `${happened(cause, failures, ended, timeline)}.`,
        change: `${adviceFor(cause, failures, ended, timeline)}.`,
      }
    })
}

/** The sentence under a row: the main cause and what to change, or the first reason why nothing can be said. */
export function rowSentence(
  causeSummaries: readonly CauseSummary[],
  findings: readonly Finding[],
): string | null {
  const [main, ...others] = causeSummaries
  if (main !== undefined) {
    const more = others.map(({ cause, count }) => `${count} by ${cause}`)
    const beside = more.length === 0 ? '' : ` (besides ${listed(more)})`
    return `${withoutStop(main.happened)}${beside}; ${uncapitalized(main.change)}`
  }
  const finding =
    findings.find(({ severity }) => severity === 'inconclusive') ??
    findings.find(({ severity }) => severity === 'not-as-declared')
  return finding === undefined ? null : `${withoutStop(finding.message)}; ${uncapitalized(finding.remedy)}`
}

function happened(
  cause: Cause,
  failures: readonly Attribution[],
  ended: readonly Termination[],
  timeline: Timeline,
): string {
  const count = failures.length
  const pods = podsOf(failures)
  switch (cause) {
    case 'endpoint-lingered':
      return `${counted(count, 'new connection')} (${byCode(failures)}) ${be(count)} led to ${pods} that no longer listened${lag(ended)}${mostWithoutReadyPod(failures, timeline) ? ', since no other pod was ready' : ''}`
    case 'pinned-source-port':
      return `${counted(count, 'new connection')} (${byCode(failures)}) ${be(count)} sent from a source port that conntrack still pinned to a dead pod`
    case 'ready-too-early':
      return `${counted(count, 'new connection')} (${byCode(failures)}) ${be(count)} led to ${pods} before the server listened${early(failures, timeline)}`
    case 'killed-in-flight':
      return `${counted(count, 'request')} (${byCode(failures)}) ${be(count)} cut off when ${pods} ${exitWords(ended)}`
    case 'killed-at-end-of-grace':
      return `${counted(count, 'request')} (${byCode(failures)}) ${be(count)} cut off when SIGKILL ended ${pods}`
    case 'idle-connection-reused':
      return `${counted(count, 'request')} met a kept-alive connection that ${pods}, shutting down, had just closed as idle`
    case 'no-ready-endpoint':
      return `${counted(count, 'connection')} ${be(count)} ${refusalWords(failures)} because the Service had no usable endpoint${outageWords(timeline)}`
    case 'answered-with-error':
      return `${counted(count, 'request')} ${be(count)} answered wrongly (${byCode(failures)})`
    case 'harness':
      return `${counted(count, 'request')} failed through the driver's own fault (${byCode(failures)})`
    case 'unexplained':
      return `${counted(count, 'failed request')} (${byCode(failures)}) ${count === 1 ? 'fits' : 'fit'} no known cause`
  }
}

/** A real node answers some with a refusal, and leaves the rest without one. */
function refusalWords(failures: readonly Attribution[]): string {
  return failures.every(({ code }) => code === 'refused') ? 'refused' : 'refused or left without an answer'
}

function byPopulation(failures: readonly Attribution[]): PerPopulation<number> {
  const counts: PerPopulation<number> = { fresh: 0, reused: 0, slow: 0 }
  for (const { population } of failures) counts[population] = (counts[population] ?? 0) + 1
  return counts
}

function byCode(failures: readonly Attribution[]): string {
  const counts = Object.entries(countByClass(failures)).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  return listed(counts.map(([failureClass, count]) => `${count} ${failureClass}`))
}

function podsOf(failures: readonly Attribution[]): string {
  const names = new Set(failures.flatMap(({ pod }) => (pod === null ? [] : [pod])))
  return names.size === 0 ? 'pods' : counted(names.size, 'pod')
}

/** How long the rules took beyond the listener: the gap through which these connections fell. */
function lag(ended: readonly Termination[]): string {
  const rules = ended.flatMap(each => spanUs(each.terminatingUs, each.unroutedUs))
  const closed = ended.flatMap(each => spanUs(each.terminatingUs, each.listenerClosedUs ?? each.exitedUs))
  if (rules.length === 0 || closed.length === 0) return ''
  return `: listening ended from ${inMs(Math.min(...closed))} after deletion began, and the rules followed up to ${inMs(Math.max(...rules))} after it`
}

function early(failures: readonly Attribution[], timeline: Timeline): string {
  const { startedUs } = timeline.recording.manifest
  const ahead = failures.flatMap(({ pod, scheduledUs }) => {
    const listeningUs = pod === null ? null : (timeline.pods.get(pod)?.listeningUs ?? null)
    return listeningUs === null ? [] : [listeningUs - startedUs - scheduledUs]
  })
  return ahead.length === 0 ? '' : `, up to ${inMs(Math.max(...ahead))} too early`
}

function exitWords(ended: readonly Termination[]): string {
  const spans = ended.flatMap(each => spanUs(each.sigtermUs, each.exitedUs))
  const verb = ended.length === 1 ? 'ended its connections' : 'ended their connections'
  return spans.length === 0 ? verb : `${verb}, exiting ${inMs(Math.min(...spans))} after SIGTERM`
}

function outageWords({ routing, phases }: Timeline): string {
  let longestUs = 0
  routing.tables.forEach((table, index) => {
    if (table.endpoints.length > 0 || table.atUs < phases.judged.fromUs) return
    const untilUs = routing.tables[index + 1]?.atUs ?? phases.judged.toUs
    longestUs = Math.max(longestUs, untilUs - table.atUs)
  })
  return longestUs === 0 ? '' : ` (for up to ${inMs(longestUs)})`
}

function spanUs(fromUs: number | null, toUs: number | null): number[] {
  return fromUs === null || toUs === null ? [] : [toUs - fromUs]
}

function be(count: number): string {
  return count === 1 ? 'was' : 'were'
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '')
}

function uncapitalized(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}
