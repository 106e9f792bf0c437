import type { Amount } from './types.ts'

const NOTHING: Amount = { changes: 0, bytes: 0 }

/**
 * Counts what passes over one link. All of it since the link was made, and how far the present round is: a round begins
 * when something passes again after both sides had the same.
 */
export class Tally {
  /** Milliseconds since 1970. */
  readonly since: number
  sent: Amount = NOTHING
  received: Amount = NOTHING
  /** Changes promised to the other side and not handed to the link yet. */
  toSend = 0
  #round = 0

  constructor(now: number) {
    this.since = now
  }

  /** Something is about to pass where both sides had the same. */
  begin(): void {
    this.#round = 0
  }

  passed(way: 'sent' | 'received', amount: Amount): void {
    this.#round += amount.changes
    const before = this[way]
    this[way] = { changes: before.changes + amount.changes, bytes: before.bytes + amount.bytes }
    if (way === 'sent') this.delivered(amount.changes)
  }

  /** Of what was promised, this much is no longer owed. */
  delivered(changes: number): void {
    this.toSend = Math.max(0, this.toSend - changes)
  }

  /** How far the round is, when `open` changes are still to pass. */
  round(open: number): { readonly done: number; readonly total: number } {
    return { done: this.#round, total: this.#round + open }
  }
}
