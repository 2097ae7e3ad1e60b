/**
 * Many experiments side by side, each on its own cluster. Only the time under load is dear: with too many loads the pods
 * run short of processor, and then nobody can tell a drop from a machine that is too slow. So the loads have slots, as
 * many as a fast machine carries (measured: four on two cores, and three where the same takes twice the processor); a
 * slower one is asked before each. A few further experiments get their clusters ready meanwhile.
 */
import { availableParallelism } from 'node:os'
import type { Clock, Timer } from '../base/clock.ts'
import type { Estimate } from './experiment.ts'
import type { ProcessorGauge } from './processor-gauge.ts'

const LOADS_PER_CORE = 2
const PREPARING = 3

/** The catalogue's default load; a scenario with more takes as many times the room. */
const STANDARD_LOAD_PER_SECOND = 310

export function loadsAtATime(cores = availableParallelism()): number {
  // On a single core each load would wait for the pods of the other.
  return cores === 1 ? 1 : cores * LOADS_PER_CORE
}

export function experimentsAtATime(loads: number): number {
  return loads === 1 ? 1 : loads + PREPARING
}

/** What a standard load takes with the pods that answer it (measured: 0.3 to 0.45, by the machine). */
const CORES_PER_LOAD = 0.5

/** With less than this free, no load takes the place of another, either. */
const SPARE_CORES = 0.15

/** While a load waits for the machine, and not for another load, this often the machine is asked again. */
const ASK_AGAIN_MS = 250

/** After this a load has shown what it costs. */
const SHOWN_US = 1_500_000

/** What the machine can carry at the moment. */
export interface Machine {
  gauge: Pick<ProcessorGauge, 'freeCores'>
  clock: Clock
}

/**
 * Room for so many standard loads at once, shared by the experiments of a run. Who waits longest is next. With `machine`,
 * for fewer where fewer are all that it carries: never less than one.
 */
export class LoadRoom {
  readonly #capacity: number
  readonly #machine: Machine | null
  #free: number
  #asking: Timer | null = null
  #enteredUs = Number.NEGATIVE_INFINITY
  /** As many ran when the last one entered: who takes the place of one that has ended adds nothing. */
  #carried = 0
  readonly #waiting: { need: number; enter: () => void }[] = []

  constructor(loads: number, machine: Machine | null = null) {
    this.#capacity = loads * STANDARD_LOAD_PER_SECOND
    this.#free = this.#capacity
    this.#machine = machine
  }

  /** Resolves with the function that gives the room back; calling that twice does no harm. */
  async take(requestsPerSecond: number): Promise<() => void> {
    // A load beyond all there is gets all there is: it runs alone.
    const need = Math.min(requestsPerSecond, this.#capacity)
    await new Promise<void>(enter => {
      this.#waiting.push({ need, enter })
      this.#admit()
    })
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#free += need
      this.#admit()
    }
  }

  #admit(): void {
    for (
      let next = this.#waiting[0];
      next !== undefined && next.need <= this.#free && this.#isCarried(next.need);
      next = this.#waiting[0]
    ) {
      this.#waiting.shift()
      this.#free -= next.need
      this.#enteredUs = this.#machine?.clock.nowUs() ?? 0
      this.#carried = this.#capacity - this.#free
      next.enter()
    }
    this.#askAgain()
  }

  #isCarried(need: number): boolean {
    if (this.#machine === null) return true
    const { gauge, clock } = this.#machine
    const freeCores = gauge.freeCores()
    const running = this.#capacity - this.#free
    if (running === 0) return true
    if (running + need <= this.#carried && freeCores >= SPARE_CORES) return true
    const shown = clock.nowUs() - this.#enteredUs >= SHOWN_US
    return shown && freeCores >= (need / STANDARD_LOAD_PER_SECOND) * CORES_PER_LOAD
  }

  #askAgain(): void {
    this.#asking?.cancel()
    this.#asking = null
    if (this.#machine === null || this.#waiting.length === 0) return
    this.#asking = this.#machine.clock.after(ASK_AGAIN_MS, () => this.#admit())
  }
}

/**
 * The order of starting: first those that are soonest ready for load, as many as there are slots, so that no slot stands
 * empty; then the longest first, so that none is left over at the end.
 */
export function startOrder<T>(items: readonly T[], slots: number, estimate: (item: T) => Estimate): T[] {
  const bySoonest = [...items].sort((a, b) => estimate(a).prepareMs - estimate(b).prepareMs)
  const first = bySoonest.slice(0, slots)
  const rest = items.filter(item => !first.includes(item))
  return [...first, ...rest.sort((a, b) => estimate(b).loadMs - estimate(a).loadMs)]
}

/** Starts in order, at most `atATime` at once. What the actions give comes in the order of `items`. */
export async function sideBySide<T, R>(
  items: readonly T[],
  order: readonly T[],
  atATime: number,
  action: (item: T) => Promise<R>,
): Promise<R[]> {
  const queue = [...order]
  const outcomes = new Map<T, R>()
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      outcomes.set(next, await action(next))
  }
  await Promise.all(Array.from({ length: Math.min(atATime, items.length) }, worker))
  return items.map(item => outcomes.get(item) as R)
}
