import type { DeviceId, EntryId, MemberId } from '../../../src/lib/core/ids.ts'
import type { Act } from '../../../src/lib/ledger/types.ts'
import { allowed, type Allowed } from './allowed.ts'
import { sumUp, type Sum } from './strata.ts'

/** An entry as the rules see it: who said what, knowing what. */
export type Word = {
  readonly id: EntryId
  readonly author: DeviceId
  readonly parents: readonly EntryId[]
  readonly act: Act | null
}
type Ids = ReadonlySet<EntryId>

/**
 * The rules of membership once more, as a reader of the specification would write them down: sets of ids, everything
 * from scratch every time, no regard for speed, and nothing of the ledger it is held against. Signatures, bindings and sizes are
 * not its matter: whatever it is given was taken in.
 */
export class Oracle {
  readonly words: ReadonlyMap<EntryId, Word>
  readonly #past = new Map<EntryId, Ids>()
  readonly #readings = new Map<string, Reading>()
  readonly #signed = new Map<EntryId, Signatures>()
  readonly #states = new Map<EntryId | null, Sum>()

  /** Parents first. */
  constructor(words: readonly Word[]) {
    this.words = new Map(words.map((word) => [word.id, word]))
    for (const { id, parents } of words)
      this.#past.set(id, new Set(parents.flatMap((parent) => [parent, ...this.#past.get(parent)!])))
  }

  /** What lies below an entry by what it names itself. */
  past(id: EntryId): Ids {
    return this.#past.get(id)!
  }

  inLine(a: EntryId, b: EntryId): boolean {
    return a === b || this.past(a).has(b) || this.past(b).has(a)
  }

  /** The state for somebody who holds everything here and pinned `pin`. */
  state(pin: EntryId | null = null): Sum {
    const known = this.#states.get(pin) ?? this.reading(this.inForce(pin)).sum(new Set(this.words.keys()))
    this.#states.set(pin, known)
    return known
  }

  /** The state a checkpoint on top of `past` speaks of: what is final there, nothing pinned. */
  stateWithin(past: Ids): Sum {
    return this.reading(this.#finalIn(past)).sum(past)
  }

  /** Final checkpoints, the lowest first. A pin that is not here lets nothing be final. */
  inForce(pin: EntryId | null): readonly EntryId[] {
    const candidates = this.candidates()
    if (pin === null) return this.#agreed(candidates)
    if (!this.words.has(pin)) return []
    const finals = this.#agreed(candidates.filter((one) => this.inLine(one, pin) && this.#askedAll(one, pin)))
    return candidates.includes(pin) ? this.#holding(pin, finals) : finals
  }

  /** `finals` for somebody who holds to `pin`, whether or not they knew that it was final. */
  #holding(pin: EntryId, finals: readonly EntryId[]): readonly EntryId[] {
    if (finals.includes(pin)) return finals
    return [...this.#upTo(pin), ...finals.filter((final) => this.past(final).has(pin))]
  }

  /** Above a pin that a checkpoint did not know as final, those the pin gave a voice must have signed as well. */
  #askedAll(checkpoint: EntryId, pin: EntryId): boolean {
    const past = this.past(checkpoint)
    const known = this.#finalIn(past)
    if (!past.has(pin) || known.includes(pin)) return true
    const sum = this.reading(this.#holding(pin, known)).sum(past)
    return this.#isEnough(checkpoint, new Set(this.words.keys()), signaturesIn(sum))
  }

  /** Checkpoints with enough co-signatures, in force or not. */
  candidates(): readonly EntryId[] {
    return this.#signedIn(new Set(this.words.keys()))
  }

  /** Those of them that are neither final nor passed by one that is. */
  conflicting(finals: readonly EntryId[]): readonly EntryId[] {
    const isAtOrBelow = (id: EntryId) => finals.some((final) => final === id || this.past(final).has(id))
    return this.candidates().filter((id) => !isAtOrBelow(id))
  }

  /** Checkpoints of which there is word at all, signed or not. */
  checkpoints(): readonly EntryId[] {
    return [...this.words.keys()].filter((id) => this.words.get(id)!.act?.type === 'checkpoint')
  }

  /** Who signed a checkpoint, and the least number of people it takes: those away who signed help only to more than half. */
  signed(checkpoint: EntryId): { readonly by: readonly MemberId[]; readonly needed: number } {
    const { voters, awake, hands } = this.#signatures(checkpoint)
    const devices = this.#cosigned(checkpoint, new Set(this.words.keys()))
    const by = [...voters].filter((member) => devices.has(hands.get(member)!)).sort()
    const away = by.filter((member) => !awake.has(member)).length
    let needed = 2
    while (3 * (needed - away) <= 2 * awake.size || 2 * needed <= voters.size) needed++
    return { by, needed }
  }

  /** Whoever signed two pasts of which neither holds the other. */
  doubleSigners(): readonly MemberId[] {
    const pairs = this.checkpoints().flatMap((one) =>
      this.checkpoints().flatMap((other) => (this.inLine(one, other) ? [] : [[one, other] as const])),
    )
    const both = pairs.flatMap(([one, other]) => {
      const others = this.signed(other).by
      return this.signed(one).by.filter((member) => others.includes(member))
    })
    return [...new Set(both)].sort()
  }

  reading(finals: readonly EntryId[]): Reading {
    const key = finals.join()
    const known = this.#readings.get(key) ?? new Reading(this, finals)
    this.#readings.set(key, known)
    return known
  }

  #finalIn(within: Ids): readonly EntryId[] {
    return this.#agreed(this.#signedIn(within))
  }

