/** A visitor’s connection, whatever carries it: a WebSocket of a page, or the data channel of a phone that scanned. */
export interface Line {
  /** From where it came. Nothing is done with it but count. */
  readonly address: string
  send(frame: Uint8Array): void
  /** Bytes sent and not yet on their way. */
  waiting(): number
  /** Sets who hears what comes, from here on. */
  hear(listener: Listener): void
  /** Asks whether the other side is there, or ends the line where the last such question has no answer. */
  ask(): void
  /** Ends it with a word to the other side, where there is one. */
  dismiss(why: 'going away' | 'too much'): void
  /** Ends it at once. */
  cut(): void
}

/** What may wait for a slow reader, bytes: all its pipes full, and some notes. One who lets more pile up is cut off. */
export const MOST_WAITING = 3 * 1024 * 1024

/** One object for all that a line says, and not a function for each: a hub has a thousand lines. */
export interface Listener {
  /** A message, or `null` for one that is not even bytes. */
  take(frame: Uint8Array | null): void
  /** It is over. Once, and nothing comes after it. */
  leave(): void
}
