/** One population at run time: its schedule, and its set of connections where it keeps one. */
import type { Population, PopulationProfile, RequestKind } from '../model/load.ts'
import type { ChannelSetting, OpenChannel } from './channel.ts'
import { channelFor } from './channels.ts'
import { ConnectionSlots } from './connection-slots.ts'
import { scheduledAtUs, type Pace } from './pacer.ts'
import { kindOf } from './spread.ts'

export class PopulationSchedule {
  /** When the next request is due. */
  dueUs: number
  readonly population: Population
  readonly answerMs: number
  readonly uploadMs: number
  readonly openChannel: OpenChannel
  /** Null where each request has a connection of its own. */
  readonly slots: ConnectionSlots | null
  #index = 0
  readonly #profile: PopulationProfile
  readonly #pace: Pace

  constructor(profile: PopulationProfile, pace: Pace, setting: ChannelSetting) {
    this.#profile = profile
    this.#pace = pace
    this.population = profile.population
    this.answerMs = profile.answerMs
    this.uploadMs = profile.uploadMs ?? 0
    this.openChannel = channelFor(profile, setting)
    this.slots = profile.population === 'fresh' ? null : new ConnectionSlots(profile.connections)
    this.dueUs = scheduledAtUs(pace, 0)
  }

  /** Takes the next request off the schedule. */
  take(): { scheduledUs: number; kind: RequestKind } {
    const kind = this.population === 'slow' ? 'slow' : kindOf(this.#profile, this.#index)
    const scheduledUs = this.dueUs
    this.#index += 1
    this.dueUs = scheduledAtUs(this.#pace, this.#index)
    return { scheduledUs, kind }
  }
}
