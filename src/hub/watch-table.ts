import { randomFillSync } from 'node:crypto'
import { MAILBOX_BYTES } from '../lib/wire/rendezvous.ts'

const WORDS = MAILBOX_BYTES / 4
const NONE = -1
const FIRST_ROWS = 64
/** How long a chain is, about. */
const CHAIN_ROWS = 2

/**
 * Who watches which mailbox: rows of a name and a number, in arrays of numbers. There are a dozen rows for each who is at a
 * hub, and some 46 bytes each here; a map from texts to lists takes twice as much. Rows of one chain have names that mean the
 * same chain under keys drawn by this process: nobody can choose names that all fall into one.
 */
export class WatchTable<Watcher extends object> {
  readonly #keys = randomFillSync(new Uint32Array(WORDS)).map((key) => key | 1)
  /** The name that is asked for, in words; callers have it at any place of any buffer. */
  readonly #asked = new Uint32Array(WORDS)
  readonly #askedBytes = new Uint8Array(this.#asked.buffer)

  /** By row, without gaps: the name, the seat of who watches, the next row of its chain. */
  #names = new Uint32Array(FIRST_ROWS * WORDS)
  #seatOf = new Uint16Array(FIRST_ROWS)
  #next = new Int32Array(FIRST_ROWS)
  /** By chain: its first row. */
  #first = new Int32Array(FIRST_ROWS / CHAIN_ROWS).fill(NONE)
  #count = 0

  /** By seat: who watches, and how many. */
  readonly #seats: (Watcher | null)[] = []
  readonly #counts: number[] = []

  get count(): number {
    return this.#count
  }

  countOf(watcher: Watcher): number {
    return this.#counts[this.#seats.indexOf(watcher)] ?? 0
  }

  has(watcher: Watcher, mailbox: Uint8Array): boolean {
    return this.#rowOf(this.#seats.indexOf(watcher), this.#ask(mailbox)) !== NONE
  }

  /** Those who watch it now. */
  watching(mailbox: Uint8Array): readonly Watcher[] {
    const those: Watcher[] = []
    for (let row = this.#first[this.#ask(mailbox)]!; row !== NONE; row = this.#next[row]!)
      if (this.#isAsked(row)) those.push(this.#seats[this.#seatOf[row]!]!)
    return those
  }

  /** One that is not there yet. */
  add(watcher: Watcher, mailbox: Uint8Array): void {
    if (this.#count === this.#next.length) this.#grow()
    const chain = this.#ask(mailbox)
    const row = this.#count++
    this.#names.set(this.#asked, row * WORDS)
    this.#link(row, chain)
    const seat = this.#takeSeat(watcher)
    this.#seatOf[row] = seat
    this.#counts[seat]!++
  }

  remove(watcher: Watcher, mailbox: Uint8Array): void {
    const row = this.#rowOf(this.#seats.indexOf(watcher), this.#ask(mailbox))
    if (row !== NONE) this.#drop(row)
  }

  /** All rows of one who leaves. Looks at every row there is: some microseconds for a full hub. */
  forget(watcher: Watcher): void {
    const seat = this.#seats.indexOf(watcher)
    if (seat === NONE) return
    // From behind: the last row takes the place of a dropped one, and has been looked at.
    for (let row = this.#count - 1; row >= 0; row--) if (this.#seatOf[row] === seat) this.#drop(row)
  }

  #takeSeat(watcher: Watcher): number {
    const taken = this.#seats.indexOf(watcher)
    if (taken !== NONE) return taken
    const free = this.#seats.indexOf(null)
    const seat = free === NONE ? this.#seats.length : free
    this.#seats[seat] = watcher
    this.#counts[seat] = 0
    return seat
  }

  #drop(row: number): void {
    const seat = this.#seatOf[row]!
    if (--this.#counts[seat]! === 0) this.#seats[seat] = null
    this.#unlink(row)
    const last = --this.#count
    if (row === last) return
    this.#unlink(last)
    this.#names.copyWithin(row * WORDS, last * WORDS, (last + 1) * WORDS)
    this.#seatOf[row] = this.#seatOf[last]!
    this.#link(row, this.#chainOf(this.#names, row * WORDS))
  }

  /** Takes the name to look for. Returns its chain. */
  #ask(mailbox: Uint8Array): number {
    this.#askedBytes.set(mailbox)
    return this.#chainOf(this.#asked, 0)
  }

  #chainOf(words: Uint32Array, from: number): number {
    let mixed = 0
    for (let i = 0; i < WORDS; i++) mixed = (mixed + Math.imul(words[from + i]!, this.#keys[i]!)) | 0
    // The upper bits: the lower ones of a product are those of its factors.
    return (mixed >>> 8) % this.#first.length
  }

  #isAsked(row: number): boolean {
    for (let i = 0; i < WORDS; i++) if (this.#names[row * WORDS + i] !== this.#asked[i]) return false
    return true
  }

  #rowOf(seat: number, chain: number): number {
    let row = this.#first[chain]!
    while (row !== NONE && !(this.#seatOf[row] === seat && this.#isAsked(row))) row = this.#next[row]!
    return row
  }

  #link(row: number, chain: number): void {
    this.#next[row] = this.#first[chain]!
    this.#first[chain] = row
  }

  #unlink(row: number): void {
    const chain = this.#chainOf(this.#names, row * WORDS)
    if (this.#first[chain] === row) return void (this.#first[chain] = this.#next[row]!)
    let before = this.#first[chain]!
    while (this.#next[before] !== row) before = this.#next[before]!
    this.#next[before] = this.#next[row]!
  }

  /** By an eighth: what is not needed yet is memory as well. */
  #grow(): void {
    const rows = Math.ceil(this.#next.length * 1.125)
    const [names, seatOf] = [this.#names, this.#seatOf]
    this.#names = new Uint32Array(rows * WORDS)
    this.#names.set(names)
    this.#seatOf = new Uint16Array(rows)
    this.#seatOf.set(seatOf)
    this.#next = new Int32Array(rows)
    this.#first = new Int32Array(Math.ceil(rows / CHAIN_ROWS)).fill(NONE)
    for (let row = 0; row < this.#count; row++) this.#link(row, this.#chainOf(this.#names, row * WORDS))
  }
}
