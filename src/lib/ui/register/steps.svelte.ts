import type * as Y from 'yjs'
import { undoable, type Undoable } from '../../domain/undo.ts'

/** What this person did by hand since they opened a page, step by step, to take back and to do again. */
export class Steps {
  can = $state.raw({ undo: false, redo: false })
  readonly #steps: Undoable
  /** Called once, with the next step in either direction. */
  #onNext: () => void = () => {}

  constructor(doc: Y.Doc) {
    this.#steps = undoable(doc)
    this.#steps.can.watch(() => {
      this.can = this.#steps.can.read()
      const tell = this.#onNext
      this.#onNext = () => {}
      tell()
    })
  }

  undo(): void {
    this.#steps.undo()
  }

  redo(): void {
    this.#steps.redo()
  }

  /** An offer to take back the last step is stale with the next one. */
  onNext(tell: () => void): void {
    this.#onNext = tell
  }

  stop(): void {
    this.#onNext = () => {}
    this.#steps.stop()
  }
}

/** Which way a key goes, with Control or the Apple key: `null` when it is about something else. */
export const stepOf = (event: KeyboardEvent): 'undo' | 'redo' | null => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null
  const key = event.key.toLowerCase()
  if (key === 'y' && !event.shiftKey) return 'redo'
  return key === 'z' ? (event.shiftKey ? 'redo' : 'undo') : null
}
