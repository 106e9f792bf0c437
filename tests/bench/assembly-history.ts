import { memberIdFrom, type EntryId, type EpochId, type MemberId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createDevice, signBinding, type OwnDevice } from '../../src/lib/crypto/device.ts'
import { createEntry } from '../../src/lib/ledger/authoring.ts'
import { feedIdOf } from '../../src/lib/ledger/feed-id.ts'
import { assembleGenesis, createGenesis, signGenesis } from '../../src/lib/ledger/genesis.ts'
import { createLedger, type Ledger } from '../../src/lib/ledger/graph.ts'
import type { Act, Proposal } from '../../src/lib/ledger/types.ts'
import { diceFrom } from '../ledger/quarrel.ts'
import { seededRandom } from '../world/time.ts'

type Person = { readonly member: MemberId; readonly devices: OwnDevice[]; readonly village: number }

const VILLAGES = 3
const FOUNDERS = 12

/**
 * Years of a large collective, signed for real: three villages that hear of each other now and then. All its people and
 * phones come in first, then a checkpoint makes that final, then they live: rotations, new keys, lost phones, votes.
 */
export class AssemblyHistory {
  readonly genesis: Uint8Array
  readonly wires: Uint8Array[] = []
  readonly #ledgers: readonly Ledger[]
  readonly #people: Person[] = []
  readonly #random = seededRandom(1)
  readonly #dice = diceFrom(1)
  readonly #suspended: { readonly by: Person; readonly entry: EntryId }[] = []
  #turn = 0
  #settleAt = 4000
  /** How many of `wires` all have heard. */
  #met = 0

  /** `acts` 0: as many as it takes until all are in and that is final. */
  constructor(of: { readonly acts: number; readonly members: number; readonly devices: number }) {
    for (let i = 0; i < FOUNDERS; i++) this.#people.push(this.#stranger())
    const draft = createGenesis({
      author: this.#people[0]!.devices[0]!.id,
      founders: this.#people.map(({ member, devices }) => ({ member, device: devices[0]!.device })),
      nonce: new Uint8Array(16),
      policy: { admit: 3 },
    })
    const sigs = this.#people.map(({ devices }) => signGenesis(devices[0]!, draft))
    this.genesis = expectOk(assembleGenesis(draft, sigs)).wire
    this.#ledgers = Array.from({ length: VILLAGES }, () => expectOk(createLedger(this.genesis)))
    while (this.#people.length < of.members) this.#admit()
    this.#meet()
    for (let more = of.devices - of.members, i = 0; more > 0; more--)
      this.#addDevice(this.#people[i++ % of.members]!)
    this.#meet()
    this.#settle(this.#people.slice(0, FOUNDERS))
    while (this.wires.length < of.acts) this.#live()
    if (of.acts > 0) this.wires.length = of.acts
  }

  /** The device of somebody who was there from the start. */
  get founder(): OwnDevice {
    return this.#people[0]!.devices[0]!
  }

  #stranger(): Person {
    const member = memberIdFrom(crypto.getRandomValues(new Uint8Array(16)))!
    return { member, devices: [createDevice(this.#random)], village: this.#people.length % VILLAGES }
  }

  #says(who: Person, act: Act, own = who.devices[0]!): EntryId {
    const ledger = this.#ledgers[who.village]!
    const { id, wire } = createEntry({ ledger, own, act })
    ledger.add([wire])
    this.wires.push(wire)
    if (++this.#turn % 25 === 0) this.#meet()
    return id
  }

  /** Everybody hears everything. */
  #meet(): void {
    for (const ledger of this.#ledgers) ledger.add(this.wires.slice(this.#met))
    this.#met = this.wires.length
  }

  #decide(proposal: Proposal, voters: readonly Person[], own = voters[0]!.devices[0]!): void {
    const id = this.#says(voters[0]!, { type: 'propose', proposal }, own)
    this.#meet()
    for (const who of voters.slice(1)) this.#says(who, { type: 'approve', proposal: id, seen: [] })
    this.#meet()
    this.#says(voters[1]!, { type: 'enact', proposal: id })
  }

  #entrant(member: MemberId, own: OwnDevice) {
    const binding = signBinding(own, this.#ledgers[0]!.coll, member)
    const side = { member, device: own.device, deviceId: own.id, binding }
    return { ...side, proof: null, verified: 'scan' as const }
  }

  #admit(): void {
    const guest = this.#stranger()
    const first = this.#dice(FOUNDERS - 2)
    this.#decide(
      { action: 'admit', ...this.#entrant(guest.member, guest.devices[0]!) },
      this.#people.slice(first, first + 3),
    )
    this.#people.push(guest)
  }

  #addDevice(who: Person): void {
    const own = createDevice(this.#random)
    const voucher = this.#people[this.#dice(FOUNDERS)]!
    this.#decide({ action: 'addDevice', ...this.#entrant(who.member, own) }, [
      who,
      voucher === who ? this.#people.at(-1)! : voucher,
    ])
    who.devices.push(own)
  }

  #settle(who: readonly Person[]): void {
    const checkpoint = this.#says(who[0]!, {
      type: 'checkpoint',
      attachment: { hash: new Uint8Array(32), size: 0 },
    })
    this.#meet()
    for (const one of who) this.#says(one, { type: 'cosign', checkpoint })
    this.#meet()
  }

  #live(): void {
    const who = this.#people[this.#dice(this.#people.length)]!
    const own = who.devices[this.#dice(who.devices.length)]!
    const ledger = this.#ledgers[who.village]!
    const bytes = () => crypto.getRandomValues(new Uint8Array(32))
    const kind = this.#dice(100)
    if (this.#turn >= this.#settleAt) {
      this.#settleAt += 2500
      this.#settle(this.#people.slice(0, 140))
    } else if (kind < 35) {
      const prev = this.#latestEpoch ? [this.#latestEpoch].filter((id) => ledger.has(id)) : []
      this.#latestEpoch = this.#says(
        who,
        { type: 'rotate', prev, commit: bytes(), boxRoot: bytes() },
        own,
      ) as EpochId
    } else if (kind < 55)
      this.#says(who, { type: 'rekey', kemPk: createDevice(this.#random).device.kemPk }, own)
    else if (kind < 70) {
      const incarnation = bytes().slice(0, 16)
      this.#says(who, { type: 'feed', feed: feedIdOf(ledger.coll, own.id, incarnation), incarnation }, own)
    } else if (kind < 80) this.#says(who, { type: 'invite', invitePk: bytes(), uses: 1 }, own)
    else if (kind < 90) this.#says(who, { type: 'merge' }, own)
    else if (kind < 95) this.#lose(who)
    else if (kind === 99 && this.#dice(4) === 0)
      this.#decide({ action: 'policy', policy: { admit: 3 } }, this.#people.slice(0, 110))
    else this.#takeBack()
  }

  #latestEpoch: EpochId | null = null

  /** A phone is lost, and found again later. */
  #lose(who: Person): void {
    const target = this.#people[this.#dice(this.#people.length)]!.devices.at(-1)!
    const entry = this.#says(who, {
      type: 'suspend',
      device: target.id,
      frontier: [],
      reason: 'lost',
      evidence: null,
    })
    this.#suspended.push({ by: who, entry })
  }

  #takeBack(): void {
    const said = this.#suspended.shift()
    if (said) this.#says(said.by, { type: 'withdraw', target: said.entry })
  }
}
