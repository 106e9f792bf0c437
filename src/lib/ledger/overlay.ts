/**
 * A map made of a large one that many share and a small one on top: so that one more entry costs neither the whole map nor
 * a chain of maps. Entries keep the place they first had, as in any map.
 */
class Layered<K, V> implements ReadonlyMap<K, V> {
  readonly #under: ReadonlyMap<K, V>
  readonly #over: ReadonlyMap<K, V>
  readonly size: number

  constructor(under: ReadonlyMap<K, V>, over: ReadonlyMap<K, V>) {
    this.#under = under
    this.#over = over
    let size = under.size
    for (const key of over.keys()) if (!under.has(key)) size++
    this.size = size
  }

  /** The same map with some more entries. */
  with(more: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
    const over = new Map([...this.#over, ...more])
    const isSmall = over.size * over.size <= 4 * this.#under.size
    return isSmall ? new Layered(this.#under, over) : new Map([...this, ...more])
  }

  get(key: K): V | undefined {
    return this.#over.get(key) ?? this.#under.get(key)
  }

  has(key: K): boolean {
    return this.#over.has(key) || this.#under.has(key)
  }

  *entries(): MapIterator<[K, V]> {
    for (const [key, value] of this.#under) yield [key, this.#over.get(key) ?? value]
    for (const entry of this.#over) if (!this.#under.has(entry[0])) yield entry
  }

  *keys(): MapIterator<K> {
    for (const [key] of this.entries()) yield key
  }

  *values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries()
  }

  forEach(visit: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this)
  }
}

/** Below this size a map is simply copied. */
const SMALL = 64

/** A map that leaves the one below it as it was: what is written is kept apart until `done`. Values are never undefined. */
export class Overlay<K, V> {
  readonly #base: ReadonlyMap<K, V>
  #own: Map<K, V> | null = null

  constructor(base: ReadonlyMap<K, V>) {
    this.#base = base
  }

  get(key: K): V | undefined {
    return this.#own?.get(key) ?? this.#base.get(key)
  }

  has(key: K): boolean {
    return (this.#own?.has(key) ?? false) || this.#base.has(key)
  }

  set(key: K, value: V): void {
    this.#own ??= new Map()
    this.#own.set(key, value)
  }

  /** Whether something with this value is in the map. */
  some(holds: (value: V) => boolean): boolean {
    for (const value of this.done().values()) if (holds(value)) return true
    return false
  }

  /** The map with everything set so far; the one below it itself, if there is nothing. */
  done(): ReadonlyMap<K, V> {
    return this.#own ? withMore(this.#base, this.#own) : this.#base
  }
}

const withMore = <K, V>(base: ReadonlyMap<K, V>, more: ReadonlyMap<K, V>): ReadonlyMap<K, V> => {
  const isLayered = (map: ReadonlyMap<K, V>): map is Layered<K, V> => map instanceof Layered
  if (isLayered(base)) return base.with(more)
  return base.size < SMALL ? new Map([...base, ...more]) : new Layered(base, more)
}
