/** The lines that the sample app writes for us into its pod's log; anything else in a log is not ours. */
import { appSteps, type AppStep } from '../model/transition.ts'

export type PodLogLine =
  | { what: 'arrived' | 'answered'; request: string; atUs: number }
  | { what: 'step'; step: AppStep; atUs: number }

/** `rollproof <arrived|answered|step> <request id|step> <µs since the epoch>`; null for every other line. */
export function parsePodLogLine(line: string): PodLogLine | null {
  const [marker, what, subject, at] = line.split(' ')
  if (marker !== 'rollproof' || subject === undefined || at === undefined) return null
  const atUs = Number(at)
  if (!Number.isSafeInteger(atUs)) return null
  if (what === 'arrived' || what === 'answered') return { what, request: subject, atUs }
  const step = appSteps.find(known => known === subject)
  return what === 'step' && step !== undefined ? { what, step, atUs } : null
}
