import type { DeviceId, EntryId, EpochId } from '../../src/lib/core/ids.ts'
import { signBinding } from '../../src/lib/crypto/device.ts'
import { feedIdOf } from '../../src/lib/ledger/feed-id.ts'
import type { DeviceStanding, Position, Proposal } from '../../src/lib/ledger/types.ts'
import { Council, type Delegate } from './council.ts'

/** A council whose members decide things in one call each. Where it matters, `on` says what they knew. */
export class Assembly extends Council {
  proposes(who: Delegate, proposal: Proposal, on?: readonly EntryId[]): EntryId {
    return this.says(who, { type: 'propose', proposal }, on)
  }

  approves(
    who: Delegate,
    proposal: EntryId,
    on?: readonly EntryId[],
    seen: readonly Position[] = [],
  ): EntryId {
    return this.says(who, { type: 'approve', proposal, seen }, on)
  }

  enacts(who: Delegate, proposal: EntryId, on?: readonly EntryId[]): EntryId {
    return this.says(who, { type: 'enact', proposal }, on)
  }

  /** The first proposes and enacts, the others approve: all of it on top of `on`, apart from whatever else goes on. */
  decide(proposal: Proposal, [first, ...others]: readonly Delegate[], on = this.ledger.heads()): EntryId {
    const id = this.proposes(first!, proposal, on)
    const votes = others.map((who) => this.approves(who, id, [id]))
    return this.enacts(first!, id, votes.length > 0 ? votes : [id])
  }

  admission(guest: Delegate): Proposal {
    return { ...this.#entrant(guest), action: 'admit', proof: null, verified: 'scan' }
  }

  secondPhone(phone: Delegate): Proposal {
    return { ...this.#entrant(phone), action: 'addDevice', proof: null, verified: 'scan' }
  }

  recovery(phone: Delegate): Proposal {
    return { ...this.#entrant(phone), action: 'recover' }
  }

  removal(who: Delegate, annul: readonly EntryId[] = []): Proposal {
    return { action: 'removeMember', member: who.member, annul: [...annul].sort() }
  }

  revocation(who: Delegate, annul: readonly EntryId[] = [], frontier: readonly Position[] = []): Proposal {
    return { action: 'revokeDevice', device: who.own.id, frontier, annul: [...annul].sort() }
  }

  lift(who: Delegate): Proposal {
    return { action: 'lift', device: who.own.id }
  }

  /** A second phone of the same member. */
  another(who: Delegate): Delegate {
    return { own: this.stranger().own, member: who.member }
  }

  suspend(
    who: Delegate,
    target: Delegate,
    on?: readonly EntryId[],
    frontier: readonly Position[] = [],
  ): EntryId {
    return this.says(
      who,
      { type: 'suspend', device: target.own.id, frontier, reason: 'lost', evidence: null },
      on,
    )
  }

  registers(who: Delegate, on?: readonly EntryId[]) {
    const incarnation = this.random.bytes(16)
    const feed = feedIdOf(this.ledger.coll, who.own.id, incarnation)
    return { feed, entry: this.says(who, { type: 'feed', feed, incarnation }, on) }
  }

  /** An epoch nobody opens: its boxes are of no account here. */
  rotates(who: Delegate, prev: readonly EpochId[] = [], on?: readonly EntryId[]): EpochId {
    const [commit, boxRoot] = [this.random.bytes(32), this.random.bytes(32)]
    return this.says(who, { type: 'rotate', prev, commit, boxRoot }, on) as EpochId
  }

  checkpoint(who: Delegate, on?: readonly EntryId[]): EntryId {
    return this.says(who, { type: 'checkpoint', attachment: { hash: this.random.bytes(32), size: 0 } }, on)
  }

  cosigns(who: Delegate, checkpoint: EntryId, on?: readonly EntryId[]): EntryId {
    return this.says(who, { type: 'cosign', checkpoint }, on)
  }

  /** The first proposes that everything up to `on` be settled; all of them co-sign, apart from whatever else goes on. */
  settles(who: readonly Delegate[], on = this.ledger.heads()): EntryId {
    const checkpoint = this.checkpoint(who[0]!, on)
    for (const one of who) this.cosigns(one, checkpoint, [checkpoint])
    return checkpoint
  }

  /** A new key for one’s own device. */
  rekeys(who: Delegate, on?: readonly EntryId[]) {
    const { kemPk } = this.stranger().own.device
    return { kemPk, entry: this.says(who, { type: 'rekey', kemPk }, on) }
  }

  get finals(): readonly EntryId[] {
    return this.ledger.state().finals
  }

  votes(who: Delegate): boolean {
    return this.ledger.state().members.get(who.member)?.votes ?? false
  }

  standings(...who: readonly Delegate[]): readonly (DeviceStanding | 'unknown')[] {
    return who.map((one) => this.ledger.state().devices.get(one.own.id)?.standing ?? 'unknown')
  }

  isVoid(id: EntryId): boolean {
    return this.ledger.state().void.has(id)
  }

  deviceOf(who: Delegate) {
    return this.ledger.state().devices.get(who.own.id)
  }

  #entrant({ own, member }: Delegate) {
    const deviceId: DeviceId = own.id
    return { member, device: own.device, deviceId, binding: signBinding(own, this.ledger.coll, member) }
  }
}

/** `size` founders and their ledger. */
export const assemble = (size: number, seed = size) => {
  const council = new Assembly(size, seed)
  const [alba, bruna, cira, dina, elva] = council.founders as [
    Delegate,
    Delegate,
    Delegate,
    Delegate,
    Delegate,
  ]
  return { council, alba, bruna, cira, dina, elva, start: council.ledger.heads() }
}
