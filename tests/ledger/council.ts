import { expectOk } from '../../src/lib/core/result.ts'
import { memberIdFrom, type DeviceId, type EntryId, type MemberId } from '../../src/lib/core/ids.ts'
import { encodeCbor, type Cbor } from '../../src/lib/core/cbor.ts'
import { idBytes } from '../../src/lib/core/ids.ts'
import type { Random } from '../../src/lib/core/clock.ts'
import { deviceIdOf, signBinding, type OwnDevice } from '../../src/lib/crypto/device.ts'
import { createKemPair } from '../../src/lib/crypto/kem.ts'
import { createRvPair } from '../../src/lib/crypto/rendezvous.ts'
import { createSignPair, sign } from '../../src/lib/crypto/sign.ts'
import { bodyFromAct } from '../../src/lib/ledger/acts.ts'
import { encodeEntry, entryIdOf } from '../../src/lib/ledger/entry.ts'
import { assembleGenesis, createGenesis, signGenesis } from '../../src/lib/ledger/genesis.ts'
import { createLedger, type Ledger } from '../../src/lib/ledger/graph.ts'
import type { Act, Entry } from '../../src/lib/ledger/types.ts'
import { seededRandom } from '../world/time.ts'

/** A founder or newcomer with a device, whose acts may be placed anywhere: also where no honest app would place them. */
export type Delegate = { readonly own: OwnDevice; readonly member: MemberId }

/** Founders around one ledger. Every act is signed for real; where it stands is up to the test. */
export class Council {
  readonly random
  readonly founders: readonly Delegate[]
  readonly ledger: Ledger
  readonly genesis: Uint8Array
  readonly wires: Uint8Array[] = []

  constructor(size: number, seed = 1) {
    this.random = seededRandom(seed)
    this.founders = Array.from({ length: size }, () => this.stranger())
    const draft = createGenesis({
      author: this.founders[0]!.own.id,
      founders: this.founders.map(({ own, member }) => ({ member, device: own.device })),
      nonce: this.random.bytes(16),
      policy: { admit: 2 },
    })
    const genesis = expectOk(
      assembleGenesis(
        draft,
        this.founders.map(({ own }) => signGenesis(own, draft)),
      ),
    )
    this.genesis = genesis.wire
    this.ledger = expectOk(createLedger(genesis.wire))
  }

  stranger(): Delegate {
    return { own: deviceFrom(this.random), member: memberIdFrom(this.random.bytes(16))! }
  }

  /** Signs an act standing on `parents` (by default everything known) and hands it to the ledger. */
  says(who: Delegate, act: Act, parents: readonly EntryId[] = this.ledger.heads()): EntryId {
    const { wire, id } = this.signed(who, act, parents)
    this.ledger.add([wire])
    this.wires.push(wire)
    return id
  }

  signed(who: Delegate, act: Act, parents: readonly EntryId[], v = 1, type: string = act.type) {
    const entry: Entry = {
      v,
      coll: this.ledger.coll,
      type,
      author: who.own.id,
      own: this.lastOf(who.own.id, parents),
      parents: [...parents].sort(),
      body: bodyFromAct(act),
    }
    const id = entryIdOf(entry)
    return { id, entry, wire: encodeEntry(entry, [sign(who.own.signSk, 'led', idBytes(id))]) }
  }

  lastOf(device: DeviceId, parents: readonly EntryId[]): EntryId | null {
    const own = this.ledger
      .topological(parents)
      .filter(({ entry }) => entry.author === device)
      .map(({ id }) => id)
    const newest = own.filter((id) => !own.some((other) => other !== id && this.ledger.isBelow(id, other)))
    return newest.sort()[0] ?? null
  }

  proposesAdmission(host: Delegate, guest: Delegate, parents?: readonly EntryId[]): EntryId {
    return this.says(
      host,
      {
        type: 'propose',
        proposal: {
          action: 'admit',
          member: guest.member,
          device: guest.own.device,
          deviceId: guest.own.id,
          binding: signBinding(guest.own, this.ledger.coll, guest.member),
          proof: null,
          verified: 'scan',
        },
      },
      parents,
    )
  }

  admits(guest: Delegate, host: Delegate, other: Delegate): void {
    const proposal = this.proposesAdmission(host, guest)
    this.says(other, { type: 'approve', proposal, seen: [] })
    this.says(other, { type: 'enact', proposal })
  }

  suspends(who: Delegate, target: Delegate): EntryId {
    return this.says(who, {
      type: 'suspend',
      device: target.own.id,
      frontier: [],
      reason: 'lost',
      evidence: null,
    })
  }

  standing(who: Delegate): string {
    return this.ledger.state().devices.get(who.own.id)?.standing ?? 'unknown'
  }

  isMember(who: Delegate): boolean {
    return this.ledger.state().members.has(who.member)
  }

  /** A ledger of its own from the same genesis, fed with `wires` in this order. */
  replay(wires: readonly Uint8Array[]): Ledger {
    const ledger = expectOk(createLedger(this.genesis))
    for (const wire of wires) ledger.add([wire])
    return ledger
  }
}

/** The same device from the same randomness, and so the same ids and ties: a seed that fails once fails again. */
const deviceFrom = (random: Random): OwnDevice => {
  const signs = createSignPair(random.bytes(32))
  const kem = createKemPair(random.bytes(32))
  const rv = createRvPair(random.bytes(32))
  const nonce = random.bytes(16)
  const device = { signPk: signs.publicKey, kemPk: kem.publicKey, rvPk: rv.publicKey, nonce }
  return { id: deviceIdOf(device), device, signSk: signs.secretKey, kemSk: kem.secretKey, rvSk: rv.secretKey }
}

/** The canonical bytes of a value in no particular shape, for hostile encodings. */
export const bytesOf = (value: Cbor): Uint8Array => encodeCbor(value)
