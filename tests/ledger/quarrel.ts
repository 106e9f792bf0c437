import type { EntryId } from '../../src/lib/core/ids.ts'
import { signBinding } from '../../src/lib/crypto/device.ts'
import { feedIdOf } from '../../src/lib/ledger/feed-id.ts'
import type { Act, Proposal } from '../../src/lib/ledger/types.ts'
import { Council, type Delegate } from './council.ts'

/** Whole numbers below a bound, repeatable. */
export type Dice = (below: number) => number

export const diceFrom = (seed: number): Dice => {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

/**
 * A collective in which everybody says anything, standing anywhere: admits, suspends, removes, lifts, takes back, rotates,
 * retires, half of it on ancient parents. Not what people do: what a ledger has to bear.
 */
export class Quarrel {
  readonly council: Council
  readonly dice: Dice
  readonly #all: Delegate[]
  readonly #said: EntryId[]
  readonly #proposals: EntryId[] = []
  readonly #takeable: EntryId[] = []
  readonly #checkpoints: EntryId[] = []

  constructor(of: { readonly seed: number; readonly founders: number; readonly turns: number }) {
    this.dice = diceFrom(of.seed)
    this.council = new Council(of.founders, of.seed)
    this.#all = [...this.council.founders]
    this.#said = [this.council.ledger.coll]
    for (let turn = 0; turn < of.turns; turn++) this.#turn()
  }

  /** Everybody there might be, admitted or not. */
  get hands(): readonly Delegate[] {
    return this.#all
  }

  /** Any entry there is. */
  anyEntry(): EntryId {
    return this.#pick(this.#said)
  }

  #turn(): void {
    const who = this.#pick(this.#all)
    const parents =
      this.dice(10) < 6
        ? this.council.ledger.heads()
        : [...new Set([this.anyEntry(), ...(this.dice(2) ? [this.anyEntry()] : [])])]
    const act = this.#act(who, parents)
    const id = act && this.#say(who, act, parents)
    if (id && act.type === 'checkpoint') this.#settle(id)
    if (!id || act.type !== 'propose') return
    this.#proposals.push(id)
    if (this.dice(4)) this.#carryOut(who, id)
  }

  /** Most founders vote, one after the other, and one of them calls it decided. */
  #carryOut(proposer: Delegate, proposal: EntryId): void {
    let parents: readonly EntryId[] = [proposal]
    for (const founder of this.council.founders) {
      if (founder === proposer || this.dice(4) === 0) continue
      const vote = this.#say(founder, { type: 'approve', proposal, seen: [] }, parents)
      if (vote) parents = [vote]
      if (this.dice(12) === 0) parents = [...new Set([...parents, this.anyEntry()])]
    }
    this.#say(this.#pick(this.council.founders), { type: 'enact', proposal }, parents)
  }

  /** Most of those who are there co-sign, one after the other or each alone. */
  #settle(checkpoint: EntryId): void {
    this.#checkpoints.push(checkpoint)
    let parents: readonly EntryId[] = [checkpoint]
    for (const who of this.#all) {
      if (this.dice(7) === 0) continue
      const cosign = this.#say(who, { type: 'cosign', checkpoint }, parents)
      if (cosign && this.dice(2)) parents = [cosign]
    }
  }

  #say(who: Delegate, act: Act, parents: readonly EntryId[]): EntryId | null {
    const { ledger, wires } = this.council
    const id = this.council.says(who, act, parents)
    if (!ledger.has(id)) {
      wires.pop() // nobody knows the author there
      return null
    }
    this.#said.push(id)
    if (act.type === 'propose' || act.type === 'approve' || act.type === 'suspend') this.#takeable.push(id)
    return id
  }

  #act(who: Delegate, parents: readonly EntryId[]): Act | null {
    const { dice } = this
    const device = this.#pick(this.#all).own.id
    switch (dice(20)) {
      case 0:
        return { type: 'merge' }
      case 1:
      case 2:
        return dice(3) ? null : { type: 'suspend', device, frontier: [], reason: 'lost', evidence: null }
      case 3:
      case 4:
      case 5:
      case 6:
        return { type: 'propose', proposal: this.#proposal(who) }
      case 7:
      case 8:
        return this.#proposals.length ? { type: 'approve', proposal: this.#recent(), seen: [] } : null
      case 9:
      case 10:
        return this.#proposals.length ? { type: 'enact', proposal: this.#recent() } : null
      case 11:
        return this.#takeable.length ? { type: 'withdraw', target: this.#pick(this.#takeable) } : null
      case 12: {
        const epochs = [...this.council.ledger.stateOf(parents).epochs.keys()]
        const prev = epochs.length ? [this.#pick(epochs)] : []
        return { type: 'rotate', prev, commit: new Uint8Array(32), boxRoot: new Uint8Array(32) }
      }
      case 13: {
        const incarnation = this.council.random.bytes(16)
        return {
          type: 'feed',
          feed: feedIdOf(this.council.ledger.coll, who.own.id, incarnation),
          incarnation,
        }
      }
      case 15:
      case 16:
        return { type: 'checkpoint', attachment: { hash: new Uint8Array(32), size: dice(4000) } }
      case 17:
        return this.#checkpoints.length ? { type: 'cosign', checkpoint: this.#pick(this.#checkpoints) } : null
      case 18:
        return { type: 'rekey', kemPk: this.council.stranger().own.device.kemPk }
      case 14:
        return { type: 'invite', invitePk: new Uint8Array(32), uses: 1 }
      default:
        return dice(4) ? null : { type: 'retire', frontier: [] }
    }
  }

  #proposal(who: Delegate): Proposal {
    const target = this.#pick(this.#all)
    const device = target.own.id
    const annul = this.#takeable.length && this.dice(2) ? [this.#pick(this.#takeable)] : []
    switch (this.dice(11)) {
      case 0:
        return { action: 'removeMember', member: target.member, annul }
      case 1:
        return { action: 'revokeDevice', device, frontier: [], annul }
      case 2:
      case 3:
        return { action: 'lift', device }
      case 4:
        return { action: 'policy', policy: { admit: 2 + this.dice(2) } }
      case 9:
        return { action: 'dormant', members: [target.member, this.#pick(this.#all).member] }
      case 10:
        return { action: 'minRules', rules: this.dice(4) }
      case 5:
        return { action: 'recover', ...this.#entrant(target.member) }
      case 6:
        return { action: 'addDevice', ...this.#entrant(who.member), proof: null, verified: 'scan' }
      default:
        return { action: 'admit', ...this.#entrant(null), proof: null, verified: 'words' }
    }
  }

  #entrant(known: Delegate['member'] | null) {
    const { own, member: fresh } = this.council.stranger()
    const member = known ?? fresh
    this.#all.push({ own, member })
    const binding = signBinding(own, this.council.ledger.coll, member)
    return { member, device: own.device, deviceId: own.id, binding }
  }

  /** The latest proposal, mostly. */
  #recent(): EntryId {
    return this.dice(3) ? this.#proposals.at(-1)! : this.#pick(this.#proposals)
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.dice(list.length)]!
  }
}
