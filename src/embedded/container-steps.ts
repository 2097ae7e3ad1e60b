/** The steps of all containers since the start: what the API does not show, and decides drops. */
import type { Clock } from '../base/clock.ts'
import type { ContainerStepLine } from '../model/embedded-cluster.ts'
import type { ContainerStep } from '../model/transition.ts'
import type { ContainerFeed } from './feeds.ts'

/** Records a step of one pod's container. */
export type RecordStep = (container: string, step: ContainerStep, detail?: string) => void

export class ContainerSteps implements ContainerFeed {
  readonly #clock: Clock
  readonly #lines: ContainerStepLine[] = []
  readonly #subscribers = new Set<(step: ContainerStepLine) => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  recorder(namespace: string, pod: string): RecordStep {
    return (container, step, detail) => {
      const line = { atUs: this.#clock.nowUs(), namespace, pod, container, step, detail: detail ?? null }
      this.#lines.push(line)
      for (const subscriber of this.#subscribers) subscriber(line)
    }
  }

  subscribe(onStep: (step: ContainerStepLine) => void): () => void {
    for (const line of this.#lines) onStep(line)
    this.#subscribers.add(onStep)
    return () => void this.#subscribers.delete(onStep)
  }
}
