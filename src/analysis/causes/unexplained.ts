/** Everything that no cause claims. It is a cause of its own, so that it is counted and shown, never dropped. */
import type { Matcher } from './match.ts'
import { matched } from './match.ts'

export const match: Matcher = (failure, timeline) => matched('temporal', failure, timeline)
