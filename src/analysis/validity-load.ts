/** Whether the driver did what it was told, and told what it did (rules 2, 3, 5 and 8 of the design). */
import { tellsConnections } from './driver-limits.ts'
import type { LoadTotals, PopulationProfile, Sample } from '../model/load.ts'
import type { DriverSummary, Finding } from './analysis.ts'
import { counted, inMs, listed, percent } from './figures.ts'
import { inconclusive, note } from './finding.ts'
import type { LedgerSummary } from './analysis.ts'
import type { Timeline } from './timeline.ts'
import { countSamples } from './totals.ts'

/**
 * One request in a hundred later than this. The shortest drop windows are the 50–100 ms of a single rule update, so a
 * request must leave within a fraction of that; eight drivers at once on two cores stay below 8 ms.
 */
export const latenessLimitMs = 20

/** Drop windows of 0.1–1.3 s were measured; a stall of a quarter second can hide one whole. */
export const stallLimitMs = 250

/** As of those that are late. */
export const skippedShareLimit = 0.01

/** A population must have had the chance of ten requests before its silence means something. */
const expectedBeforeSilent = 10

export function judgeLoad(
  timeline: Timeline,
  driver: DriverSummary,
  ledger: LedgerSummary | null,
): Finding[] {
  return [
    ...judgeTraffic(timeline),
    ...judgePunctuality(timeline, driver),
    ...judgeLimits(timeline, driver),
    ...judgeBooks(timeline),
    ...judgeLedger(ledger, tellsConnections(timeline.recording.manifest)),
    ...judgeLoadEnd(timeline),
  ]
}

function judgeTraffic(timeline: Timeline): Finding[] {
  const { judged, phases, recording } = timeline
  const sent = judged.filter(sample => sample.sentUs !== null)
  if (sent.length === 0) {
    return [
      inconclusive(
        'no-traffic',
        `No request was sent after the warm-up (${counted(timeline.samples.length, 'request')} scheduled in all).`,
        'Check that the load profile has a population with a rate above 0 and that the driver started.',
      ),
    ]
  }
  const { populations } = recording.manifest.scenario.load
  const spans = [phases.judged, ...(phases.replacement === null ? [] : [phases.replacement])]
  const isSilent = ({ population, ratePerSecond }: PopulationProfile): boolean =>
    spans.some(({ fromUs, toUs }, index) => {
      if (ratePerSecond <= 0) return false
      const expected = (ratePerSecond * (toUs - fromUs)) / 1_000_000
      if (index > 0 && expected < expectedBeforeSilent) return false
      return !sent.some(
        each => each.population === population && each.scheduledUs >= fromUs && each.scheduledUs <= toUs,
      )
    })
  const silent = populations.filter(isSilent).map(({ population }) => population)
  if (silent.length === 0) return []
  const message = `Nothing was sent by ${listed(silent)} while the run was judged, or while pods were being replaced.`
  return [
    inconclusive(
      'population-silent',
      message,
      `Give ${listed(silent)} a rate that sends during the disruption, or 0.`,
    ),
  ]
}

function judgePunctuality(timeline: Timeline, driver: DriverSummary): Finding[] {
  const findings: Finding[] = []
  if (driver.latenessMsP99 > latenessLimitMs) {
    findings.push(
      inconclusive(
        'driver-late',
        `One request in a hundred left ${inMs(driver.latenessMsP99 * 1000)} or more after its time ` +
          `(limit ${latenessLimitMs} ms, worst ${inMs(driver.latenessMsMax * 1000)}).`,
        'Run fewer scenarios at a time, lower the rates, or use a machine with more free cores.',
      ),
    )
  }
  if (driver.longestStallMs >= stallLimitMs) {
    findings.push(
      inconclusive(
        'driver-stalled',
        `The driver stood still for ${inMs(driver.longestStallMs * 1000)} ` +
          `(limit ${stallLimitMs} ms, ${counted(driver.stalls, 'stall')} in all): a drop window could pass unseen.`,
        'Run fewer scenarios at a time, or free the machine of other work.',
      ),
    )
  }
  return [...findings, ...judgeSkipped(timeline, driver)]
}

/**
 * What fell due while the driver stood still was not sent, and the stall says so already: it is one hole in the load,
 * judged by its length. What was skipped for another reason, or more than a hundredth, is more than a hole.
 */
function judgeSkipped({ judged, recording: { stalls } }: Timeline, driver: DriverSummary): Finding[] {
  const skipped = judged.filter(({ outcome }) => outcome.kind === 'skipped')
  if (skipped.length === 0) return []
  const share = skipped.length / judged.length
  const inStall = ({ scheduledUs }: Sample): boolean =>
    stalls.some(({ fromUs, toUs }) => scheduledUs >= fromUs && scheduledUs <= toUs)
  const message = `${counted(skipped.length, 'request')} of ${judged.length} (${percent(share)}) due and not sent`
  if (share < skippedShareLimit && skipped.every(inStall)) {
    const stall = `the driver stood still for ${inMs(driver.longestStallMs * 1000)} at most`
    return [note('requests-skipped', `${message}: ${stall}.`, 'Free the machine of other work.')]
  }
  const remedy = 'Raise maxInFlight, lower the rates, or shorten the time-outs.'
  return [inconclusive('requests-skipped', `${message}.`, remedy)]
}

