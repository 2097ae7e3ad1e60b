/**
 * One population at run time: its schedule, and its set of connections where it keeps one. With a share of a schedule
 * it takes each n-th request, so that all shares together are the whole schedule, instant for instant.
 */
import type { LoadShare, Population, PopulationProfile, RequestKind } from '../model/load.ts'
import { ConnectionSlots } from './connection-slots.ts'
import { scheduledAtUs, type Pace } from './pacer.ts'
import { kindOf } from './spread.ts'

export const wholeShare = { index: 0, of: 1 } as const

/** How many of `count` things fall to a share, when thing i goes to share i mod n. */
export function partOf(count: number, { index, of }: Pick<LoadShare, 'index' | 'of'>): number {
  return Math.max(0, Math.ceil((count - index) / of))
}

export class PopulationSchedule {
  /** When the next request is due. */
  dueUs: number
  readonly population: Population
  readonly answerMs: number
  /** Null where each request has a connection of its own. */
  readonly slots: ConnectionSlots | null
  #index: number
  readonly #stride: number
  readonly #profile: PopulationProfile
  readonly #pace: Pace

  constructor(profile: PopulationProfile, pace: Pace, share: Pick<LoadShare, 'index' | 'of'> = wholeShare) {
    this.#profile = profile
    this.#pace = pace
    this.population = profile.population
    this.answerMs = profile.answerMs
    this.slots =
      profile.population === 'fresh'
        ? null
        : new ConnectionSlots(Math.max(1, partOf(profile.connections, share)))
    this.#index = share.index
    this.#stride = share.of
    this.dueUs = scheduledAtUs(pace, this.#index)
  }

  /** Takes the next request off the schedule. */
  take(): { scheduledUs: number; kind: RequestKind } {
    const kind = this.population === 'slow' ? 'slow' : kindOf(this.#profile, this.#index)
    const scheduledUs = this.dueUs
    this.#index += this.#stride
    this.dueUs = scheduledAtUs(this.#pace, this.#index)
    return { scheduledUs, kind }
  }
}
