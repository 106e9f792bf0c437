import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DeviceId, EntryId, MemberId } from '../../src/lib/core/ids.ts'
import { signBinding } from '../../src/lib/crypto/device.ts'
import { writeEpoch } from '../../src/lib/ledger/epochs.ts'
import { createRotate } from '../../src/lib/ledger/rotation.ts'
import type { Act, LedgerState, Proposal } from '../../src/lib/ledger/types.ts'
import { Council, type Delegate } from './council.ts'
import { diceFrom, type Dice } from './quarrel.ts'

const RUNS = process.env.SLOW ? 300 : 12
const WHILE = { timeout: process.env.SLOW ? 600_000 : 60_000 }

/**
 * Some founders lie, with every device and ghost they can make up, standing wherever they like, also before anything
 * happened. The others only write, and never give a vote to any of it.
 */
class Siege {
  readonly council: Council
  readonly liars: readonly Delegate[]
  readonly honest: readonly Delegate[]
  readonly dice: Dice
  /** Liars’ further devices and invented members. */
  readonly #ghosts: Delegate[] = []
  readonly #said: EntryId[]
  readonly #theirs: EntryId[] = []

  constructor(of: { readonly seed: number; readonly founders: number; readonly liars: number }) {
    this.council = new Council(of.founders, of.seed)
    this.dice = diceFrom(of.seed)
    this.liars = this.council.founders.slice(0, of.liars)
    this.honest = this.council.founders.slice(of.liars)
    this.#said = [this.council.ledger.coll]
    for (let turn = 0; turn < 60; turn++) this.#turn()
  }

  get state(): LedgerState {
    return this.council.ledger.state()
  }