  /** The newest that nothing contradicts, and what it knew to be final: what its signers saw is what they signed. */
  #agreed(candidates: readonly EntryId[]): readonly EntryId[] {
    const undisputed = candidates.filter((one) => candidates.every((other) => this.inLine(one, other)))
    const newest = undisputed.find((one) =>
      undisputed.every((other) => other === one || this.past(one).has(other)),
    )
    return newest === undefined ? [] : this.#upTo(newest)
  }

  #upTo(checkpoint: EntryId): readonly EntryId[] {
    return [...this.#finalIn(this.past(checkpoint)), checkpoint]
  }

  #signedIn(within: Ids): readonly EntryId[] {
    return [...within].filter(
      (id) => this.words.get(id)!.act?.type === 'checkpoint' && this.#hasEnough(id, within),
    )
  }

  /** More than two thirds of those who are not away, and more than half of all, and never one alone. */
  #hasEnough(checkpoint: EntryId, within: Ids): boolean {
    return this.#isEnough(checkpoint, within, null)
  }

  /** `given`: whose signatures count, if not those its own past says. */
  #isEnough(checkpoint: EntryId, within: Ids, given: Signatures | null): boolean {
    const by = this.#cosigned(checkpoint, within)
    if (by.size === 0) return false
    const { voters, awake, hands } = given ?? this.#signatures(checkpoint)
    const who = [...voters].filter((member) => by.has(hands.get(member)!))
    const there = who.filter((member) => awake.has(member))
    return voters.size >= 2 && 3 * there.length > 2 * awake.size && 2 * who.length > voters.size
  }

  /** The devices that said they sign it, knowing of it. */
  #cosigned(checkpoint: EntryId, within: Ids): ReadonlySet<DeviceId> {
    const by = new Set<DeviceId>()
    for (const id of within) {
      const { act, author } = this.words.get(id)!
      if (act?.type === 'cosign' && act.checkpoint === checkpoint && this.past(id).has(checkpoint))
        by.add(author)
    }
    return by
  }

  #signatures(checkpoint: EntryId): Signatures {
    const known = this.#signed.get(checkpoint)
    if (known) return known
    const of = signaturesIn(this.stateWithin(this.past(checkpoint)))
    this.#signed.set(checkpoint, of)
    return of
  }
}

type Signatures = {
  readonly voters: ReadonlySet<MemberId>
  readonly awake: ReadonlySet<MemberId>
  readonly hands: ReadonlyMap<MemberId, DeviceId>
}

const signaturesIn = ({ voters, dormant, hands }: Sum): Signatures => ({
  voters,
  awake: new Set([...voters].filter((member) => !dormant.has(member))),
  hands,
})

/** The same entries, given what is final: whoever knew neither a final checkpoint nor was known to it stands on it. */
export class Reading {
  readonly oracle: Oracle
  readonly finals: readonly EntryId[]
  readonly #past = new Map<EntryId, Ids>()
  readonly #at = new Map<EntryId, Sum>()
  readonly #allowed = new Map<EntryId, Allowed | null>()

  constructor(oracle: Oracle, finals: readonly EntryId[]) {
    this.oracle = oracle
    this.finals = finals
  }

  word(id: EntryId): Word | undefined {
    return this.oracle.words.get(id)
  }

  act<T extends Act['type']>(id: EntryId, type: T): Extract<Act, { type: T }> | null {
    const act = this.word(id)?.act
    return act?.type === type ? (act as Extract<Act, { type: T }>) : null
  }

  past(id: EntryId): Ids {
    const known = this.#past.get(id)
    if (known) return known
    const past = new Set(this.oracle.past(id))
    for (const final of this.finals)
      if (!this.oracle.inLine(final, id)) for (const one of [final, ...this.oracle.past(final)]) past.add(one)
    this.#past.set(id, past)
    return past
  }

  below(a: EntryId, b: EntryId): boolean {
    return this.past(b).has(a)
  }

  atOrBelow(a: EntryId, b: EntryId): boolean {
    return a === b || this.below(a, b)
  }

  /** The newest final checkpoint among some entries. */
  newestFinal(among: Ids): EntryId | null {
    return this.finals.filter((final) => among.has(final)).at(-1) ?? null
  }

  at(id: EntryId): Sum {
    const sum = this.#at.get(id) ?? this.sum(this.past(id))
    this.#at.set(id, sum)
    return sum
  }

  allowed(id: EntryId): Allowed | null {
    if (this.#allowed.has(id)) return this.#allowed.get(id)!
    const verdict = allowed(this, this.word(id)!)
    this.#allowed.set(id, verdict)
    return verdict
  }

  /** The state of a set and of what is final. */
  sum(set: Ids): Sum {
    const all = new Set(set)
    for (const id of set) for (const one of this.past(id)) all.add(one)
    return sumUp(this, this.#inOrder(all))
  }

  /** Parents first, of those that are free the smallest id first. */
  #inOrder(set: Ids): readonly EntryId[] {
    const left = new Set([...set].sort())
    const order: EntryId[] = []
    while (left.size > 0) {
      const next = [...left].find((id) => ![...this.past(id)].some((one) => left.has(one)))!
      left.delete(next)
      order.push(next)
    }
    return order
  }
}
