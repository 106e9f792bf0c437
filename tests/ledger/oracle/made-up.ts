import type { CollId, DeviceId, EntryId, MemberId } from '../../../src/lib/core/ids.ts'
import { memberIdFrom } from '../../../src/lib/core/ids.ts'
import { deviceIdOf, signBinding, type OwnDevice } from '../../../src/lib/crypto/device.ts'
import { createKemPair } from '../../../src/lib/crypto/kem.ts'
import { createRvPair } from '../../../src/lib/crypto/rendezvous.ts'
import { createSignPair, sign } from '../../../src/lib/crypto/sign.ts'
import { idBytes } from '../../../src/lib/core/ids.ts'
import type { Act, Proposal } from '../../../src/lib/ledger/types.ts'
import { seededRandom } from '../../world/time.ts'
import { diceFrom, type Dice } from '../quarrel.ts'
import type { Word } from './oracle.ts'

/** One device of somebody. */
export type Hand = { readonly own: OwnDevice; readonly member: MemberId }

/** One id for all: bindings name the collective, and are signed once for many thousand ledgers. */
export const COLL = '0'.repeat(64) as CollId
const POSSIBLE = 40
const random = seededRandom(7)

const deviceFrom = (): OwnDevice => {
  const signs = createSignPair(random.bytes(32))
  const kem = createKemPair(random.bytes(32))
  const rv = createRvPair(random.bytes(32))
  const device = {
    signPk: signs.publicKey,
    kemPk: kem.publicKey,
    rvPk: rv.publicKey,
    nonce: random.bytes(16),
  }
  return { id: deviceIdOf(device), device, signSk: signs.secretKey, kemSk: kem.secretKey, rvSk: rv.secretKey }
}

const devices = Array.from({ length: POSSIBLE }, deviceFrom)
const memberIds = Array.from({ length: POSSIBLE }, () => memberIdFrom(random.bytes(16))!)
const bindings = new Map<string, Uint8Array>()

const bindingOf = (own: OwnDevice, member: MemberId | null): Uint8Array => {
  const key = `${own.id} ${member}`
  const known = bindings.get(key)
  if (known) return known
  const made =
    member === null
      ? sign(own.signSk, 'dev', [idBytes(COLL), null, idBytes(own.id)])
      : signBinding(own, COLL, member)
  bindings.set(key, made)
  return made
}

/**
 * Entries of a collective that nobody signed: what the evaluation reads, and nothing below it. So a hundred thousand ledgers
 * cost minutes; what reads signatures is tested elsewhere.
 */
export class MadeUp {
  readonly words: Word[] = []
  readonly founders: readonly Hand[]
  /** Everybody there might be, admitted or not. */
  readonly hands: Hand[]
  #spare = 0
  #count = 0
  readonly #seed: number
  readonly #past = new Map<EntryId, ReadonlySet<EntryId>>()

  constructor(founders: number, seed: number) {
    this.#seed = seed
    this.founders = Array.from({ length: founders }, () => this.stranger())
    this.hands = [...this.founders]
    const named = this.founders.map(({ own, member }) => ({ member, device: own.device, deviceId: own.id }))
    const act: Act = { type: 'genesis', founders: named, nonce: new Uint8Array(16), policy: { admit: 2 } }
    this.#put({ id: COLL as EntryId, author: this.founders[0]!.own.id, parents: [], act })
  }

  /** Somebody nobody has met. The same devices come round in every ledger. */
  stranger(): Hand {
    const at = this.#spare++ % POSSIBLE
    return { own: devices[at]!, member: memberIds[at]! }
  }

