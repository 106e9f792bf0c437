/** Something that changes by itself and says when: a shared document, the ledger, a connection. */
export interface Watched<T> {
  read(): T
  /** Calls `onChange` after every change. Returns the function that stops it. */
  watch(onChange: () => void): () => void
}

/** A watched value that its owner sets. Setting the same value again tells nobody. */
export class Cell<T> implements Watched<T> {
  #value: T
  readonly #watchers = new Set<{ readonly onChange: () => void }>()

  constructor(value: T) {
    this.#value = value
  }

  read(): T {
    return this.#value
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const { onChange } of [...this.#watchers]) onChange()
  }

  watch(onChange: () => void): () => void {
    // One entry for each time somebody asked: the same function watching twice is not stopped twice.
    const watcher = { onChange }
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }
}

/** A value computed from watched ones, anew at each read. */
export const derived = <T>(sources: readonly Watched<unknown>[], read: () => T): Watched<T> => ({
  read,
  watch: (onChange) => {
    const stops = sources.map((source) => source.watch(onChange))
    return () => stops.forEach((stop) => stop())
  },
})