/**
 * A port or a file that was not to be had is a failure of the driver's own. A busy core is one only if requests were late
 * for it: otherwise it is told, and changes nothing. Skipped requests have a finding of their own.
 */
function judgeLimits({ recording: { limits } }: Timeline, driver: DriverSummary): Finding[] {
  if (limits === null) return []
  const { reached, localPorts, localFiles, cpuShare, waitShare } = limits
  const late = driver.latenessMsP99 > latenessLimitMs
  const busy = late ? inconclusive : note
  const findings: Finding[] = []
  if (reached.includes('ports'))
    findings.push(
      inconclusive(
        'limit-ports',
        `${counted(localPorts, 'request')} found no free port on the driver's machine.`,
        'Lower the rate of fresh connections, or widen net.ipv4.ip_local_port_range.',
      ),
    )
  if (reached.includes('files'))
    findings.push(
      inconclusive(
        'limit-files',
        `${counted(localFiles, 'request')} found no free file descriptor in the driver.`,
        'Raise the limit of open files (ulimit -n), or lower the rates.',
      ),
    )
  if (reached.includes('cpu'))
    findings.push(
      busy(
        'limit-cpu',
        `The driver used ${percent(cpuShare)} of a core.`,
        'Lower the rates, or add workers.',
      ),
    )
  if (reached.includes('run-queue'))
    findings.push(
      busy(
        'limit-run-queue',
        `The driver was ready to run and had no core for ${percent(waitShare ?? 0)} of the time.`,
        'Run fewer scenarios at a time, or free the machine of other work.',
      ),
    )
  return findings
}

function judgeBooks({ recording, samples }: Timeline): Finding[] {
  const { totals } = recording.manifest
  if (totals === null) return []
  const ours = countSamples(samples)
  const problems = (Object.keys(ours) as (keyof LoadTotals)[])
    .filter(key => ours[key] !== totals[key])
    .map(key => `${key}: the driver says ${totals[key]}, the recording holds ${ours[key]}`)
  if (totals.scheduled !== totals.sent + totals.skipped) problems.push('scheduled is not sent + skipped')
  if (totals.sent !== totals.succeeded + totals.failed + totals.unresolved) {
    problems.push('sent is not succeeded + failed + unresolved')
  }
  for (const { driver, lostLines } of recording.manifest.load?.drivers ?? []) {
    if (lostLines > 0) problems.push(`${counted(lostLines, 'line')} of driver ${driver} never arrived`)
  }
  const repeated = samples.length - new Set(samples.map(sample => sample.seq)).size
  if (repeated > 0) problems.push(`${counted(repeated, 'sample')} with a number that another has`)
  if (problems.length === 0) return []
  const remedy =
    'The recording lost or gained samples: record the run again, and report it as a fault of the harness.'
  return [inconclusive('books-unbalanced', `The books do not balance: ${problems.join('; ')}.`, remedy)]
}

/** `ours`: the driver is our own, which never sends a request twice. */
function judgeLedger(ledger: LedgerSummary | null, ours: boolean): Finding[] {
  if (ledger === null) return []
  const problems: string[] = []
  if (ledger.succeededNotAnswered > 0) {
    problems.push(
      `${counted(ledger.succeededNotAnswered, 'success', 'successes')} that no pod remembers answering`,
    )
  }
  if (ledger.arrivedNotSent > 0) {
    problems.push(
      `${counted(ledger.arrivedNotSent, 'arrival')} that the driver did not send (or sent only once)`,
    )
  }
  if (problems.length === 0) return []
  const message = `The server's ledger and the client's account differ: ${listed(problems)}.`
  const remedy = ours
    ? 'Look for a retrying proxy between driver and pods, or for pod logs that were not read to their end.'
    : 'k6 itself sends a GET again when a kept-alive connection breaks, and hides the failure: measure with rollproof’s own driver.'
  return [inconclusive('ledger-unbalanced', message, remedy)]
}

/** The load runs on until every old pod is gone, not until the rollout says that it is complete (rule 8). */
function judgeLoadEnd(timeline: Timeline): Finding[] {
  const { recording, judged, pods } = timeline
  const { totals, disruption, startedUs } = recording.manifest
  if (totals === null) {
    const message = 'The driver gave no account of itself: it broke off before its end.'
    return [inconclusive('load-broke-off', message, "Look at the driver's log; record the run again.")]
  }
  const lastUs = judged.reduce((latest, sample) => Math.max(latest, sample.scheduledUs), 0)
  const outlived = (disruption?.targets ?? []).filter(name => (pods.get(name)?.deletedUs ?? 0) > lastUs)
  if (outlived.length === 0 || judged.length === 0) return []
  const message =
    `The load stopped ${inMs(lastUs - startedUs)} after the start, ` +
    `before ${listed(outlived)} ${outlived.length === 1 ? 'was' : 'were'} gone.`
  return [
    inconclusive(
      'load-broke-off',
      message,
      'Keep the load running until every old pod is gone: raise its time limit.',
    ),
  ]
}
