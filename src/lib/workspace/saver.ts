import type { Clock } from '../core/clock.ts'
import { Cell, type Watched } from '../core/watched.ts'
import type { Storage, Write } from '../sync/ports.ts'

/** A disk that took nothing is asked again after this long: somebody may have made room on it. ms. */
const RETRY_MS = 15_000

/** Rows on their way to disk: one transaction at a time, in order. What failed is tried again, with the next or in a while. */
export class Saver {
  readonly #storage: Storage
  readonly #clock: Clock
  readonly #state = new Cell<'saved' | 'saving' | 'failed'>('saved')
  #unsaved: Write[] = []
  #afterSave: (() => void)[] = []
  #writing: Promise<void> | null = null
  #waiting = false
  #gaveUp = false
  #closed = false
  #callOffRetry = () => {}

  constructor(storage: Storage, clock: Clock) {
    this.#storage = storage
    this.#clock = clock
  }

  get state(): Watched<'saved' | 'saving' | 'failed'> {
    return this.#state
  }

  /** Queues writes; `then` is called once they, and everything queued before, are on disk. */
  save(writes: readonly Write[], then?: () => void): void {
    this.#unsaved.push(...writes)
    if (then) this.#afterSave.push(then)
    this.#begin()
  }

  /** Something written cannot be put in rows yet, so that it would be untrue to say that all is saved; `false`: no more. */
  wait(isWaiting: boolean): void {
    this.#waiting = isWaiting
    if (this.#state.read() !== 'failed' && !this.#writing) this.#rest()
  }

  /** Something can never be written down: said to the person from now on, and not tried for ever. */
  giveUp(): void {
    this.#gaveUp = true
    this.#state.set('failed')
  }

  async settled(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  /** Tries no more by itself. What is being written is. */
  close(): void {
    this.#closed = true
    this.#callOffRetry()
  }

  #begin(): void {
    this.#callOffRetry()
    this.#writing ??= this.#writeOut()
  }

  async #writeOut(): Promise<void> {
    // Trying again is no news to anybody until it worked.
    if (this.#state.read() !== 'failed') this.#state.set('saving')
    // The turn must be taken before it can be let go of.
    await Promise.resolve()
    let failed = false
    try {
      while (!failed && this.#unsaved.length + this.#afterSave.length > 0) {
        const writes = this.#unsaved.splice(0)
        const then = this.#afterSave.splice(0)
        if (writes.length === 0 || (await this.#storage.commit(writes)).ok) for (const call of then) call()
        else {
          this.#unsaved.unshift(...writes)
          this.#afterSave.unshift(...then)
          failed = true
        }
      }
    } finally {
      // Nothing is awaited between the last look at what is unsaved and letting go of the turn: no row is left behind.
      this.#writing = null
    }
    if (!failed) return this.#rest()
    this.#state.set('failed')
    if (!this.#closed && !this.#writing) this.#callOffRetry = this.#clock.after(RETRY_MS, () => this.#begin())
  }

  #rest(): void {
    if (this.#gaveUp) this.#state.set('failed')
    else this.#state.set(this.#waiting ? 'saving' : 'saved')
  }
}