  /** A further device of somebody. */
  another({ member }: Hand): Hand {
    return { own: devices[this.#spare++ % POSSIBLE]!, member }
  }

  get heads(): readonly EntryId[] {
    return this.headsOf(this.words.map(({ id }) => id))
  }

  /** Those of some entries that no other of them knew. */
  headsOf(ids: readonly EntryId[]): readonly EntryId[] {
    return ids.filter((id) => !ids.some((other) => this.#past.get(other)!.has(id)))
  }

  /** Says something on top of `parents` (by default everything). Ids are spread as hashes are, so ties fall either way. */
  says(who: Hand, act: Act, parents: readonly EntryId[] = this.heads): EntryId {
    const dice = diceFrom(this.#seed + ++this.#count * 7919)
    const id = Array.from({ length: 8 }, () =>
      dice(2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join('') as EntryId
    this.#put({ id, author: who.own.id, parents: [...new Set(parents)].sort(), act })
    return id
  }

  below(id: EntryId): ReadonlySet<EntryId> {
    return this.#past.get(id)!
  }

  entrant(action: 'admit' | 'addDevice' | 'recover' | 'keeper', { own, member }: Hand): Proposal {
    const [device, deviceId, binding] = [
      own.device,
      own.id as DeviceId,
      bindingOf(own, action === 'keeper' ? null : member),
    ]
    if (action === 'keeper') return { action, device, deviceId, binding }
    if (action === 'recover') return { action, member, device, deviceId, binding }
    return { action, member, device, deviceId, binding, proof: null, verified: 'scan' }
  }

  /** The first proposes, the others approve next to each other, the first enacts. */
  decides(
    [first, ...others]: readonly Hand[],
    proposal: Proposal,
    on: readonly EntryId[] = this.heads,
  ): Decided {
    const proposed = this.says(first!, { type: 'propose', proposal }, on)
    const votes = others.map((who) =>
      this.says(who, { type: 'approve', proposal: proposed, seen: [] }, [proposed]),
    )
    const enacted = this.says(
      first!,
      { type: 'enact', proposal: proposed },
      votes.length > 0 ? votes : [proposed],
    )
    return { proposed, votes, enacted }
  }

  suspends(who: Hand, target: Hand, on?: readonly EntryId[]): EntryId {
    const act: Act = { type: 'suspend', device: target.own.id, frontier: [], reason: 'lost', evidence: null }
    return this.says(who, act, on)
  }

  /** The first proposes that all below `on` be final, and all of them co-sign next to each other. */
  settles(who: readonly Hand[], on: readonly EntryId[] = this.heads): EntryId {
    const attachment = { hash: new Uint8Array(32), size: 0 }
    const checkpoint = this.says(who[0]!, { type: 'checkpoint', attachment }, on)
    for (const one of who) this.says(one, { type: 'cosign', checkpoint }, [checkpoint])
    return checkpoint
  }

  #put(word: Word): void {
    this.words.push(word)
    this.#past.set(word.id, new Set(word.parents.flatMap((parent) => [parent, ...this.#past.get(parent)!])))
  }
}

export type Decided = {
  readonly proposed: EntryId
  readonly votes: readonly EntryId[]
  readonly enacted: EntryId
}

/**
 * A collective in turmoil, one number a turn: two halves that sometimes hear each other, acts dated back to anywhere, every kind
 * of proposal, votes missing, checkpoints that rival. Leaving turns out leaves the rest much as it was, so that what fails
 * shrinks.
 */
export const turmoil = (founders: number, turns: readonly number[]): MadeUp => {
  const made = new MadeUp(founders, founders)
  const halves: [Set<EntryId>, Set<EntryId>] = [new Set([COLL as EntryId]), new Set([COLL as EntryId])]
  for (const turn of turns) new Turn(made, halves, diceFrom(turn)).take()
  return made
}

class Turn {
  readonly #made: MadeUp
  readonly #halves: [Set<EntryId>, Set<EntryId>]
  readonly #dice: Dice

  constructor(made: MadeUp, halves: [Set<EntryId>, Set<EntryId>], dice: Dice) {
    this.#made = made
    this.#halves = halves
    this.#dice = dice
  }

  take(): void {
    const dice = this.#dice
    const known = this.#halves[dice(2)]!
    if (dice(5) === 0) for (const half of this.#halves) for (const { id } of this.#made.words) half.add(id)
    const ids = [...known]
    const anywhere = () => this.#pick(this.#made.words).id
    const on = dice(10) < 7 ? this.#made.headsOf(ids) : dice(2) ? [anywhere()] : [anywhere(), anywhere()]
    const before = this.#made.words.length
    this.#does(this.#who(), on)
    for (const { id, parents } of this.#made.words.slice(before)) {
      for (const one of this.#made.below(id)) if (parents.length > 0) known.add(one)
      known.add(id)
    }
  }

  #does(who: Hand, on: readonly EntryId[]): void {
    const made = this.#made
    const dice = this.#dice
    const say = (act: Act | null) => void (act && made.says(who, act, on))
    switch (dice(22)) {
      case 0:
      case 1:
      case 2:
        return void made.suspends(who, this.#who(), on)
      case 3:
        return say(this.#vote())
      case 4: {
        const takeable = made.words.filter(({ act }) => ['approve', 'propose', 'suspend'].includes(act!.type))
        const target = takeable.length > 0 ? this.#pick(takeable) : null
        const mine = made.hands.find(({ own }) => own.id === target?.author)
        return void (
          target &&
          made.says(
            dice(4) ? (mine ?? who) : who,
            { type: 'withdraw', target: target.id },
            dice(3) ? [target.id, ...on] : on,
          )
        )
      }
      case 5:
        return void (dice(3) === 0 && say({ type: 'retire', frontier: [] }))
      case 6: {
        const epochs = made.words.filter(({ act }) => act!.type === 'rotate').map(({ id }) => id)
        const prev = epochs.length > 0 && dice(2) ? [this.#pick(epochs) as never] : []
        return say({ type: 'rotate', prev, commit: new Uint8Array(32), boxRoot: new Uint8Array(32) })
      }
      case 7:
        return say({ type: 'rekey', kemPk: who.own.device.kemPk })
      case 8:
        return say({ type: 'invite', invitePk: new Uint8Array(32), uses: 1 })
      case 9:
        return say({ type: 'merge' })
      case 10:
      case 11:
      case 12:
      case 13: {
        const some = made.hands.filter(() => dice(5) > 0)
        return void (some.length > 0 && made.settles(some, on))
      }
      case 14: {
        const checkpoints = made.words.filter(({ act }) => act!.type === 'checkpoint')
        return void (
          checkpoints.length > 0 && say({ type: 'cosign', checkpoint: this.#pick(checkpoints).id })
        )
      }
      default:
        return this.#decides(who, on)
    }
  }

  #decides(who: Hand, on: readonly EntryId[]): void {
    const made = this.#made
    const dice = this.#dice
    const proposal = this.#proposal(who)
    const proposed = made.says(who, { type: 'propose', proposal }, on)
    if (dice(8) === 0) return
    let knows: readonly EntryId[] = [proposed]
    const apart: EntryId[] = []
    for (const voter of made.hands) {
      if (voter.own.id === who.own.id || dice(3) === 0) continue
      const vote = made.says(voter, { type: 'approve', proposal: proposed, seen: [] }, knows)
      if (dice(2)) apart.push(vote)
      else knows = [vote]
      if (dice(24) === 0) knows = [...knows, this.#pick(made.words).id]
    }
    made.says(this.#who(), { type: 'enact', proposal: proposed }, [...knows, ...apart])
  }

  #vote(): Act | null {
    const proposals = this.#made.words.filter(({ act }) => act!.type === 'propose')
    if (proposals.length === 0) return null
    const proposal = this.#pick(proposals).id
    return this.#dice(2) ? { type: 'approve', proposal, seen: [] } : { type: 'enact', proposal }
  }

  #proposal(who: Hand): Proposal {
    const made = this.#made
    const dice = this.#dice
    const target = this.#who()
    const device = target.own.id
    const suspensions = made.words.filter(({ act }) => act!.type === 'suspend' || act!.type === 'propose')
    const annul = suspensions
      .filter(() => dice(3) === 0)
      .map(({ id }) => id)
      .sort()
    switch (dice(18)) {
      case 0:
      case 1:
        return { action: 'removeMember', member: target.member, annul }
      case 2:
      case 3:
      case 4:
        return { action: 'revokeDevice', device, frontier: [], annul }
      case 5:
      case 6:
        return { action: 'lift', device }
      case 7:
        return { action: 'policy', policy: { admit: 1 + dice(3) } }
      case 8:
        return { action: 'dormant', members: [target.member, this.#who().member] }
      case 9:
        return { action: 'minRules', rules: dice(4) }
      case 10:
        return made.entrant('recover', this.#enters(made.another(target)))
      case 11:
        return made.entrant('keeper', dice(3) ? this.#enters(made.stranger()) : target)
      case 12:
      case 13:
        return made.entrant(
          'addDevice',
          dice(6) ? this.#enters(made.another(who)) : { own: target.own, member: who.member },
        )
      default:
        return made.entrant(
          'admit',
          dice(8) ? this.#enters(made.stranger()) : { own: target.own, member: this.#who().member },
        )
    }
  }

  #enters(hand: Hand): Hand {
    this.#made.hands.push(hand)
    return hand
  }

  #who(): Hand {
    return this.#pick(this.#made.hands)
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#dice(list.length)]!
  }
}
