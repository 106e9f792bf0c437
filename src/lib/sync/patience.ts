/** What is lacking on one link of what the peer said it holds, and what came over it so far. */
export type Arrivals = {
  /** Records the peer said it holds and this device does not. */
  readonly lacking: number
  /** Anything that only grows when records come, whether they can be taken or not. */
  readonly came: number
  /** The same for those that were taken. */
  readonly taken: number
}

/** Who gets nothing of what was promised asks again after this many looks, at most. */
const MOST_LOOKS = 32

/** Due at one look, then after two, after four, and so on. */
export class Doubling {
  #looks = 0
  #after = 1

  isDue(): boolean {
    this.#looks += 1
    if (this.#looks < this.#after) return false
    this.#looks = 0
    this.#after = Math.min(this.#after * 2, MOST_LOOKS)
    return true
  }

  beginAnew(): void {
    this.#looks = 0
    this.#after = 1
  }
}

/**
 * Whether a peer is to be asked to begin anew, because what it sent was let go of and it takes it for delivered. Asked at regular
 * looks: at one in which nothing came since the last, then only after two of those, after four, and so on, until something is taken
 * or nothing is lacking. Spec: wire.md §7.
 */
export class Patience {
  #came = -1
  #taken = -1
  readonly #looks = new Doubling()

  isOut({ lacking, came, taken }: Arrivals): boolean {
    const isQuiet = came === this.#came
    if (lacking === 0 || taken !== this.#taken) this.#looks.beginAnew()
    this.#came = came
    this.#taken = taken
    return lacking > 0 && isQuiet && this.#looks.isDue()
  }
}
