/** Recordings of other disruptions than a rolling update, and what an analysis doubts. */
import { recording, type RecordingBuilder } from '../../testing/recording-builder.ts'
import type { Analysis, Finding } from '../analysis.ts'

export function dependencyOutage(): RecordingBuilder {
  return recording()
    .manifest(manifest => {
      manifest.name = 'database-blip.dependency-outage'
      manifest.disruption = {
        disruption: 'dependency-outage',
        ending: 'completed',
        targets: [],
        gone: [],
        detail: null,
      }
      for (const plan of manifest.scenario.disruptions) plan.disruption = 'dependency-outage'
    })
    .unseen(each => 'pod' in each && each.kind !== 'pod-added' && each.kind !== 'pod-addressed')
}

export function blockedDrain(): RecordingBuilder {
  return recording()
    .manifest(manifest => {
      if (manifest.disruption !== null)
        Object.assign(manifest.disruption, { disruption: 'drain', ending: 'blocked', gone: [] })
      for (const plan of manifest.scenario.disruptions) plan.disruption = 'drain'
    })
    .declares(expectation => void (expectation.ending = 'blocked'))
    .unseen(each => ['pod-terminating', 'pod-deleted', 'container-terminated'].includes(each.kind))
}

export function inconclusiveOnes(analysis: Analysis): Finding[] {
  return analysis.findings.filter(({ severity }) => severity === 'inconclusive')
}

/** A new connection to a pod that no longer listened. */
export const refusedAt = (atMs: number) =>
  ({ atMs, endedMs: atMs + 1, code: 'refused', phase: 'connect', pod: 'web-c' }) as const
