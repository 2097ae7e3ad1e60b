/**
 * The words of every report, so that the table, the Markdown and the progress say the same thing the same way. Figures
 * are formatted by hand: a report must not depend on the locale of the machine that renders it.
 */
import type { Analysis, PopulationSummary, Verdict } from '../analysis/analysis.ts'
import type { FailureClass } from '../model/load.ts'
import { failureClasses } from '../model/load.ts'
import type { DisruptionRecord } from '../model/recording.ts'
import type { PopulationExpectation } from '../model/scenario.ts'
import type { Standing } from './standing.ts'

export const verdictWords: Record<Verdict, string> = {
  passed: 'no drops',
  failed: 'dropped',
  inconclusive: 'inconclusive',
}

/** A run that could not be measured was not compared with its declaration. */
export const declarationWords: Record<Standing, string> = {
  'as-declared': 'as declared',
  differs: 'not as declared',
  unmeasured: 'not judged',
}

/** A closed set's member as words: `idle-connection-reused` reads `idle connection reused`. */
export function words(member: string): string {
  return member.replaceAll('-', ' ')
}

/** What was done, and how it ended unless it simply completed. */
export function disruptionWords(analysis: Analysis): string {
  const ending: DisruptionRecord['ending'] = analysis.record?.ending ?? 'completed'
  return words(analysis.disruption) + (ending === 'completed' ? '' : ` (${words(ending)})`)
}

export function expectationWords(expectation: PopulationExpectation): string {
  const list = (causes: readonly string[]): string => causes.map(words).join(', ')
  switch (expectation.failures) {
    case 'none':
      return 'no failures'
    case 'allowed':
      return `chance decides; only: ${list(expectation.allowed)}`
    case 'some': {
      const also = expectation.allowed.length === 0 ? '' : `; also allowed: ${list(expectation.allowed)}`
      return `failures by: ${list(expectation.causes)}${also}`
    }
  }
}

/** Failed or left open: either way the client got no answer. */
export function lostOf(summary: PopulationSummary): number {
  return summary.failed + summary.unresolved
}

/** After failures of kept connections: whether those died, or the service was down. Null without a probe. */
export function probeWords({ byProbe = {} }: PopulationSummary): string | null {
  const died = byProbe['connection-died'] ?? 0
  const down = byProbe['service-down'] ?? 0
  const parts = [
    ...(died > 0 ? [`the connection died (${counted(died, 'time')} a fresh one was answered at once)`] : []),
    ...(down > 0 ? [`the service was down (${counted(down, 'time')} a fresh one failed too)`] : []),
  ]
  return parts.length === 0 ? null : parts.join('; ')
}

/** Classes that occurred, in the fixed order of the tables. */
export function classCounts(byClass: Partial<Record<FailureClass, number>>): [FailureClass, number][] {
  return failureClasses.flatMap((name): [FailureClass, number][] => {
    const count = byClass[name] ?? 0
    return count === 0 ? [] : [[name, count]]
  })
}

/** `12,034`; fractions keep at most one digit. */
export function figure(value: number): string {
  const rounded = Math.round(value * 10) / 10
  const [whole = '0', fraction] = String(rounded).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** `340 ms`, `4.2 s`, `2.5 min`: as precise as one can use. */
export function duration(ms: number): string {
  if (Math.round(ms) < 1000) return `${figure(ms < 10 ? ms : Math.round(ms))} ms`
  return ms < 120_000 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`
}

/** A share of 0 to 1 as `63 %`. */
export function percent(share: number): string {
  return `${figure(share < 0.1 ? share * 100 : Math.round(share * 100))} %`
}

/** `1 pod`, `3 pods`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${figure(count)} ${count === 1 ? one : many}`
}
