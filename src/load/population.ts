/** One population at run time: its schedule, and its set of connections where it keeps one. */
import type { Random } from '../base/random.ts'
import type { CustomRequest, Population, PopulationProfile, RequestKind, WorkerShare } from '../model/load.ts'
import type { ChannelSetting, OpenChannel } from './channel.ts'
import { channelFor } from './channels.ts'
import { AnsweredSlots, ConnectionSlots, PinnedSlots, type SlotSet } from './connection-slots.ts'
import { connectionsAtRest, IdleTimes } from './idle-times.ts'
import { constantTimes, poissonTimes, shareOf, steppedTimes, type DueTimes, type Pace } from './pacer.ts'
import { kindOf } from './spread.ts'

export interface ScheduleParts {
  pace: Pace
  share: WorkerShare
  random: Random
  request: CustomRequest | null
  setting: ChannelSetting
}

/** What a population whose profile does not say rests. */
const IDLE_MS = 5000

export class PopulationSchedule {
  /** When the next request is due; Infinity when none is. */
  dueUs: number
  /** Closed pacing: how many requests may begin as soon as the loop turns. */
  owed = 0
  /** Something due waits for a connection, or for the next turn. */
  isHeldUp = false
  readonly population: Population
  readonly answerMs: number
  readonly uploadMs: number
  readonly openChannel: OpenChannel
  /** For requests that are not to take their time. */
  readonly openProbe: OpenChannel
  /** Null where each request has a connection of its own. */
  readonly slots: SlotSet | null
  readonly isClosed: boolean
  #index: number
  #mayWait = false
  readonly #nextDue: DueTimes
  readonly #profile: PopulationProfile
  readonly #parts: ScheduleParts

  constructor(profile: PopulationProfile, parts: ScheduleParts) {
    const { share, setting } = parts
    this.#profile = profile
    this.#parts = parts
    this.#index = share.index
    this.population = profile.population
    this.answerMs = profile.answerMs
    this.uploadMs = profile.uploadMs ?? 0
    this.openChannel = channelFor(profile, setting)
    this.openProbe = channelFor({ ...profile, answerMs: 0 }, setting)
    this.isClosed = profile.pacing === 'closed'
    if (profile.population === 'idle' && !this.isClosed) {
      const gaps = { idleMs: profile.idleMs ?? IDLE_MS, jitterMs: profile.idleJitterMs ?? 0 }
      const times = new IdleTimes(parts.pace, gaps, share, parts.random)
      const slots = new PinnedSlots(times.size)
      this.slots = slots
      this.#nextDue = () => {
        const dueUs = times.next()
        slots.turn = times.turn
        return dueUs
      }
    } else {
      this.slots = profile.population === 'fresh' ? null : slotsOf(profile, share)
      this.#nextDue = shareOf(timesOf(profile, parts), share)
      if (this.isClosed) this.owed = partOf(profile.concurrency ?? profile.connections, share)
    }
    this.dueUs = this.#nextDue()
  }

  beginTurn(): void {
    if (!(this.slots instanceof ConnectionSlots)) return
    this.slots.beginTurn()
    this.#mayWait = this.slots.someFree || !this.slots.someLongBusy
  }

  get hasFree(): boolean {
    return this.slots instanceof ConnectionSlots && this.slots.someFree
  }

  /**
   * All its connections were given out a moment ago. A driver that is late, or at the end of what it can do, has more due
   * at once than it has connections, and would open new ones for its own slowness: so the rest waits for an answer, or
   * for the next turn. Where a connection has been busy for longer than a turn nothing waits: the server keeps it so.
   */
  get waitsForTurn(): boolean {
    return this.#mayWait && !this.hasFree
  }

  /** What the next request asks; it is due at `dueUs`. */
  get kind(): RequestKind {
    if (this.#parts.request !== null) return 'get'
    switch (this.population) {
      case 'slow':
        return 'slow'
      case 'upload':
        return 'post'
      case 'stream':
        return 'stream'
      case 'fresh':
      case 'reused':
      case 'idle':
        return kindOf(this.#profile, this.#index)
    }
  }

  /** Takes the next request off the schedule. */
  advance(): void {
    this.#index += this.#parts.share.count
    this.dueUs = this.#nextDue()
  }
}

function slotsOf(profile: PopulationProfile, share: WorkerShare): SlotSet {
  const connections = Math.max(1, partOf(profile.connections, share))
  return profile.pacing === 'closed' ? new AnsweredSlots(connections) : new ConnectionSlots(connections)
}

function timesOf(profile: PopulationProfile, { pace, random }: ScheduleParts): DueTimes {
  if (profile.steps !== undefined) return steppedTimes(profile.steps, pace.originUs)
  switch (profile.pacing ?? 'constant') {
    case 'constant':
      return constantTimes(pace)
    case 'poisson':
      return poissonTimes(pace, random)
    case 'closed':
      return () => Number.POSITIVE_INFINITY
  }
}

/** This worker's part of a number of things. */
export function partOf(total: number, { index, count }: WorkerShare): number {
  return Math.floor(total / count) + (index < total % count ? 1 : 0)
}

/** How many connections a population keeps open. */
export function connectionsOf(profile: PopulationProfile): number {
  if (profile.population === 'idle')
    return connectionsAtRest(profile.ratePerSecond, profile.idleMs ?? IDLE_MS)
  return profile.connections
}
