/**
 * Source ports, handed out in turn by a driver with a network of its own. Left to itself the kernel gives a port out
 * again within seconds; and a port whose connect was never answered is pinned to the dead pod in the node's conntrack
 * table (SYN_SENT, 120 s), so the next connect from it hangs too, long after the rules are right.
 */
import type { Clock } from '../base/clock.ts'

/** Below it are the ports of servers. */
const FIRST_PORT = 10_240
const LAST_PORT = 65_535
/** Conntrack's limit for a SYN without an answer, and some slack. */
const PINNED_US = 130_000_000

export class SourcePorts {
  /** The one that was free longest comes first. */
  readonly #free: number[]
  readonly #held: { port: number; untilUs: number }[] = []
  readonly #clock: Clock

  constructor(clock: Clock, firstPort = FIRST_PORT, lastPort = LAST_PORT) {
    this.#clock = clock
    this.#free = Array.from({ length: lastPort - firstPort + 1 }, (_, index) => firstPort + index)
  }

  /** Undefined when none is left: then the kernel chooses, and a port that is pinned shows in the samples. */
  take(): number | undefined {
    const nowUs = this.#clock.nowUs()
    for (let first = this.#held[0]; first !== undefined && first.untilUs <= nowUs; first = this.#held[0]) {
      this.#held.shift()
      this.#free.push(first.port)
    }
    return this.#free.shift()
  }

  /** `answered`: its connect was; a port whose connect was not is kept back until nobody remembers it. */
  giveBack(port: number, answered: boolean): void {
    if (answered) this.#free.push(port)
    else this.#held.push({ port, untilUs: this.#clock.nowUs() + PINNED_US })
  }
}
