import { shortenedGrace } from './grace.ts'

/** A termination's grace period: a second delete may shorten it while it runs, never lengthen it (semantics §5.1). */
export class GracePeriod {
  #seconds: number
  readonly #listeners = new Set<() => void>()

  constructor(seconds: number) {
    this.#seconds = shortenedGrace(null, seconds)
  }

  get seconds(): number {
    return this.#seconds
  }

  shorten(seconds: number): void {
    const shortened = shortenedGrace(this.#seconds, seconds)
    if (shortened === this.#seconds) return
    this.#seconds = shortened
    for (const listener of [...this.#listeners]) listener()
  }

  onShortened(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
