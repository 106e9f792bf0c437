import type { Clock } from '../core/clock.ts'
import type { EpochId } from '../core/ids.ts'
import type { SyncMessage } from '../wire/sync.ts'
import type { Link } from './ports.ts'
import { Ration } from './ration.ts'

/** Boxes that this device was given, or looked for in vain, before. */
const AGAIN = { atOnce: 64, each: 5000 }
/** What is not here yet is given if it comes within so long: after that others are asked. ms. */
const SOON_MS = 2000
/** So many of those on a link, at most. */
const MOST_OWED = 64

/** What one link has asked for and was not given yet. */
type Asked = {
  /** When, and whether it came only now. ms. */
  readonly wanted: Map<EpochId, { readonly at: number; readonly isOwed: boolean }>
  /** Not here yet, and when it was asked for. ms. */
  readonly owed: Map<EpochId, number>
  isServing: boolean
  callOff: (() => void) | null
}

/** What is here, and who may have it. */
export type BoxesHere = {
  readonly clock: Clock
  /** Whether the ledger here knows this epoch: nothing else is looked for on the disk. */
  readonly isKnown: (epoch: EpochId) => boolean
  /** Whether what was not here may be by now. */
  readonly hasCome: (epoch: EpochId) => boolean
  /** What to send; `'later'`: not here yet, and may come; `null`: it is not to be had here. */
  readonly find: (link: Link, epoch: EpochId) => Promise<SyncMessage | 'later' | null>
  /** Whether this link may have boxes: now, when both ends hold the same acts, or not at all. */
  readonly mayHave: (link: Link) => 'now' | 'later' | 'never'
  readonly send: (link: Link, message: SyncMessage) => void
}

/**
 * Boxes of epochs, for whoever lacks them: the question names thousands in a breath, and each answer is read from the disk and may
 * have 20 KB. On a link one goes at a time, when there is room; each is given to a device once without waiting, and again by the
 * measure; and what comes a moment after it was asked for is given then. Spec: wire.md §7.
 */
export class BoxesAsked {
  readonly #here: BoxesHere
  readonly #asked = new Map<string, { readonly link: Link; readonly asked: Asked }>()
  readonly #again: Ration
  /** `device epoch` of what was given or looked for. Only of epochs that are known. */
  readonly #before = new Set<string>()

  constructor(here: BoxesHere) {
    this.#here = here
    this.#again = new Ration(here.clock, AGAIN)
  }

  wants(link: Link, epochs: readonly EpochId[]): void {
    if (this.#here.mayHave(link) === 'never') return
    const { asked } = this.#asked.get(link.id) ?? this.#begin(link)
    this.#forgetLate(asked)
    const at = this.#here.clock.now()
    for (const epoch of epochs) {
      // Asked for twice, it counts from the first time.
      if (asked.wanted.has(epoch) || asked.owed.has(epoch)) continue
      if (this.#here.isKnown(epoch)) asked.wanted.set(epoch, { at, isOwed: false })
      else owe(asked, epoch, at)
    }
    void this.#serve(link, asked)
  }

  /** Boxes may have come, or the two ends of a link hold the same acts now. */
  look(): void {
    for (const { link, asked } of this.#asked.values()) {
      this.#forgetLate(asked)
      for (const [epoch, at] of asked.owed) {
        if (!this.#here.hasCome(epoch)) continue
        asked.owed.delete(epoch)
        asked.wanted.set(epoch, { at, isOwed: true })
      }
      void this.#serve(link, asked)
    }
  }

  ended({ id }: Link): void {
    this.#asked.get(id)?.asked.callOff?.()
    this.#asked.delete(id)
  }

  close(): void {
    for (const { asked } of this.#asked.values()) asked.callOff?.()
    this.#asked.clear()
  }

  #begin(link: Link) {
    const asked: Asked = { wanted: new Map(), owed: new Map(), isServing: false, callOff: null }
    const one = { link, asked }
    this.#asked.set(link.id, one)
    return one
  }

  #forgetLate({ owed }: Asked): void {
    const now = this.#here.clock.now()
    // A clock that was set back must not leave anything waiting.
    for (const [epoch, at] of owed) if (now - at > SOON_MS || now < at) owed.delete(epoch)
  }

  async #serve(link: Link, asked: Asked): Promise<void> {
    if (asked.isServing || asked.wanted.size === 0) return
    asked.isServing = true
    asked.callOff?.()
    asked.callOff = null
    try {
      for (let epoch = this.#next(link, asked); epoch; epoch = this.#next(link, asked)) {
        await link.drained()
        await this.#give(link, asked, epoch)
      }
    } finally {
      asked.isServing = false
    }
    const isWaiting = asked.wanted.size > 0 && this.#stands(link) && this.#here.mayHave(link) === 'now'
    if (isWaiting)
      asked.callOff = this.#here.clock.after(this.#again.wait(link.peer), () => void this.#serve(link, asked))
  }

  /** Of who is out, what was asked is forgotten: whoever is back asks anew. */
  #next(link: Link, { wanted, owed }: Asked): EpochId | null {
    if (!this.#stands(link)) return null
    const may = this.#here.mayHave(link)
    if (may === 'never') {
      wanted.clear()
      owed.clear()
    }
    if (may !== 'now') return null
    const mayAgain = this.#again.wait(link.peer) === 0
    for (const [epoch, { isOwed }] of wanted)
      if (isOwed || mayAgain || !this.#before.has(nameOf(link, epoch))) return epoch
    return null
  }

  async #give(link: Link, asked: Asked, epoch: EpochId): Promise<void> {
    const wanted = asked.wanted.get(epoch)
    if (!wanted) return
    const name = nameOf(link, epoch)
    if (!wanted.isOwed && this.#before.has(name)) this.#again.had(link.peer)
    const found = await this.#here.find(link, epoch)
    if (!this.#stands(link)) return
    const may = this.#here.mayHave(link)
    // Whoever is out by now is not given what was read for them; and where both ends begin anew, it goes when they have.
    if (may === 'later') return
    asked.wanted.delete(epoch)
    if (may === 'never') return
    this.#before.add(name)
    if (found === 'later') {
      if (!wanted.isOwed) owe(asked, epoch, wanted.at)
    } else if (found) this.#here.send(link, found)
  }

  #stands({ id }: Link): boolean {
    return this.#asked.has(id)
  }
}

const owe = ({ owed }: Asked, epoch: EpochId, at: number): void => {
  if (owed.size < MOST_OWED) owed.set(epoch, at)
}

const nameOf = ({ peer }: Link, epoch: EpochId): string => `${peer} ${epoch}`
