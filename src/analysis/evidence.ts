/**
 * The story of one failed request in order of time, each line relative to T0 of the pod it was led to (or to the
 * sending, when no pod was being deleted).
 */
import type { Attribution } from './analysis.ts'
import type { Failure } from './failures.ts'
import { inMs, offset } from './figures.ts'
import type { Fact, PodHistory } from './pod-history.ts'
import { inForceAt, listsPod, routedUs, unroutedUs } from './routing.ts'
import type { Timeline } from './timeline.ts'

/** Longest story: what came first and what came last matter, the middle is repetition. */
const maxLines = 16

export function tellStory(failure: Failure, timeline: Timeline): string[] {
  const { pod } = failure
  const facts = [...requestFacts(failure), ...probeFacts(failure, timeline)]
  if (pod !== null) facts.push(...podFacts(pod, failure, timeline))
  facts.push(...tableFacts(failure, timeline))
  facts.sort((a, b) => a.atUs - b.atUs)
  const t0Us = pod?.terminatingUs ?? null
  const origin = t0Us === null ? 'sent' : 'T0'
  const originUs = t0Us ?? failure.sample.sentUs ?? failure.sample.scheduledUs
  const lines = facts.map(fact => `${origin} ${offset(fact.atUs - originUs)}: ${fact.text}`)
  const half = maxLines / 2
  const shown = lines.length > maxLines ? [...lines.slice(0, half), ...lines.slice(-half)] : lines
  const ledger = describeLedger(failure.processed)
  return [...shown, ...clockDoubt(failure), ...(ledger === null ? [] : [ledger])]
}

/** Where the order of two facts lies within the error of the driver's clock, no order is claimed. */
function clockDoubt({ pod, clockErrorUs, connectUs, endedUs }: Failure): string[] {
  if (clockErrorUs === 0) return []
  const close = (atUs: number): boolean =>
    Math.abs(atUs - connectUs) <= clockErrorUs || Math.abs(atUs - endedUs) <= clockErrorUs
  if (pod?.facts.some(({ atUs }) => close(atUs)) !== true) return []
  return [
    `the driver's clock is known to within ${inMs(clockErrorUs)}: what is closer may have been the other way round`,
  ]
}

function requestFacts(failure: Failure): Fact[] {
  const { sample } = failure
  const { connection } = sample
  const facts: Fact[] = []
  if (connection !== null) {
    const where = `${connection.remoteAddress}:${connection.remotePort}`
    const what =
      failure.opensConnection === true
        ? `request ${sample.seq} began to connect to ${where}`
        : `request ${sample.seq} took connection ${connection.id} to ${where} (use ${connection.use})`
    facts.push({ atUs: sample.sentUs ?? sample.scheduledUs, text: what })
  }
  if (connection === null && failure.connected) {
    const text = `request ${sample.seq} was begun; on which connection is not told`
    facts.push({ atUs: sample.sentUs ?? sample.scheduledUs, text })
  }
  if (sample.writtenUs !== null) facts.push({ atUs: sample.writtenUs, text: 'request written' })
  if (sample.firstByteUs !== null) facts.push({ atUs: sample.firstByteUs, text: 'first byte of the answer' })
  const status = sample.outcome.kind === 'failed' ? sample.outcome.status : null
  const answer = status === null ? '' : `, status ${status}`
  if (failure.connectUs > failure.beganUs)
    facts.push({ atUs: failure.connectUs, text: 'its SYN was sent again, for the last time' })
  facts.push({
    atUs: failure.endedUs,
    text:
      failure.code === 'unresolved'
        ? 'still open when the run ended'
        : `${failure.code} (${failure.phase}${answer})`,
  })
  return facts
}

/** What a fresh connection met at once. */
function probeFacts({ sample, probe: finding }: Failure, { probes }: Timeline): Fact[] {
  const probe = probes.get(sample.seq)
  if (probe === undefined || finding === null) return []
  const { outcome, servedBy } = probe
  const where = servedBy === null ? '' : ` by ${servedBy}`
  const how = outcome.kind === 'failed' ? ` (${outcome.code}, ${outcome.phase})` : ''
  const text =
    finding === 'connection-died'
      ? `a fresh connection was answered${where}: the connection died, the service was there`
      : `a fresh connection failed too${how}: the service was down`
  return [{ atUs: probe.endedUs, text }]
}

/** From the shutdown on when there is one, else from the start; nothing later than what explains the failure. */
function podFacts(pod: PodHistory, failure: Failure, timeline: Timeline): Fact[] {
  const { routing } = timeline
  const fromUs = pod.terminatingUs === null ? 0 : Math.min(pod.terminatingUs, failure.connectUs)
  const routes = [
    ...routed(routedUs(routing, pod.pod), 'listed', pod.pod, timeline),
    ...routed(unroutedUs(routing, pod.pod), 'no longer listed', pod.pod, timeline),
  ]
  const stillListed =
    listsPod(inForceAt(routing.tables, failure.connectUs), pod.pod) && failure.opensConnection === true
  const atConnect: Fact[] = stillListed
    ? [{ atUs: failure.connectUs, text: `forwarding table of ${vantageOf(timeline)} listed ${pod.pod}` }]
    : []
  const untilUs = Math.max(
    failure.endedUs,
    pod.listeningUs ?? 0,
    pod.exitedUs ?? 0,
    unroutedUs(routing, pod.pod) ?? 0,
  )
  return [...pod.facts, ...routes, ...atConnect].filter(fact => fact.atUs >= fromUs && fact.atUs <= untilUs)
}

function routed(atUs: number | null, how: string, pod: string, timeline: Timeline): Fact[] {
  return atUs === null
    ? []
    : [{ atUs, text: `${pod} ${how} in the forwarding table of ${vantageOf(timeline)}` }]
}

function tableFacts(failure: Failure, timeline: Timeline): Fact[] {
  const table = inForceAt(timeline.routing.tables, failure.beganUs)
  const wasLed = failure.podName !== null && failure.connectUs <= failure.beganUs
  if (table === null || wasLed) return []
  const count = table.endpoints.length
  const text = `forwarding table of ${table.node} has ${count === 0 ? 'no endpoint' : `${count} endpoints`} from here`
  return [{ atUs: table.atUs, text }]
}

function vantageOf(timeline: Timeline): string {
  return timeline.recording.manifest.cluster.vantage
}

function describeLedger(processed: Attribution['processed']): string | null {
  switch (processed) {
    case null:
      return null
    case 'not-seen':
      return 'ledger: no pod saw this request'
    case 'arrived':
      return 'ledger: a pod read this request, and did not answer it'
    case 'answered':
      return 'ledger: a pod answered this request, and the answer was lost'
  }
}
