import type { Clock } from '../core/clock.ts'

/** Whoever was asked is given so long before one more is asked, then two more, then four. ms. */
export const ANSWER_MS = 2000
/** After this long everything begins anew: whoever had it not then may have it now. ms. */
const FORGOTTEN_MS = 25_000
/** The questions that count, at most: those of before are as if they had not been asked. */
const MOST = 1024

type Way = { readonly id: string }
/** By link: when it was asked last. */
type Question = { readonly since: number; readonly links: Map<string, number> }

/**
 * What was asked for, and over which links. At a gathering all neighbours have the same: one of them is asked, and more only
 * where that one does not give it. Twice as many every two seconds, so that nobody who says nothing is in the way for long.
 */
export class Asked<What extends string> {
  readonly #clock: Clock
  readonly #questions = new Map<What, Question>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether it may be asked for over this link now: not while this one, or enough others, were asked just before. */
  mayAsk({ id }: Way, what: What): boolean {
    const question = this.#open(what)
    if (!question) return true
    const waiting = [...question.links].filter(([, at]) => this.#isFresh(at))
    return waiting.every(([link]) => link !== id) && waiting.length < this.#allowed(question)
  }

  /** Over other links, so that it is not asked for over this one as well. */
  elsewhere({ id }: Way): readonly What[] {
    return [...this.#questions.keys()].filter(
      (what) => !this.mayAsk({ id }, what) && !this.#isFresh(this.#questions.get(what)?.links.get(id)),
    )
  }

  note({ id }: Way, whats: readonly What[]): void {
    const now = this.#clock.now()
    for (const what of whats) {
      const question = this.#open(what) ?? { since: now, links: new Map<string, number>() }
      question.links.set(id, now)
      this.#questions.set(what, question)
    }
    for (const oldest of this.#questions.keys()) {
      if (this.#questions.size <= MOST) break
      this.#questions.delete(oldest)
    }
  }

  /** It comes without having been asked for: nobody is for a while. */
  comes(what: What): void {
    if (!this.#open(what)) this.note({ id: '' }, [what])
  }

  /** A link is gone: what it was asked for may be asked of another at once. */
  end({ id }: Way): void {
    for (const { links } of this.#questions.values()) links.delete(id)
  }

  /** Forgets what nobody waits for any more. Returns whether anything is left. */
  keep(isLacking: (what: What) => boolean): boolean {
    for (const what of this.#questions.keys()) if (!isLacking(what)) this.#questions.delete(what)
    return this.#questions.size > 0
  }

  #open(what: What): Question | undefined {
    const question = this.#questions.get(what)
    const age = question ? this.#clock.now() - question.since : 0
    // A clock that was set back must not leave anything waiting.
    if (age >= 0 && age < FORGOTTEN_MS) return question
    this.#questions.delete(what)
    return undefined
  }

  #isFresh(at: number | undefined): boolean {
    return at !== undefined && this.#clock.now() - at < ANSWER_MS
  }

  #allowed({ since }: Question): number {
    return 2 ** Math.floor((this.#clock.now() - since) / ANSWER_MS)
  }
}
