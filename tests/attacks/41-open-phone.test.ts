import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { signBinding } from '../../src/lib/crypto/device.ts'
import { createSignPair } from '../../src/lib/crypto/sign.ts'
import type { Proposal } from '../../src/lib/ledger/types.ts'
import { exportBundle } from '../../src/lib/workspace/bundles.ts'
import { openCarriedFile } from '../../src/lib/workspace/carried-file.ts'
import { membershipFrom } from '../../src/lib/workspace/membership.ts'
import { Council, type Delegate } from '../ledger/council.ts'
import { World, type Person } from '../world/cast.ts'

/** Somebody took Alba’s phone while it was open: it signs whatever they want, as Alba. */
const taken = (seed: number) => {
  const council = new Council(4, seed)
  const [alba, bruna, ceiba, dalia] = council.founders as [Delegate, Delegate, Delegate, Delegate]
  return { council, alba, bruna, ceiba, dalia, ghost: council.stranger() }
}

const newDevice = (council: Council, owner: Delegate, ghost: Delegate) => ({
  member: owner.member,
  device: ghost.own.device,
  deviceId: ghost.own.id,
  binding: signBinding(ghost.own, council.ledger.coll, owner.member),
})

const dangerous: Readonly<Record<string, (of: ReturnType<typeof taken>) => Proposal>> = {
  'lets a ghost in': ({ council, ghost }) => ({
    action: 'admit',
    ...newDevice(council, ghost, ghost),
    proof: null,
    verified: 'scan',
  }),
  'adds a second phone of Alba’s': ({ council, alba, ghost }) => ({
    action: 'addDevice',
    ...newDevice(council, alba, ghost),
    proof: null,
    verified: 'scan',
  }),
  'brings Alba “back” on another phone': ({ council, alba, ghost }) => ({
    action: 'recover',
    ...newDevice(council, alba, ghost),
  }),
  'brings a keeper in': ({ council, alba, ghost }) => ({
    action: 'keeper',
    device: ghost.own.device,
    deviceId: ghost.own.id,
    binding: newDevice(council, alba, ghost).binding,
  }),
  'changes how many must vouch': () => ({ action: 'policy', policy: { admit: 3 } }),
  'removes Bruna': ({ bruna }) => ({ action: 'removeMember', member: bruna.member, annul: [] }),
  'asks everybody to update their rules': () => ({ action: 'minRules', rules: 2 }),
}

const standing = ({ ledger }: Council) => {
  const { members, devices, policy, minRules } = ledger.state()
  return {
    members: [...members.keys()].sort(),
    devices: [...devices.values()].map(({ id, standing }) => `${id} ${standing}`).sort(),
    policy,
    minRules,
  }
}

test.each(Object.entries(dangerous))(
  'attack 41: an open phone alone %s: nothing comes of it',
  (_what, propose) => {
    const of = taken(41)
    const { council, alba } = of
    const before = standing(council)
    const proposal = council.says(alba, { type: 'propose', proposal: propose(of) })
    council.says(alba, { type: 'approve', proposal, seen: [] })
    council.says(alba, { type: 'enact', proposal })
    expect(standing(council)).toEqual(before)
    // It is an act like any other: whoever has the ledger sees it, and whose phone did it.
    expect(council.ledger.has(proposal)).toBe(true)
  },
)

test('attack 41: an open phone proposes to take Bruna’s out: it is paused as any pause is, and not out', () => {
  const { council, alba, bruna } = taken(415)
  const proposal = council.says(alba, {
    type: 'propose',
    proposal: { action: 'revokeDevice', device: bruna.own.id, frontier: [], annul: [] },
  })
  council.says(alba, { type: 'approve', proposal, seen: [] })
  council.says(alba, { type: 'enact', proposal })
  expect(council.standing(bruna)).toBe('suspended')
  expect(council.ledger.state().members.get(bruna.member)?.votes).toBe(true)
})

test('attack 41: with a second member the ghost is in: the rule is two, not never', () => {
  const of = taken(411)
  const { council, alba, bruna, ghost } = of
  const proposal = council.says(alba, { type: 'propose', proposal: dangerous['lets a ghost in']!(of) })
  council.says(bruna, { type: 'approve', proposal, seen: [] })
  council.says(bruna, { type: 'enact', proposal })
  expect(council.isMember(ghost)).toBe(true)
})

/** What the screen of this person's phone says of who belongs. */
const membershipOn = ({ replica, member, device, doc }: Person) =>
  membershipFrom(replica.state, { member, device }, doc, {
    linked: new Set(),
    heard: new Map(),
    knows: () => false,
    isSettled: () => false,
    isBelow: () => false,
    holds: () => true,
    met: new Set(),
    forked: new Set(),
    full: () => false,
    aside: () => 0,
    isHere: () => true,
  })

test('attack 41: what an open phone proposes or pauses stands on every other screen, with a name', async () => {
  const world = new World(412)
  const [alba, bruna, ceiba, dalia] = await world.found('Alba', 'Bruna', 'Ceiba', 'Dalia')
  await alba!.writes('hola ')
  await world.settle()
  const { publicKey } = createSignPair()
  alba!.replica.act({ type: 'invite', invitePk: publicKey, uses: 1 })
  alba!.replica.act({ type: 'propose', proposal: { action: 'policy', policy: { admit: 3 } } })
  alba!.replica.act({
    type: 'propose',
    proposal: { action: 'removeMember', member: bruna!.member, annul: [] },
  })
  alba!.replica.suspend(ceiba!.device, 'doubtful')
  await world.settle()
  for (const person of [bruna!, ceiba!, dalia!]) {
    const seen = membershipOn(person)
    expect(seen.decisions.map(({ action }) => action).sort()).toEqual(['policy', 'removeMember'])
    const paused = seen.members.flatMap(({ devices }) => devices).find(({ id }) => id === ceiba!.device)
    expect(paused).toMatchObject({
      standing: 'suspended',
      suspensions: [{ by: alba!.member, reason: 'doubtful' }],
    })
    expect([...person.replica.state.members.values()]).toHaveLength(4)
  }
})

test('attack 41: a file made by an open phone opens on the phones of the collective, and for nobody else', async () => {
  const world = new World(413)
  const [alba, bruna] = await world.found('Alba', 'Bruna', 'Ceiba')
  await alba!.writes('lo que importa ')
  await world.settle()
  const { replica } = alba!
  const { file: bytes } = expectOk(await exportBundle({ replica, random: world.random, now: 0 }))
  const carried = { size: bytes.length, arrayBuffer: () => Promise.resolve(bytes.slice().buffer) }
  expect((await openCarriedFile(carried, [bruna!])).ok).toBe(true)
  const [eve] = await new World(414).found('Eve', 'Fe', 'Gala')
  const opened = await openCarriedFile(carried, [eve!])
  expect(opened.ok ? 'opened' : opened.error.type).toBe('NotForThisPhone')
  expect(Buffer.from(bytes).includes('hola')).toBe(false)
})
