import type { CollId, EntryId, MemberId } from '../../../src/lib/core/ids.ts'
import { memberIdFrom } from '../../../src/lib/core/ids.ts'
import { deviceIdOf, signBinding, type OwnDevice } from '../../../src/lib/crypto/device.ts'
import { createKemPair } from '../../../src/lib/crypto/kem.ts'
import { createRvPair } from '../../../src/lib/crypto/rendezvous.ts'
import { createSignPair, sign } from '../../../src/lib/crypto/sign.ts'
import { idBytes } from '../../../src/lib/core/ids.ts'
import type { Act, Position, Proposal } from '../../../src/lib/ledger/types.ts'
import { seededRandom } from '../../world/time.ts'
import { diceFrom } from '../quarrel.ts'
import type { Word } from './oracle.ts'

/** One device of somebody. */
export type Hand = { readonly own: OwnDevice; readonly member: MemberId }

/** One id for all: bindings name the collective, and are signed once for many thousand ledgers. */
export const COLL = '0'.repeat(64) as CollId
const POSSIBLE = 40
const REASONS = ['lost', 'seized', 'doubtful', 'leaving', 'evidence'] as const
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

/** The key of every invitation. */
export const INVITES = createSignPair(random.bytes(32))
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
    this.#put({ id: COLL, author: this.founders[0]!.own.id, parents: [], act })
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
  says(who: Hand, act: Act | null, parents: readonly EntryId[] = this.heads): EntryId {
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

  /** `invite`: the invitation that is shown, whose key signed for this device. */
  entrant(
    action: 'admit' | 'addDevice' | 'recover' | 'keeper',
    { own, member }: Hand,
    invite: EntryId | null = null,
  ): Proposal {
    const [device, deviceId, binding] = [
      own.device,
      own.id,
      bindingOf(own, action === 'keeper' ? null : member),
    ]
    if (action === 'keeper') return { action, device, deviceId, binding }
    if (action === 'recover') return { action, member, device, deviceId, binding }
    const th = new Uint8Array(32)
    const said = invite && [idBytes(COLL), idBytes(invite), idBytes(deviceId), th]
    const proof = invite && { invite, th, sig: sign(INVITES.secretKey, 'invite', said) }
    return { action, member, device, deviceId, binding, proof, verified: 'scan' }
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

  suspends(who: Hand, target: Hand, on?: readonly EntryId[], frontier: readonly Position[] = []): EntryId {
    const reason = REASONS[this.#count % REASONS.length]!
    const act: Act = { type: 'suspend', device: target.own.id, frontier, reason, evidence: null }
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
