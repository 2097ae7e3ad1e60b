/** One failed request told step by step, so that a reader can follow a cause instead of believing it. */
import type { Analysis, Attribution } from '../analysis/analysis.ts'
import type { RequestKind } from '../model/load.ts'
import { blocks, code, prose } from './markdown-text.ts'
import { figure, words } from './words.ts'

export function storyboard(attribution: Attribution, analysis: Analysis): string[] {
  return blocks(
    [`Request ${attribution.seq}, for example: ${introduction(attribution, analysis)}`],
    attribution.evidence.map((fact, index) => `${index + 1}. ${prose(fact)}`),
    [`${closing(attribution)} ${bases[attribution.basis]}`],
  )
}

const kindWords: Record<RequestKind, string> = {
  get: 'GET',
  post: 'POST',
  stream: 'streamed GET',
  slow: 'slow GET',
}

function introduction(attribution: Attribution, analysis: Analysis): string {
  const { population, kind, scheduledUs, pod, connectionId, connectionUse } = attribution
  const due = `a ${kindWords[kind]} of *${population}*, due ${instantWords(scheduledUs, pod, analysis)}`
  const where = pod === null ? ', for which no pod could be chosen' : `, led to ${code(pod)}`
  const connection =
    connectionId === null
      ? ''
      : ` by connection ${connectionId}${connectionUse === null ? '' : `, its request number ${connectionUse}`}`
  return `${due}${where}${connection}.`
}

/** Relative to the end of the pod it was led to, where there is one. */
function instantWords(instantUs: number, pod: string | null, analysis: Analysis): string {
  const t0 = analysis.terminations.find(each => each.pod === pod)?.terminatingUs ?? null
  const seconds = `${(instantUs / 1_000_000).toFixed(3)} s into the run`
  if (t0 === null) return seconds
  const ms = Math.round((instantUs - t0) / 1000)
  return `${figure(Math.abs(ms))} ms ${ms < 0 ? 'before' : 'after'} the pod’s T0 (${seconds})`
}

const processedWords: Record<NonNullable<Attribution['processed']>, string> = {
  'not-seen': 'No server saw it: it is safe to repeat.',
  arrived: 'A server had received it and did not answer: whether its work was done is unknown.',
  answered: 'A server had answered it: the work was done and the answer lost.',
}

function closing({
  failureClass,
  failureName,
  phase,
  code: failureCode,
  scheduledUs,
  endedUs,
  processed,
}: Attribution): string {
  const lasted =
    endedUs === null ? 'and never ended' : `${figure((endedUs - scheduledUs) / 1000)} ms after it was due`
  const ledger = processed === null ? '' : ` ${processedWords[processed]}`
  return `The client saw *${words(failureClass)}* (${code(failureName)}: ${code(failureCode)} in phase ${code(phase)}) ${lasted}.${ledger}`
}

const bases: Record<Attribution['basis'], string> = {
  direct: 'The recorded steps prove the cause.',
  temporal: 'The cause follows from the order of the steps, which lies within the uncertainty of the clocks.',
}
