/** One short message, with a way back where there is one. */
export type Toast = { readonly id: number; readonly text: string; readonly undo: (() => void) | null }

/** How long a message stays, in milliseconds: long enough to read it and change one's mind. */
export const TOAST_MS = 10_000

/** What was just done, said once at the foot of the screen. The newest replaces the one before. */
export class Toasts {
  current = $state.raw<Toast | null>(null)
  #last = 0

  say(text: string, undo: (() => void) | null = null): void {
    this.#last += 1
    this.current = { id: this.#last, text, undo }
  }

  dismiss(toast: Toast): void {
    if (this.current?.id === toast.id) this.current = null
  }
}
