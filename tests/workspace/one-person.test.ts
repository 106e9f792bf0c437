import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { movePerson, peopleOf } from '../../src/lib/domain/people.ts'
import { markCheck } from '../../src/lib/domain/returns.ts'
import type { Space } from '../../src/lib/workspace/types.ts'
import { facing, facingBack, founded, neighbourhood, replicaOf, secondPhone } from './neighbourhood.ts'

/** Alba has two phones; Bruna and Ceiba one each. */
const albaWithTwo = async () => {
  const valley = neighbourhood()
  const [alba, bruna, ceiba] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  const other = await secondPhone(valley, alba!.space, bruna!.space)
  return { valley, alba: alba!.space, other, bruna: bruna!.space, ceiba: ceiba!.space }
}

const openOf = (space: Space, action: string) =>
  space.membership.read().decisions.find((decision) => decision.action === action)
const memberOf = (space: Space, of: Space) =>
  space.membership.read().members.find(({ id }) => id === of.me.member)

test('G1: with both her phones Alba admits nobody, adds no third one, removes nobody, and lifts nothing', async () => {
  const { valley, alba, other, bruna, ceiba } = await albaWithTwo()
  const guests = { join: valley.arrive(), device: valley.arrive() }
  const entering = []
  for (const kind of ['join', 'device'] as const) {
    const { inviting, joining } = await facing(valley, alba, guests[kind].workspace, { kind, name: 'Ema' })
    inviting.confirmWords('', true)
    entering.push(inviting, joining)
    await valley.live()
  }
  expectOk(await alba.propose({ action: 'removeMember', member: ceiba.me.member }))
  expectOk(await alba.suspend(bruna.me.device, 'doubtful'))
  await valley.live()
  expectOk(await alba.propose({ action: 'lift', device: bruna.me.device }))
  await valley.live()
  for (const action of ['admit', 'addDevice', 'removeMember', 'lift']) {
    const decision = openOf(other, action)
    // The screens do not offer it; and said all the same it is no second voice.
    expect({ action, may: decision?.mayApprove }).toEqual({ action, may: false })
    await other.approve(decision!.id)
    await valley.live(6000)
  }
  for (const space of [alba, other, ceiba]) {
    expect(space.membership.read().members).toHaveLength(3)
    expect(memberOf(space, alba)!.devices).toHaveLength(2)
    expect(memberOf(space, bruna)!.devices[0]!.standing).toBe('suspended')
  }
  for (const flow of entering) expect(flow.state.read().step).not.toBe('done')
})

test('G1: with both her phones Alba lets nobody back in, and neither do two of five, whatever they claim', async () => {
  const { valley, alba, other, bruna, ceiba } = await albaWithTwo()
  const as = { member: ceiba.me.member, name: 'Ceiba' }
  const { receiving, returning } = await facingBack(valley, alba, valley.arrive().workspace, as)
  receiving.confirmWords('', true)
  await valley.live()
  const asked = openOf(other, 'recover')!
  expect(asked).toMatchObject({ mayApprove: false, approvals: [alba.me.member] })
  // Said all the same from her other phone, it is no second voice and no second look.
  await other.approve(asked.id, 'voice')
  // Nor is what she writes in Bruna’s name.
  markCheck(other.doc.read(), asked.id, { member: bruna.me.member, how: 'beside', language: 'es' })
  await other.flush()
  await valley.live(8000)
  expect(openOf(bruna, 'recover')).toMatchObject({
    approvals: [alba.me.member],
    checks: [{ member: alba.me.member }],
    mayTrust: false,
  })
  expect(returning.state.read().step).toBe('agreeing')
  expect(memberOf(bruna, ceiba)!.devices).toMatchObject([{ standing: 'active' }])

  const town = neighbourhood()
  const people = await founded(town, 'Eva', 'Malva', 'Ceiba', 'Dalia', 'Elva')
  const [eva, malva, honest, , victim] = people.map(({ space }) => space) as [
    Space,
    Space,
    Space,
    Space,
    Space,
  ]
  const second = await facingBack(town, eva, town.arrive().workspace, {
    member: victim.me.member,
    name: 'Elva',
  })
  second.receiving.confirmWords('', true)
  await town.live()
  expectOk(await malva.approve(openOf(malva, 'recover')!.id, 'voice'))
  await town.live(8000)
  expect(openOf(honest, 'recover')).toMatchObject({ needed: 3, checks: [{}, {}] })
  expect(openOf(honest, 'recover')!.approvals).toHaveLength(2)
  expect(memberOf(honest, victim)!.devices).toMatchObject([{ standing: 'active' }])
  expect(second.returning.state.read().step).toBe('agreeing')
  // Whose place it is hears of it, and anybody can say no by saying nothing.
  expect(openOf(victim, 'recover')).toMatchObject({ subject: victim.me.member, mayApprove: false })
})

