import { Cell, type Watched } from '../core/watched.ts'
import type { Storage, Write } from '../sync/ports.ts'

/** Rows on their way to disk: one transaction at a time, in order. What failed is tried again with the next. */
export class Saver {
  readonly #storage: Storage
  readonly #state = new Cell<'saved' | 'saving' | 'failed'>('saved')
  #unsaved: Write[] = []
  #afterSave: (() => void)[] = []
  #writing: Promise<void> | null = null
  #waiting = false

  constructor(storage: Storage) {
    this.#storage = storage
  }

  get state(): Watched<'saved' | 'saving' | 'failed'> {
    return this.#state
  }

  /** Queues writes; `then` is called once they, and everything queued before, are on disk. */
  save(writes: readonly Write[], then?: () => void): void {
    this.#unsaved.push(...writes)
    if (then) this.#afterSave.push(then)
    this.#writing ??= this.#writeOut().finally(() => (this.#writing = null))
  }

  /** Something written cannot be put in rows yet, so that it would be untrue to say that all is saved; `false`: no more. */
  wait(isWaiting: boolean): void {
    this.#waiting = isWaiting
    const state = this.#state.read()
    if (state !== 'failed' && !this.#writing) this.#state.set(isWaiting ? 'saving' : 'saved')
  }

  /** Something can never be written down: said to the person, and not tried for ever. */
  giveUp(): void {
    this.#state.set('failed')
  }

  async settled(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  async #writeOut(): Promise<void> {
    this.#state.set('saving')
    while (this.#unsaved.length > 0) {
      const writes = this.#unsaved.splice(0)
      const then = this.#afterSave.splice(0)
      const committed = await this.#storage.commit(writes)
      if (!committed.ok) {
        this.#unsaved.unshift(...writes)
        this.#afterSave.unshift(...then)
        this.#state.set('failed')
        return
      }
      for (const call of then) call()
    }
    this.#state.set(this.#waiting ? 'saving' : 'saved')
  }
}