  #turn(): void {
    if (this.dice(3) === 0) return void this.#says(this.#pick(this.honest), { type: 'merge' })
    const who = this.#pick([...this.liars, ...this.liars, ...this.#ghosts])
    const anywhere = [...new Set([this.#pick(this.#said), this.#pick(this.#said)])]
    const parents = this.dice(2) ? this.council.ledger.heads() : anywhere
    const act = this.#lie(who)
    const id = act && this.#says(who, act, parents)
    if (!id || act.type !== 'propose' || this.dice(3) === 0) return
    // All who lie vote for it, and one of them says that it is decided.
    let below: readonly EntryId[] = [id]
    for (const voter of [...this.liars, ...this.#ghosts]) {
      const vote = this.#says(voter, { type: 'approve', proposal: id, seen: [] }, below)
      if (vote) below = [vote]
    }
    this.#says(this.#pick(this.liars), { type: 'enact', proposal: id }, below)
  }

  #says(who: Delegate, act: Act, parents?: readonly EntryId[]): EntryId | null {
    const id = this.council.says(who, act, parents)
    if (!this.council.ledger.has(id)) return null
    this.#said.push(id)
    if (!this.honest.includes(who)) this.#theirs.push(id)
    return id
  }

  #lie(who: Delegate): Act | null {
    const { dice } = this
    const someone = this.#pick(this.council.founders)
    const device = someone.own.id
    switch (dice(8)) {
      case 0:
      case 1:
        return { type: 'suspend', device, frontier: [], reason: 'lost', evidence: null }
      case 2:
        return this.#theirs.length ? { type: 'withdraw', target: this.#pick(this.#theirs) } : null
      case 3:
        return { type: 'rotate', prev: [], commit: new Uint8Array(32), boxRoot: new Uint8Array(32) }
      case 4:
        return {
          type: 'propose',
          proposal: { action: 'admit', ...this.#ghost(null), proof: null, verified: 'scan' },
        }
      case 5:
        return {
          type: 'propose',
          proposal: { action: 'addDevice', ...this.#ghost(who.member), proof: null, verified: 'scan' },
        }
      default:
        return { type: 'propose', proposal: this.#demand(someone.member, device) }
    }
  }

  #demand(member: MemberId, device: DeviceId): Proposal {
    switch (this.dice(6)) {
      case 0:
        return { action: 'removeMember', member, annul: [] }
      case 1:
        return { action: 'revokeDevice', device, frontier: [], annul: [] }
      case 2:
        return { action: 'recover', ...this.#ghost(member) }
      case 3:
        return { action: 'policy', policy: { admit: 5 } }
      case 4:
        return { action: 'keeper', ...this.#ghost(null) }
      default:
        return { action: 'lift', device }
    }
  }

  #ghost(known: MemberId | null) {
    const { own, member: fresh } = this.council.stranger()
    const member = known ?? fresh
    this.#ghosts.push({ own, member })
    const binding = signBinding(own, this.council.ledger.coll, member)
    return { member, device: own.device, deviceId: own.id, binding }
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.dice(list.length)]!
  }

  /** What honest people do about it: remove everyone who lied, and with them what they said against others. */
  putRight(): void {
    const { council, honest } = this
    const known = new Set(honest.map(({ member }) => member))
    for (const { id: member, devices } of this.state.members.values()) {
      if (known.has(member)) continue
      const annul = [...this.state.suspensions.values()]
        .filter(({ author }) => devices.includes(author))
        .map(({ id }) => id)
        .sort()
      const [first, ...others] = honest as [Delegate, ...Delegate[]]
      const proposal = council.says(first, {
        type: 'propose',
        proposal: { action: 'removeMember', member, annul },
      })
      for (const other of others) council.says(other, { type: 'approve', proposal, seen: [] })
      council.says(first, { type: 'enact', proposal })
    }
  }
}

const sieges = (few: (founders: number) => number) =>
  fc
    .record({ seed: fc.nat(), founders: fc.integer({ min: 3, max: 7 }) })
    .map(({ seed, founders }) => new Siege({ seed, founders, liars: few(founders) }))
const holds = (all: fc.Arbitrary<Siege>, check: (siege: Siege) => void) =>
  fc.assert(fc.property(all, check), { numRuns: RUNS })
const voters = (state: LedgerState) => [...state.members.values()].filter(({ votes }) => votes).length

test(
  'one who lies, with all the ghosts there are, brings nobody in, ends nobody, and changes no rule',
  WHILE,
  () => {
    holds(
      sieges(() => 1),
      ({ council, state }) => {
        expect([...state.members.keys()]).toEqual(council.founders.map(({ member }) => member).toSorted())
        expect([...state.devices.keys()]).toEqual(council.founders.map(({ own }) => own.id).toSorted())
        expect([...state.devices.values()].filter(({ standing }) => standing === 'revoked')).toEqual([])
        expect(state.policy).toEqual({ admit: 2 })
      },
    )
  },
)

test(
  'one who lies silences no more than less than half of the others, and whoever is left can go on writing',
  WHILE,
  () => {
    holds(
      sieges(() => 1),
      ({ council, honest, state }) => {
        const silent = honest.filter(({ own }) => state.devices.get(own.id)?.standing === 'suspended')
        expect(silent.length).toBeLessThanOrEqual(Math.max(1, Math.floor((council.founders.length - 1) / 2)))
        const speaker = honest.find((one) => !silent.includes(one))!
        const { entry } = createRotate({ ledger: council.ledger, own: speaker.own })
        council.ledger.add([entry.wire])
        expect(writeEpoch(council.ledger.state(), (epoch) => epoch === entry.id)).toBe(entry.id)
      },
    )
  },
)

test(
  'fewer than a majority, together, end nobody, lift nobody, change no rule and gain no vote',
  WHILE,
  () => {
    holds(
      sieges((founders) => Math.floor(founders / 2)),
      ({ council, state }) => {
        expect(voters(state)).toBe(council.founders.length)
        expect([...state.devices.values()].filter(({ standing }) => standing === 'revoked')).toEqual([])
        expect(state.policy).toEqual({ admit: 2 })
        for (const { proposal, status } of state.proposals.values())
          if (!['admit', 'addDevice'].includes(proposal.action)) expect(status).not.toBe('enacted')
      },
    )
  },
)

test('and a majority, though silenced, removes them and is whole again', WHILE, () => {
  let silenced = 0
  holds(
    sieges((founders) => Math.floor((founders - 1) / 2)),
    (siege) => {
      silenced += siege.honest.filter(
        ({ own }) => siege.state.devices.get(own.id)?.standing !== 'active',
      ).length
      siege.putRight()
      const { honest, liars, state } = siege
      for (const { own, member } of honest) {
        expect(state.members.has(member)).toBe(true)
        expect(state.devices.get(own.id)?.standing).toBe('active')
      }
      for (const { own, member } of liars) {
        expect(state.members.has(member)).toBe(false)
        expect(state.devices.get(own.id)?.standing).toBe('revoked')
      }
      expect(state.members.size).toBe(honest.length)
    },
  )
  expect(silenced).toBeGreaterThan(0)
})
