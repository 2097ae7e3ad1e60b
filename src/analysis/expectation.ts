/**
 * What happened against what the scenario declares. A population that was meant to lose requests and lost none is a
 * negative control that failed: the harness did not show that it can see.
 */
import { tellsConnections } from './driver-limits.ts'
import type { Cause } from '../model/cause.ts'
import type { DisruptionName, Expectation } from '../model/scenario.ts'
import type { DisruptionRecord, Recording } from '../model/recording.ts'
import type { Attribution, Finding, PopulationSummary } from './analysis.ts'
import { counted, listed, someOf } from './figures.ts'
import { inconclusive, notAsDeclared, note } from './finding.ts'
import { toldSinceDisruptionUs } from './phases.ts'
import { whyStuck } from './stuck-pod.ts'
import type { Timeline } from './timeline.ts'

/** These are never what a configuration does, so nobody can declare them. */
const neverDeclared: readonly Cause[] = ['harness', 'unexplained']

/** Known only by the connection that a request used. */
const needConnections: readonly Cause[] = ['idle-connection-reused', 'unexplained']

const nothingFails = { failures: 'none' as const, causes: [], allowed: [] }

/** What the scenario declares for the disruption of this recording; the strictest, when it declares nothing. */
export function declaredFor({ manifest }: Recording): {
  disruption: DisruptionName
  expectation: Expectation
} {
  const { disruptions } = manifest.scenario
  const plan =
    disruptions.find(each => each.disruption === manifest.disruption?.disruption) ??
    disruptions.find(each => manifest.name.endsWith(`.${each.disruption}`)) ??
    disruptions[0]
  const strictest = { fresh: nothingFails, reused: nothingFails, slow: nothingFails }
  return {
    disruption: manifest.disruption?.disruption ?? plan?.disruption ?? 'rolling-update',
    expectation: plan?.expectation ?? { ending: 'completed', populations: strictest },
  }
}

export function compareWithDeclared(
  timeline: Timeline,
  expectation: Expectation,
  populations: readonly PopulationSummary[],
  attributions: readonly Attribution[],
): Finding[] {
  const { manifest } = timeline.recording
  const record = manifest.disruption
  const untold: readonly Cause[] = tellsConnections(manifest) ? [] : needConnections
  return [
    ...populations.flatMap(summary => comparePopulation(summary, untold)),
    ...(untold.length === 0 ? [] : doubtDriver(populations, expectation)),
    ...(record === null ? [] : compareEnding(timeline, expectation, record)),
    ...showOddCauses(attributions),
  ]
}

/** `untold`: causes that this driver cannot show; neither their absence nor what stands in their place says anything. */
function comparePopulation(
  { population, expectation, byCause, sent }: PopulationSummary,
  untold: readonly Cause[],
): Finding[] {
  const occurred = Object.keys(byCause) as Cause[]
  const failures = occurred.reduce((sum, cause) => sum + (byCause[cause] ?? 0), 0)
  if (expectation.failures === 'none') {
    if (failures === 0) return []
    const message = `${failures} of ${counted(sent, 'request')} of ${population} failed; none should.`
    return [notAsDeclared('unexpected-failures', message, 'See the causes below: each says what to change.')]
  }
  const declared: readonly Cause[] =
    expectation.failures === 'some' ? [...expectation.causes, ...expectation.allowed] : expectation.allowed
  const findings: Finding[] = []
  const undeclared = occurred.filter(
    cause => (!declared.includes(cause) || neverDeclared.includes(cause)) && !untold.includes(cause),
  )
  if (undeclared.length > 0) {
    const counts = undeclared.map(cause => `${cause} (${byCause[cause] ?? 0})`)
    const message = `Requests of ${population} failed for a cause that the scenario does not declare: ${listed(counts)}.`
    findings.push(
      notAsDeclared(
        'undeclared-cause',
        message,
        'Change the configuration, or declare the cause if it is right.',
      ),
    )
  }
  if (expectation.failures === 'allowed') return findings
  const missing = expectation.causes.filter(cause => byCause[cause] === undefined && !untold.includes(cause))
  if (failures === 0) {
    const which =
      expectation.causes.length === 0 ? 'some requests' : `requests by ${listed(expectation.causes)}`
    const message = `${population} should lose ${which} and lost none of ${sent}: nothing shows that losses are seen.`
    const remedy =
      'Raise the rate of this population, check that the variant is the intended one, or correct the scenario.'
    findings.push(inconclusive('negative-control', message, remedy))
  } else if (missing.length > 0) {
    const message = `${population} should lose requests by ${listed(missing)}, and did not.`
    findings.push(
      notAsDeclared(
        'missing-cause',
        message,
        'Check that the variant is the intended one, or correct the scenario.',
      ),
    )
  }
  return findings
}

/** A driver that does not tell connections leaves failures of kept ones unexplained, and shows no idle close. */
function doubtDriver(populations: readonly PopulationSummary[], expectation: Expectation): Finding[] {
  return populations.flatMap(({ population, byCause }) => {
    const unexplained = byCause.unexplained ?? 0
    const causes = expectation.populations[population]?.causes ?? []
    const hidden = causes.filter(cause => needConnections.includes(cause))
    if (unexplained === 0 && hidden.length === 0) return []
    const parts = [
      ...(unexplained > 0 ? [`${counted(unexplained, 'failure')} of ${population} without a cause`] : []),
      ...(hidden.length > 0 ? [`whether ${population} lost requests by ${listed(hidden)}`] : []),
    ]
    const message = `This driver does not tell which connection a request used, so nobody can say more of this: ${listed(parts)}.`
    return [inconclusive('driver-cannot-tell', message, 'Measure this scenario with rollproof’s own driver.')]
  })
}

function compareEnding(timeline: Timeline, expectation: Expectation, record: DisruptionRecord): Finding[] {
  if (record.ending === 'timed-out' || record.ending === 'failed') return []
  const because = record.detail === null ? '' : `: ${record.detail}`
  if (record.ending !== expectation.ending) {
    const message = `The disruption ended ${record.ending}${because}; declared is ${expectation.ending}.${whyStuck(timeline)}`
    const remedy = 'Check the PodDisruptionBudget and the number of replicas, or correct the declared ending.'
    return [notAsDeclared('ending-differs', message, remedy)]
  }
  if (record.ending !== 'blocked') return []
  const fromUs = toldSinceDisruptionUs(timeline.phases)
  const deleted = timeline.workloadPods
    .filter(pod => (pod.terminatingUs ?? pod.deletedUs ?? -1) >= fromUs)
    .map(each => each.pod)
  if (deleted.length === 0) return []
  const message = `The drain was blocked, yet ${someOf(deleted)} ${deleted.length === 1 ? 'was' : 'were'} deleted.`
  return [
    notAsDeclared(
      'ending-differs',
      message,
      'Check that the PodDisruptionBudget selects every pod of the workload.',
    ),
  ]
}

function showOddCauses(attributions: readonly Attribution[]): Finding[] {
  const count = (cause: Cause): number => attributions.filter(each => each.cause === cause).length
  const [harness, unexplained] = [count('harness'), count('unexplained')]
  const findings: Finding[] = []
  if (harness > 0) {
    const message = `${counted(harness, 'request')} failed through the harness's own fault, not the configuration's.`
    findings.push(
      note('harness-failures', message, 'Free the machine of other work, and record the run again.'),
    )
  }
  if (unexplained > 0) {
    const message = `${counted(unexplained, 'failed request')} could not be explained by what was recorded.`
    findings.push(note('unexplained-failures', message, 'Look at their evidence; a witness may be missing.'))
  }
  return findings
}
