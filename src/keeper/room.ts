import { Cell, type Watched } from '../lib/core/watched.ts'
import type { LogStorage } from './log-storage.ts'

/** Of the room there is, records may use so much: the rest is for ledger and boxes, without which they are of no use. */
const FOR_RECORDS = 0.95
/** One device’s records may use so much of the room, so that one phone does not leave the others without. */
const FOR_ONE_DEVICE = 0.5
/** What it carries for circles may use so much of the room. */
const FOR_CIRCLES = 0.3
/** A log of which so much is dead is worth writing anew before anybody is turned away. */
const WORTH_COMPACTING = 0.1

/** How much a keeper may store, and what it says when that is used up. Spec: keeper.md §6. */
export class Room {
  readonly quota: number
  readonly #storage: LogStorage
  readonly #full = new Cell<'room' | 'used up' | 'disk failed'>('room')

  constructor(storage: LogStorage, quota: number) {
    this.#storage = storage
    this.quota = quota
  }

  get used(): number {
    return this.#storage.size - this.#storage.dead
  }

  /** Whether somebody had to be turned away, and why. */
  get state(): Watched<'room' | 'used up' | 'disk failed'> {
    return this.#full
  }

  /** For records: `bytes` more of a device that has `held` here already. */
  hasNoRoomFor({ bytes, held }: { readonly bytes: number; readonly held: number }): boolean {
    if (held + bytes > FOR_ONE_DEVICE * this.quota) return this.#turnAway('used up')
    return this.used + bytes > FOR_RECORDS * this.quota ? this.#turnAway('used up') : this.#letIn()
  }

  /** For what circles give to carry, of which `held` bytes lie here. Members carry it too: that it is full is said to nobody. */
  hasRoomForCircles({ bytes, held }: { readonly bytes: number; readonly held: number }): boolean {
    const isRoom = held + bytes <= FOR_CIRCLES * this.quota && this.used + bytes <= FOR_RECORDS * this.quota
    if (isRoom) this.#compactIfWorth()
    return isRoom
  }

  /** For ledger and boxes. */
  isTooFullFor(bytes: number): boolean {
    return this.used + bytes > this.quota ? this.#turnAway('used up') : this.#letIn()
  }

  failed(): 'full' {
    this.#turnAway('disk failed')
    return 'full'
  }

  /** The disk took something: whatever was wrong with it is over. */
  worked(): void {
    if (this.#full.read() === 'disk failed') this.#full.set('room')
  }

  /** Something was let go of: whoever was turned away may come again. */
  freed(): void {
    if (this.#full.read() === 'used up' && this.used <= FOR_RECORDS * this.quota) this.#full.set('room')
  }

  #turnAway(why: 'used up' | 'disk failed'): true {
    this.#full.set(why)
    return true
  }

  #letIn(): false {
    this.#compactIfWorth()
    return false
  }

  /** The log is written anew when it grows beyond the quota only because of what nobody needs any more. */
  #compactIfWorth(): void {
    const { size, dead } = this.#storage
    if (size > this.quota && dead > WORTH_COMPACTING * size) void this.#storage.compact()
  }
}
