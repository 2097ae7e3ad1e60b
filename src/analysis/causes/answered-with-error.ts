/** An answer came, and it was not the one that was asked for: the app's own doing, not its routing's. */
import type { Matcher } from './match.ts'
import { matched } from './match.ts'

export const match: Matcher = (failure, timeline) => {
  switch (failure.code) {
    case 'status-5xx':
    case 'status-4xx':
    case 'status-other':
    case 'malformed':
    case 'mismatch':
      return matched('direct', failure, timeline)
    default:
      return failure.phase === 'status' || failure.phase === 'check'
        ? matched('direct', failure, timeline)
        : null
  }
}
