/** The causes in the order in which they are asked: the most specific first, the one that always answers last. */
import type { Cause } from '../../model/cause.ts'
import { match as answeredWithError } from './answered-with-error.ts'
import { match as endpointLingered } from './endpoint-lingered.ts'
import { match as harness } from './harness.ts'
import { match as idleConnectionReused } from './idle-connection-reused.ts'
import { match as killedAtEndOfGrace } from './killed-at-end-of-grace.ts'
import { match as killedInFlight } from './killed-in-flight.ts'
import type { Matcher } from './match.ts'
import { match as noReadyEndpoint } from './no-ready-endpoint.ts'
import { match as pinnedSourcePort } from './pinned-source-port.ts'
import { match as readyTooEarly } from './ready-too-early.ts'
import { match as unexplained } from './unexplained.ts'

/** Exhaustive at compile time; insertion order is the order of asking. */
export const matchers: Record<Cause, Matcher> = {
  harness,
  'answered-with-error': answeredWithError,
  'no-ready-endpoint': noReadyEndpoint,
  'ready-too-early': readyTooEarly,
  'pinned-source-port': pinnedSourcePort,
  'endpoint-lingered': endpointLingered,
  'killed-at-end-of-grace': killedAtEndOfGrace,
  'killed-in-flight': killedInFlight,
  'idle-connection-reused': idleConnectionReused,
  unexplained,
}

export const askingOrder = Object.keys(matchers) as Cause[]
