import type { Clock } from '../core/clock.ts'

/** So many at once, and after that one more each so many milliseconds. */
export type Measure = { readonly atOnce: number; readonly each: number }

/**
 * How often something dear is done for whoever asks for it over and over: nobody is refused, and nobody has it more often than
 * this. In memory, by the name of who asks.
 */
export class Ration {
  readonly #clock: Clock
  readonly #measure: Measure
  /** Until when what was had is paid for, one `each` apiece. Milliseconds. */
  readonly #paidFor = new Map<string, number>()

  constructor(clock: Clock, measure: Measure) {
    this.#clock = clock
    this.#measure = measure
  }

  /** How long from now until it may be had once more; 0: now. Milliseconds. */
  wait(who: string): number {
    const { atOnce, each } = this.#measure
    return Math.max(0, this.#debt(who) - (atOnce - 1) * each)
  }

  /** It was had once. */
  had(who: string): void {
    this.#paidFor.set(who, this.#clock.now() + this.#debt(who) + this.#measure.each)
  }

  #debt(who: string): number {
    const { atOnce, each } = this.#measure
    const now = this.#clock.now()
    const left = Math.max(0, (this.#paidFor.get(who) ?? 0) - now)
    // More cannot be owed: the clock was set back.
    if (left > atOnce * each) this.#paidFor.set(who, now + atOnce * each)
    return Math.min(left, atOnce * each)
  }
}
