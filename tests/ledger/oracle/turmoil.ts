import type { DeviceId, EntryId, EpochId, RecId } from '../../../src/lib/core/ids.ts'
import type { KemPublic } from '../../../src/lib/crypto/kem.ts'
import type { Act, Position, Proposal } from '../../../src/lib/ledger/types.ts'
import { diceFrom, type Dice } from '../quarrel.ts'
import { feedIdOf } from '../../../src/lib/ledger/feed-id.ts'
import { lives } from './lived.ts'
import { COLL, INVITES, MadeUp, type Hand } from './made-up.ts'

/**
 * A collective in turmoil, one number a turn: two halves that sometimes hear each other, acts dated back to anywhere, every kind
 * of proposal, votes missing, checkpoints that rival. Leaving turns out leaves the rest much as it was, so that what fails
 * shrinks. `chapters`: what they have been through before, by number.
 */
export const turmoil = (
  founders: number,
  turns: readonly number[],
  chapters: readonly number[] = [],
): MadeUp => {
  const made = new MadeUp(founders, founders)
  return stir(lives(turns.length % 2 ? made : atHome(made), chapters), turns)
}

/** They have been at it for a while: everybody has a feed, there is a key, and somebody was invited. */
const atHome = (made: MadeUp): MadeUp => {
  const incarnation = new Uint8Array(16)
  for (const { own, member } of made.founders)
    made.says({ own, member }, { type: 'feed', feed: feedIdOf(COLL, own.id, incarnation), incarnation })
  const [first] = made.founders as [Hand, ...Hand[]]
  made.says(first, { type: 'rotate', prev: [], commit: new Uint8Array(32), boxRoot: new Uint8Array(32) })
  made.says(first, { type: 'invite', invitePk: INVITES.publicKey, uses: 1 })
  return made
}

/** More of it, by whoever has a hand in it: leave `made.hands` to a few, and the others keep quiet. */
export const stir = (made: MadeUp, turns: readonly number[]): MadeUp => {
  const all = () => new Set(made.words.map(({ id }) => id))
  const halves: [Set<EntryId>, Set<EntryId>] = [all(), all()]
  for (const turn of turns) new Turn(made, halves, diceFrom(turn)).take()
  return made
}

