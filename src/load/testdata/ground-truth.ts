/** What a scripted server did, held against what the driver made of it: request by request, and nothing besides. */
import { expect } from 'vitest'
import { failureClass } from '../../model/failure-class.ts'
import type { FailureClass, FailureCode, FailurePhase, Outcome, Sample } from '../../model/load.ts'
import { idOf } from './channel-lab.ts'

/** `status`: the answer was a success, and this is its status. */
export type Verdict =
  'ok' | { status: number } | [phase: FailurePhase, code: FailureCode, group: FailureClass]

export interface Played {
  samples: Sample[]
  /** By request id; a request that is not in it was answered well. */
  injected: Map<string, string>
  /** The ids of the requests that the server received, each as often as it did. */
  received: string[]
}

export function expectAsInjected(
  { samples, injected, received }: Played,
  verdictOf: (fault: string) => Verdict,
): void {
  expect([...received].sort()).toEqual(samples.map(idOf).sort())
  const expected = samples.map(sample => {
    const fault = injected.get(idOf(sample))
    return { id: idOf(sample), fault, verdict: fault === undefined ? 'ok' : verdictOf(fault) }
  })
  const seen = samples.map(({ outcome }, index) => ({
    ...expected[index],
    verdict: summary(outcome, typeof expected[index]?.verdict === 'string'),
  }))
  expect(seen).toEqual(expected)
}

function summary(outcome: Outcome, brief: boolean): unknown {
  if (outcome.kind === 'succeeded') return brief ? 'ok' : { status: outcome.status }
  return outcome.kind === 'failed' ? [outcome.phase, outcome.code, failureClass(outcome)] : outcome.kind
}
