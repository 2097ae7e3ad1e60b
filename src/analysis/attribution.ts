/**
 * Every failed request gets a cause. Where the client cannot know which pod it was led to (a Service's address on a
 * real cluster, and nobody answered), the pods that it can have been are asked one by one, and whatever fits is
 * `temporal`: that a pod was then in that state is known, that the request went there is not.
 */
import { tellsConnections } from './driver-limits.ts'
import type { Cause } from '../model/cause.ts'
import type { Attribution } from './analysis.ts'
import type { Match } from './causes/match.ts'
import { askingOrder, matchers } from './causes/table.ts'
import type { Failure } from './failures.ts'
import { listFailures } from './failures.ts'
import type { PodHistory } from './pod-history.ts'
import { shutdownBeganUs } from './pod-history.ts'
import type { Timeline } from './timeline.ts'
import { lingeringUs, watchUs } from './tolerances.ts'

export function attribute(timeline: Timeline): Attribution[] {
  return listFailures(timeline).map(failure => {
    for (const cause of askingOrder) {
      const found = ask(cause, failure, timeline)
      if (found !== null) return toAttribution(failure, cause, found, timeline)
    }
    throw new TypeError(`no cause answers for request ${failure.sample.seq}`)
  })
}

type Found = Match & { pod: string | null }

function ask(cause: Cause, failure: Failure, timeline: Timeline): Found | null {
  const certain = matchers[cause](failure, timeline)
  if (certain !== null) return { ...certain, pod: failure.podName }
  if (failure.podName !== null || cause === 'harness') return null
  // Where connections are told and there is none, there was no pod to be led to.
  if (failure.sample.connection === null && tellsConnections(timeline.recording.manifest)) return null
  const suspects = timeline.workloadPods.filter(pod => canHaveServed(pod, failure))
  const fitting = suspects.flatMap(pod => {
    const guess = matchers[cause]({ ...failure, pod }, timeline)
    return guess === null ? [] : [{ pod: pod.pod, evidence: guess.evidence }]
  })
  const [first] = fitting
  if (first === undefined) return null
  const only = fitting.length === 1
  const doubt = only
    ? `inferred: which pod it was led to is not recorded; ${first.pod} fits`
    : `inferred: which pod it was led to is not recorded; these fit: ${fitting.map(fit => fit.pod).join(', ')}`
  return { basis: 'temporal', evidence: [...first.evidence, doubt], pod: only ? first.pod : null }
}

/** It existed and could be routed to: ready once, and not deleted for longer than rules have been seen to linger. */
function canHaveServed(pod: PodHistory, failure: Failure): boolean {
  const { connectUs, endedUs, clockErrorUs } = failure
  const knownFromUs = pod.readyUs ?? shutdownBeganUs(pod)
  if (knownFromUs === null || knownFromUs > endedUs + watchUs + clockErrorUs) return false
  return pod.deletedUs === null || connectUs <= pod.deletedUs + lingeringUs
}

type ConnectionFields = Pick<
  Attribution,
  'connectionUse' | 'connectionAgeMs' | 'connectionIdleMs' | 'localPort' | 'endpoint' | 'probe'
>

/** What is known of the connection: enough to find it in the traces of a network or of a proxy. */
function connectionOf({ sample: { connection }, endedUs, probe }: Failure): ConnectionFields {
  const idleUs = connection?.idleUs ?? null
  return {
    connectionUse: connection?.use ?? null,
    connectionAgeMs: connection === null ? null : Math.max(0, endedUs - connection.openedUs) / 1000,
    connectionIdleMs: idleUs === null ? null : idleUs / 1000,
    localPort: connection?.localPort ?? null,
    endpoint: connection === null ? null : `${connection.remoteAddress}:${connection.remotePort}`,
    probe,
  }
}

function toAttribution(failure: Failure, cause: Cause, found: Found, timeline: Timeline): Attribution {
  const { sample } = failure
  const { startedUs } = timeline.recording.manifest
  return {
    seq: sample.seq,
    population: sample.population,
    kind: sample.kind,
    failureClass: failure.failureClass,
    failureName: failure.name,
    phase: failure.phase,
    code: failure.code,
    scheduledUs: sample.scheduledUs - startedUs,
    endedUs: sample.endedUs === null ? null : sample.endedUs - startedUs,
    pod: found.pod,
    connectionId: sample.connection?.id ?? null,
    ...connectionOf(failure),
    cause,
    basis: found.basis,
    evidence: found.evidence,
    processed: failure.processed,
  }
}
