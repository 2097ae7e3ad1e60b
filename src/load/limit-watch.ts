/**
 * What the client itself could not do: for want of ports, of file descriptors, of a core. Named, so that it is never
 * blamed on the server.
 */
import { readFileSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'
import type { DriverLimits, DriverStall, LoadPlan, Sample } from '../model/load.ts'
import { connectionsOf } from './population.ts'

/** Beyond these shares of the time a driver's own lateness is the likeliest cause of what it sees. */
const CPU_SHARE_LIMIT = 0.9
const WAIT_SHARE_LIMIT = 0.3
/** Standard streams, the tables' stream, what Node itself keeps open. */
const FILES_BESIDE = 64

export type SkipReason = 'open' | 'time'

export class LimitWatch {
  #localPorts = 0
  #localFiles = 0
  #stalls = 0
  #longestStallUs = 0
  #skipped = { open: 0, time: 0 }
  #startUs = 0
  #startCpu = process.cpuUsage()
  #startWaitNs: number | null = null
  readonly #fileLimit: number | null
  readonly #filesNeeded: number
  readonly #isClosed: boolean
  readonly #clock: Clock

  constructor({ profile, maxInFlight }: LoadPlan, clock: Clock) {
    const kept = profile.populations.reduce((sum, population) => sum + connectionsOf(population), 0)
    this.#clock = clock
    this.#fileLimit = readFileLimit()
    this.#filesNeeded = maxInFlight + kept + FILES_BESIDE
    // As fast as it can: then a full core is no surprise.
    this.#isClosed = profile.populations.some(({ pacing }) => pacing === 'closed')
  }

  /** There may be too few files for the plan: worth a word before it begins. */
  get isShortOfFiles(): boolean {
    return this.#fileLimit !== null && this.#fileLimit < this.#filesNeeded
  }

  start(): void {
    this.#startUs = this.#clock.nowUs()
    this.#startCpu = process.cpuUsage()
    this.#startWaitNs = readWaitNs()
  }

  seeEnd({ outcome }: Sample): void {
    if (outcome.kind !== 'failed') return
    if (outcome.code === 'local-ports') this.#localPorts += 1
    else if (outcome.code === 'local-files') this.#localFiles += 1
  }

  seeStall({ fromUs, toUs }: DriverStall): void {
    this.#stalls += 1
    this.#longestStallUs = Math.max(this.#longestStallUs, toUs - fromUs)
  }

  seeSkip(reason: SkipReason): void {
    this.#skipped[reason] += 1
  }

  read(): DriverLimits {
    const wallUs = Math.max(1, this.#clock.nowUs() - this.#startUs)
    const { user, system } = process.cpuUsage(this.#startCpu)
    const waitNs = readWaitNs()
    const limits: DriverLimits = {
      reached: [],
      localPorts: this.#localPorts,
      localFiles: this.#localFiles,
      fileLimit: this.#fileLimit,
      filesNeeded: this.#filesNeeded,
      cpuShare: (user + system) / wallUs,
      waitShare:
        waitNs === null || this.#startWaitNs === null ? null : (waitNs - this.#startWaitNs) / 1000 / wallUs,
      stalls: this.#stalls,
      longestStallMs: this.#longestStallUs / 1000,
      skippedForOpen: this.#skipped.open,
      skippedForTime: this.#skipped.time,
    }
    return { ...limits, reached: reachedBy(limits, this.#isClosed) }
  }
}

/** The limits of several workers as those of one driver. */
export function mergeLimits(all: readonly DriverLimits[]): DriverLimits {
  const sum = (of: (limits: DriverLimits) => number): number =>
    all.reduce((total, each) => total + of(each), 0)
  const most = (of: (limits: DriverLimits) => number): number => Math.max(0, ...all.map(of))
  const waits = all.flatMap(({ waitShare }) => (waitShare === null ? [] : [waitShare]))
  return {
    reached: [...new Set(all.flatMap(({ reached }) => reached))],
    localPorts: sum(each => each.localPorts),
    localFiles: sum(each => each.localFiles),
    fileLimit: all[0]?.fileLimit ?? null,
    filesNeeded: most(each => each.filesNeeded),
    // Each has counted the whole process.
    cpuShare: most(each => each.cpuShare),
    waitShare: waits.length === 0 ? null : Math.max(...waits),
    stalls: sum(each => each.stalls),
    longestStallMs: most(each => each.longestStallMs),
    skippedForOpen: sum(each => each.skippedForOpen),
    skippedForTime: sum(each => each.skippedForTime),
  }
}

function reachedBy(limits: DriverLimits, isClosed: boolean): DriverLimits['reached'] {
  const reached: DriverLimits['reached'] = []
  if (limits.localPorts > 0) reached.push('ports')
  if (limits.localFiles > 0) reached.push('files')
  if (!isClosed && limits.cpuShare > CPU_SHARE_LIMIT) reached.push('cpu')
  if ((limits.waitShare ?? 0) > WAIT_SHARE_LIMIT) reached.push('run-queue')
  // A stall in which nothing fell due has cost nothing.
  if (limits.skippedForTime > 0) reached.push('stalls')
  if (limits.skippedForOpen > 0) reached.push('open-requests')
  return reached
}

/** How long this thread was ready to run and had no core, in all (Linux, `Documentation/scheduler/sched-stats.rst`). */
function readWaitNs(): number | null {
  const [, waitNs] = readOrNull('/proc/thread-self/schedstat')?.split(' ') ?? []
  return waitNs === undefined ? null : Number(waitNs)
}

function readFileLimit(): number | null {
  const soft = /^Max open files\s+(\d+)/m.exec(readOrNull('/proc/self/limits') ?? '')?.[1]
  return soft === undefined ? null : Number(soft)
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