const anything = (made: MadeUp): EntryId => made.words.at(-1)!.id

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
    switch (dice(27)) {
      case 0:
      case 1:
        return void this.#suspends(who, this.#who(), on)
      case 2: {
        // One silences many, next to each other or one after the other.
        let knows = on
        for (const target of made.hands.filter(() => dice(2))) {
          const id = this.#suspends(who, target, knows)
          if (dice(2)) knows = [id]
        }
        return
      }
      case 3:
        return say(this.#vote())
      case 4: {
        const takeable = made.words.filter(({ act }) =>
          ['approve', 'propose', 'suspend'].includes(act?.type ?? ''),
        )
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
        return void (dice(3) === 0 && say({ type: 'retire', frontier: this.#positions(who.own.id) }))
      case 6: {
        const epochs = made.words.filter(({ act }) => act?.type === 'rotate').map(({ id }) => id)
        const prev = epochs.length > 0 && dice(2) ? [this.#pick(epochs) as EpochId] : []
        return say({ type: 'rotate', prev, commit: new Uint8Array(32), boxRoot: new Uint8Array(32) })
      }
      case 7:
        for (let copies = dice(2); copies >= 0; copies--) say({ type: 'rekey', kemPk: this.#newKey() })
        return
      case 8:
        return say({ type: 'invite', invitePk: INVITES.publicKey, uses: 1 })
      case 9: {
        const epochs = made.words.filter(({ act }) => act?.type === 'rotate').map(({ id }) => id as EpochId)
        if (epochs.length === 0) return say({ type: 'merge' })
        const device = this.#who().own.id
        return say({ type: 'grant', epochs: [this.#pick(epochs)], device, box: new Uint8Array() })
      }
      case 10:
      case 11:
      case 12:
      case 13: {
        const some = made.hands.filter(() => dice(5) > 0)
        return void (some.length > 0 && made.settles(some, on))
      }
      case 14: {
        // Perhaps all of them, long after it was proposed.
        const checkpoints = made.words.filter(({ act }) => act?.type === 'checkpoint')
        if (checkpoints.length === 0) return
        const checkpoint = this.#pick(checkpoints).id
        const late = dice(2) ? made.hands : [who]
        for (const one of late) made.says(one, { type: 'cosign', checkpoint }, dice(4) ? [checkpoint] : on)
        return
      }
      case 22:
      case 23: {
        // A feed of one’s own, perhaps once more, or one that is called otherwise than it must be.
        const incarnation = new Uint8Array(16).fill(dice(3))
        const named = dice(8) ? who : this.#who()
        return say({ type: 'feed', feed: feedIdOf(COLL, named.own.id, incarnation), incarnation })
      }
      case 24: {
        const epochs = made.words.filter(({ act }) => act?.type === 'rotate').map(({ id }) => id)
        const epoch = (dice(4) && epochs.length > 0 ? this.#pick(epochs) : anything(made)) as EpochId
        return say({ type: 'complain', epoch, reason: dice(2) ? 'noBox' : 'badBox' })
      }
      case 25:
        // Something that newer rules know, and these do not.
        return void made.says(who, null, on)
      case 26:
        // What another collective did: here it is nothing.
        return say({ type: 'mirror', act: anything(made) })
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
      const seen = this.#seen(proposal)
      const vote = made.says(voter, { type: 'approve', proposal: proposed, seen }, knows)
      if (dice(2)) apart.push(vote)
      else knows = [vote]
      if (dice(24) === 0) knows = [...knows, this.#pick(made.words).id]
    }
    made.says(this.#who(), { type: 'enact', proposal: proposed }, [...knows, ...apart])
  }

  #vote(): Act | null {
    const proposals = this.#made.words.filter(({ act }) => act?.type === 'propose')
    if (proposals.length === 0) return null
    const { id: proposal, act } = this.#pick(proposals)
    const seen = act?.type === 'propose' ? this.#seen(act.proposal) : []
    return this.#dice(2) ? { type: 'approve', proposal, seen } : { type: 'enact', proposal }
  }

  #proposal(who: Hand): Proposal {
    const made = this.#made
    const dice = this.#dice
    const target = this.#who()
    const device = target.own.id
    const suspensions = made.words.filter(({ act }) => act?.type === 'suspend' || act?.type === 'propose')
    const annul = suspensions
      .filter(() => dice(3) === 0)
      .map(({ id }) => id)
      .sort()
    switch (dice(20)) {
      case 0:
      case 1:
        return { action: 'removeMember', member: target.member, annul }
      case 2:
      case 3:
      case 4:
        return { action: 'revokeDevice', device, frontier: this.#positions(device), annul }
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
          this.#invite(),
        )
      case 18:
      case 19: {
        return { action: 'amendFrontier', device, frontier: this.#positions(device) }
      }
      default:
        return made.entrant(
          'admit',
          dice(8) ? this.#enters(made.stranger()) : { own: target.own, member: this.#who().member },
          this.#invite(),
        )
    }
  }

  #suspends(who: Hand, target: Hand, on: readonly EntryId[]): EntryId {
    return this.#made.suspends(who, target, on, this.#positions(target.own.id))
  }

  /** Of the device a proposal is about, as far as somebody holds it; or of any, which must not count. */
  #seen(proposal: Proposal): readonly Position[] {
    const { hands } = this.#made
    const theirs = 'member' in proposal ? hands.find(({ member }) => member === proposal.member) : undefined
    const about =
      'device' in proposal && typeof proposal.device === 'string' ? proposal.device : theirs?.own.id
    return this.#positions(this.#dice(8) && about ? about : this.#who().own.id)
  }

  /** Anywhere in some of the feeds a device may have, sorted by feed, of two possible branches. */
  #positions(device: DeviceId): readonly Position[] {
    const dice = this.#dice
    return [0, 1, 2]
      .filter((incarnation) => dice(incarnation === 0 ? 8 : 2))
      .map((incarnation) => ({
        feed: feedIdOf(COLL, device, new Uint8Array(16).fill(incarnation)),
        seq: dice(4),
        rec: String(dice(2)).repeat(64) as RecId,
      }))
      .sort((a, b) => (a.feed < b.feed ? -1 : 1))
  }

  /** One of the invitations, rather the first: so that several come in by it. Or an entry that is none; or none. */
  #invite(): EntryId | null {
    const dice = this.#dice
    if (dice(3) === 0) return null
    const invites = this.#made.words.filter(({ act }) => act?.type === 'invite')
    if (invites.length === 0 || dice(16) === 0) return dice(4) ? null : anything(this.#made)
    return dice(2) ? invites[0]!.id : this.#pick(invites).id
  }

  #enters(hand: Hand): Hand {
    this.#made.hands.push(hand)
    return hand
  }

  /** A key like no other. Nothing is ever sealed to it. */
  #newKey(): KemPublic {
    const key = new Uint8Array(1216)
    new DataView(key.buffer).setUint32(0, this.#made.words.length)
    return key as KemPublic
  }

  #who(): Hand {
    return this.#pick(this.#made.hands)
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#dice(list.length)]!
  }
}