test('G1: votes of three of five carry nobody in while only one of them made sure', async () => {
  const valley = neighbourhood()
  const people = await founded(valley, 'Alba', 'Bruna', 'Ceiba', 'Dalia', 'Elva')
  const [alba, bruna, ceiba, , elva] = people.map(({ space }) => space) as [Space, Space, Space, Space, Space]
  const as = { member: elva.me.member, name: 'Elva' }
  const { receiving, returning } = await facingBack(valley, alba, valley.arrive().workspace, as)
  receiving.confirmWords('', true)
  await valley.live()
  const { id } = openOf(bruna, 'recover')!
  // Apps that do not ask for a check: the votes are there, and no honest phone carries it out.
  for (const space of [bruna, ceiba]) {
    replicaOf(space).approve(id)
    await valley.live(8000)
  }
  expect(openOf(alba, 'recover')).toMatchObject({ needed: 3, checks: [{}] })
  expect(openOf(alba, 'recover')!.approvals).toHaveLength(3)
  expect(returning.state.read().step).toBe('agreeing')
  // The second who makes sure comes last, and then it is carried out by itself.
  expectOk(await bruna.approve(id, 'voice'))
  await valley.live(8000)
  expect(returning.state.read().step).toBe('done')
})

test('G7: pausing a seized phone leaves its holder’s standing, name, state and voice untouched', async () => {
  const { valley, alba, bruna, ceiba } = await albaWithTwo()
  expectOk(await ceiba.propose({ action: 'removeMember', member: bruna.me.member }))
  await valley.live()
  const before = memberOf(alba, ceiba)!
  const person = peopleOf(alba.doc.read(), [ceiba.me.member])[0]
  const position = openOf(alba, 'removeMember')!.approvals

  expectOk(await alba.suspend(ceiba.me.device, 'seized'))
  await valley.live()
  for (const space of [alba, bruna]) {
    const after = memberOf(space, ceiba)!
    expect(after).toMatchObject({ id: before.id, votes: true, founder: true })
    expect(after.devices[0]!.standing).toBe('suspended')
    expect(peopleOf(space.doc.read(), [ceiba.me.member])[0]).toEqual(person)
    expect(openOf(space, 'removeMember')!.approvals).toEqual(position)
  }
  // Her voice in who stays is hers, from the paused phone as well.
  expectOk(await bruna.propose({ action: 'lift', device: ceiba.me.device }))
  await valley.live()
  expect(openOf(ceiba, 'removeMember')).toMatchObject({ approvals: [ceiba.me.member] })
  expectOk(await ceiba.withdraw(openOf(ceiba, 'removeMember')!.id).then(() => ({ ok: true, value: 0 })))
})

test('G7: being detained takes nobody’s place, voice or name, with a paused phone and without', async () => {
  const { valley, alba, bruna, ceiba } = await albaWithTwo()
  const person = peopleOf(alba.doc.read(), [ceiba.me.member])[0]!
  movePerson(alba.doc.read(), person.id!, 'detained')
  expectOk(await alba.suspend(ceiba.me.device, 'seized'))
  await valley.live()
  for (const space of [alba, bruna]) {
    expect(memberOf(space, ceiba)).toMatchObject({ votes: true, trust: 'verified' })
    expect(peopleOf(space.doc.read(), [ceiba.me.member])[0]).toMatchObject({
      name: 'Ceiba',
      state: 'detained',
    })
    expect(space.membership.read().decisions).toEqual([])
  }
  // She is back: a majority gives the phone back, and asks her nothing.
  expectOk(await bruna.propose({ action: 'lift', device: ceiba.me.device }))
  await valley.live()
  expectOk(await alba.approve(openOf(alba, 'lift')!.id))
  await valley.live(8000)
  expect(ceiba.membership.read().me).toBe('active')
  expect(memberOf(alba, ceiba)).toMatchObject({ votes: true })
})
