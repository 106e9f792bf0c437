import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { cautionsAt } from '../../src/lib/domain/caution-rounds.ts'
import { askCaution, takeBackCaution } from '../../src/lib/domain/cautions.ts'
import { movePerson, peopleOf } from '../../src/lib/domain/people.ts'
import type { Space } from '../../src/lib/workspace/types.ts'
import { founded, neighbourhood, secondPhone } from './neighbourhood.ts'

const DAY = 86_400_000

const village = async () => {
  const valley = neighbourhood()
  const people = await founded(valley, 'Alba', 'Bruna', 'Ceiba', 'Dalia')
  const [alba, bruna, ceiba, dalia] = people.map(({ space }) => space) as [Space, Space, Space, Space]
  const now = () => valley.clock.now()
  const ask = async (space: Space, about: Space, as = space.me.member) => {
    askCaution(
      space.doc.read(),
      { about: about.me.member, member: as, reason: 'conflict', care: alba.me.member },
      now(),
    )
    await space.flush()
    await valley.live()
  }
  const seen = (space: Space, later = 0) => cautionsAt(space.membership.read().cautions, now() + later)
  return { valley, alba, bruna, ceiba, dalia, all: [alba, bruna, ceiba, dalia], now, ask, seen }
}

test('three ask that Dalia rests: all four phones see it, she writes on, and no act of the ledger follows', async () => {
  const { valley, alba, bruna, ceiba, dalia, all, now, ask, seen } = await village()
  const membership = ({ decisions, me, members }: ReturnType<Space['membership']['read']>) => ({
    decisions,
    me,
    standing: members.map(({ id, votes, devices }) => [id, votes, devices.map(({ standing }) => standing)]),
  })
  const before = all.map((space) => membership(space.membership.read()))
  await ask(alba, dalia)
  await ask(bruna, dalia)
  for (const space of all)
    expect(seen(space)).toMatchObject([{ about: dalia.me.member, voices: [{}, {}], until: null }])
  await ask(ceiba, dalia)
  for (const space of all) {
    const [caution] = seen(space)
    expect(caution).toMatchObject({ reason: 'conflict', care: alba.me.member })
    expect(caution!.until! - now()).toBeGreaterThan(13 * DAY)
    // It ends with nobody doing anything.
    expect(seen(space, 14 * DAY)).toEqual([])
  }
  expect(all.map((space) => membership(space.membership.read()))).toEqual(before)
  // She goes on writing, and her voice in what the ledger decides is hers.
  const { id } = peopleOf(alba.doc.read(), [alba.me.member])[0]!
  movePerson(dalia.doc.read(), id!, 'resting')
  expectOk(await bruna.propose({ action: 'removeMember', member: ceiba.me.member }))
  await dalia.flush()
  await valley.live()
  expect(peopleOf(alba.doc.read(), [alba.me.member])[0]).toMatchObject({ state: 'resting' })
  const proposed = dalia.membership.read().decisions[0]!
  expect(proposed.mayApprove).toBe(true)
  expectOk(await dalia.approve(proposed.id))
  await valley.live()
  expect(alba.membership.read().decisions[0]!.approvals).toContain(dalia.me.member)
  // One takes it back: it is over for all.
  takeBackCaution(bruna.doc.read(), { about: dalia.me.member, member: bruna.me.member }, now())
  await bruna.flush()
  await valley.live()
  for (const space of all) expect(seen(space)).toEqual([])
})

test('G1: with two phones, and in the names of others, Alba pauses nobody', async () => {
  const { valley, alba, bruna, ceiba, dalia, all, ask, seen } = await village()
  const other = await secondPhone(valley, alba, bruna)
  await ask(alba, dalia)
  await ask(other, dalia)
  for (const { me } of [bruna, ceiba]) await ask(other, dalia, me.member)
  for (const space of [...all, other])
    expect(seen(space)).toMatchObject([{ voices: [alba.me.member], until: null }])
})

test('Dalia cannot end it by pausing one phone, and being detained begins nothing', async () => {
  const { valley, alba, bruna, ceiba, dalia, ask, seen } = await village()
  const person = peopleOf(alba.doc.read(), [ceiba.me.member])[0]!
  movePerson(alba.doc.read(), person.id!, 'detained')
  await alba.flush()
  await valley.live()
  expect(seen(bruna)).toEqual([])
  for (const space of [alba, bruna, ceiba]) await ask(space, dalia)
  expectOk(await dalia.suspend(bruna.me.device, 'doubtful'))
  await valley.live()
  for (const space of [alba, ceiba, dalia])
    expect(seen(space)[0]).toMatchObject({ about: dalia.me.member, voices: { length: 3 } })
  expect(seen(alba)[0]!.until).not.toBeNull()
})

test('Alba loses the phone she asked with, and more than half retire it: her voice is hers as long as another phone of hers belongs', async () => {
  const { valley, alba, bruna, ceiba, dalia, ask, seen } = await village()
  const other = await secondPhone(valley, alba, bruna)
  for (const space of [alba, bruna, ceiba]) await ask(space, dalia)
  const decide = async (action: 'revokeDevice' | 'lift', device: typeof alba.me.device) => {
    expectOk(await bruna.propose({ action, device }))
    await valley.live()
    for (const space of [ceiba, dalia])
      expectOk(
        await space.approve(space.membership.read().decisions.find((one) => one.action === action)!.id),
      )
    await valley.live(8000)
  }
  await decide('revokeDevice', alba.me.device)
  await decide('lift', other.me.device)
  for (const space of [bruna, ceiba, dalia, other])
    expect(seen(space)[0]).toMatchObject({ about: dalia.me.member, voices: { length: 3 } })
  // And she takes it back with the other one.
  takeBackCaution(other.doc.read(), { about: dalia.me.member, member: alba.me.member }, valley.clock.now())
  await other.flush()
  await valley.live()
  expect(seen(bruna)).toEqual([])
})
