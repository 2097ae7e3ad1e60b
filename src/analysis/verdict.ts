/** Verdicts, and how several are merged. The verdict says what happened to requests; `asDeclared` compares it. */
import type { Analysis, Attribution, Finding, FindingCode, Verdict } from './analysis.ts'

const worstLast: readonly Verdict[] = ['passed', 'inconclusive', 'failed']

/** The worst: passed < inconclusive < failed. An empty list has shown nothing. */
export function mergeVerdicts(verdicts: readonly Verdict[]): Verdict {
  const [first, ...rest] = verdicts
  if (first === undefined) return 'inconclusive'
  return rest.reduce(
    (worst, each) => (worstLast.indexOf(each) > worstLast.indexOf(worst) ? each : worst),
    first,
  )
}

/**
 * With one of these, the harness or its machine may have made the failures itself: they are shown, and prove nothing. The
 * other findings leave a failure what it is: a rollout that never ended did lose the requests that it lost.
 */
const discrediting: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'driver-late',
  'driver-stalled',
  'requests-skipped',
  'limit-ports',
  'limit-files',
  'target-overloaded',
  'baseline-dirty',
  'books-unbalanced',
  'clocks-unrelated',
  'ledger-unbalanced',
])

/** What a machine with too little room for several loads brings about. */
const crowding: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'driver-late',
  'driver-stalled',
  'requests-skipped',
  'target-overloaded',
])

/** Why the machine was too busy for this measurement; null when it was not. A measurement alone may then do better. */
export function tooBusy({ findings }: Pick<Analysis, 'findings'>): string | null {
  if (findings.some(({ code }) => code === 'run-interrupted')) return null
  const why = findings.find(({ code, severity }) => crowding.has(code) && severity === 'inconclusive')
  return why?.message ?? null
}

export function reachVerdict(
  attributions: readonly Attribution[],
  findings: readonly Finding[],
): { verdict: Verdict; asDeclared: boolean } {
  const doubts = findings.filter(({ severity }) => severity === 'inconclusive')
  const doubtful = doubts.length > 0
  const discredited = doubts.some(({ code }) => discrediting.has(code))
  const differs = findings.some(finding => finding.severity === 'not-as-declared')
  const odd = attributions.some(({ cause }) => cause === 'harness' || cause === 'unexplained')
  return {
    verdict: mergeVerdicts([
      attributions.length > 0 && !discredited ? 'failed' : 'passed',
      doubtful ? 'inconclusive' : 'passed',
    ]),
    asDeclared: !doubtful && !differs && !odd,
  }
}
