import { createSubscriber } from 'svelte/reactivity'
import type { Watched } from '../core/watched.ts'

/** The one bridge from the world below to runes: read `current` and stay up to date. */
export class Live<T> {
  readonly #source: Watched<T>
  readonly #subscribe: () => void

  constructor(source: Watched<T>) {
    this.#source = source
    this.#subscribe = createSubscriber((update) => source.watch(update))
  }

  get current(): T {
    this.#subscribe()
    return this.#source.read()
  }
}
