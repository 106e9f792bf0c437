/** A map that leaves the one below it as it was: copied on the first write, shared if there is none. */
export class Overlay<K, V> {
  #base: ReadonlyMap<K, V>
  #own: Map<K, V> | null = null

  constructor(base: ReadonlyMap<K, V>) {
    this.#base = base
  }

  get(key: K): V | undefined {
    return this.#base.get(key)
  }

  has(key: K): boolean {
    return this.#base.has(key)
  }

  values(): Iterable<V> {
    return this.#base.values()
  }

  set(key: K, value: V): void {
    if (!this.#own) this.#base = this.#own = new Map(this.#base)
    this.#own.set(key, value)
  }

  /** The map with everything set so far. Nothing may be set afterwards. */
  done(): ReadonlyMap<K, V> {
    return this.#base
  }
}
