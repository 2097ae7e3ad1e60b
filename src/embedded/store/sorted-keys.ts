/** The keys of one resource in order, kept so while objects come and go: a list needs no sorting. */
export class SortedKeys {
  readonly #keys: string[] = []

  add(key: string): void {
    this.#keys.splice(this.#placeOf(key), 0, key)
  }

  remove(key: string): void {
    const place = this.#placeOf(key)
    if (this.#keys[place] === key) this.#keys.splice(place, 1)
  }

  startingWith(prefix: string): string[] {
    const from = this.#placeOf(prefix)
    let to = from
    while (this.#keys[to]?.startsWith(prefix) === true) to++
    return this.#keys.slice(from, to)
  }

  /** The first place whose key is not before `key`. */
  #placeOf(key: string): number {
    let [low, high] = [0, this.#keys.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#keys[middle] ?? '') < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
