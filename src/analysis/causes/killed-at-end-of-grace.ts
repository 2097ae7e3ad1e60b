/** SIGKILL, at the end of terminationGracePeriodSeconds, ended the process while the request was being answered. */
import { endAtFailure, wasEstablished, wasKilled } from './killed.ts'
import type { Matcher } from './match.ts'
import { matched } from './match.ts'

export const match: Matcher = (failure, timeline) => {
  const { pod } = failure
  if (pod === null || !wasEstablished(failure)) return null
  const end = endAtFailure(failure, pod, timeline)
  if (end === null || !wasKilled(failure, pod, end)) return null
  return matched(end.seen ? 'direct' : 'temporal', failure, timeline)
}
