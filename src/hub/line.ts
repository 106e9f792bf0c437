/** A visitor’s connection, whatever carries it: a WebSocket of a page, or the data channel of a phone that scanned. */
export interface Line {
  send(frame: Uint8Array): void
  /** Bytes sent and not yet on their way. */
  waiting(): number
  /** Sets who hears what comes: a message, or `null` for one that is not even bytes. */
  receive(handler: (frame: Uint8Array | null) => void): void
  /** Ends it with a word to the other side, where there is one. */
  close(why: 'going away' | 'too much'): void
  /** Ends it at once. */
  cut(): void
  /** Calls `then` once when it is over. */
  closed(then: () => void): void
}
