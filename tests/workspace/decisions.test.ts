import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import type { MemberId } from '../../src/lib/core/ids.ts'
import { createDocument } from '../../src/lib/domain/document.ts'
import { RULES } from '../../src/lib/ledger/rules.ts'
import { decisionsFrom, vouchersIn } from '../../src/lib/workspace/decisions.ts'
import type { Space, Wish } from '../../src/lib/workspace/types.ts'
import { assemble } from '../ledger/assembly.ts'
import type { Delegate } from '../ledger/council.ts'
import { founded, neighbourhood, replicaOf } from './neighbourhood.ts'

/** Five people; each is a space on their phone. */
const five = async () => {
  const valley = neighbourhood()
  const homes = await founded(valley, 'Alba', 'Bruna', 'Ceiba', 'Dina', 'Mala')
  const [alba, bruna, ceiba, dina, mala] = homes.map(({ space }) => space) as [
    Space,
    Space,
    Space,
    Space,
    Space,
  ]
  return { valley, alba, bruna, ceiba, dina, mala }
}

const memberOf = (space: Space, of: Space) =>
  space.membership.read().members.find(({ id }) => id === of.me.member)
const standingOf = (space: Space, of: Space) => memberOf(space, of)?.devices[0]?.standing
const openOf = (space: Space, action: string) =>
  space.membership.read().decisions.find((decision) => decision.action === action)

/** Everybody in turn says yes to what is open, as far as their app offers it. */
const allAgree = async (
  valley: Awaited<ReturnType<typeof five>>['valley'],
  action: string,
  ...spaces: readonly Space[]
) => {
  for (const space of spaces) {
    const open = openOf(space, action)
    if (open?.mayApprove) expectOk(await space.approve(open.id))
    await valley.live(2000)
  }
  await valley.live(6000)
}

test.each(['removeMember', 'revokeDevice'] as const)(
  'Mala’s stolen phone pauses everybody it can; a majority decides %s and says which pauses end, and all go on',
  async (action) => {
    const { valley, alba, bruna, ceiba, dina, mala } = await five()
    const others = [alba, bruna, ceiba, dina]
    for (const other of others) expectOk(await mala.suspend(other.me.device, 'doubtful'))
    await valley.live()
    const paused = others.filter((other) => standingOf(mala, other) === 'suspended')
    const free = others.filter((other) => !paused.includes(other))
    expect(paused).toHaveLength(2)

    // What the app of whoever proposes it lists, each for itself.
    const [proposer, second] = free as [Space, Space]
    const said = memberOf(proposer, mala)!.devices.flatMap((device) => device.said)
    expect(said.map(({ device }) => device).sort()).toEqual(paused.map(({ me }) => me.device).sort())
    const annul = said.flatMap(({ acts }) => acts)
    expectOk(
      await proposer.propose(
        action === 'removeMember'
          ? { action, member: mala.me.member, annul }
          : { action, device: mala.me.device, annul },
      ),
    )
    await valley.live()
    // Whoever votes sees what would end, also on a phone that is paused.
    for (const voter of [second, ...paused]) {
      const change = openOf(voter, action)?.change
      if (change?.action !== action) throw new Error('the app does not say what would end')
      expect(change.annul.flatMap(({ acts }) => acts).sort()).toEqual([...annul].sort())
    }
    expect(openOf(mala, action)?.mayApprove).toBe(false)
    await allAgree(valley, action, ...paused)
    for (const space of others) {
      expect(others.map((other) => standingOf(space, other))).toEqual(Array(4).fill('active'))
      expect(standingOf(space, mala) ?? 'gone').toBe(action === 'removeMember' ? 'gone' : 'revoked')
    }
  },
  120_000,
)

test('a pause nobody ticked stays, and one that somebody else said cannot be named', async () => {
  const { valley, alba, bruna, ceiba, dina, mala } = await five()
  expectOk(await mala.suspend(bruna.me.device, 'doubtful'))
  expectOk(await mala.suspend(ceiba.me.device, 'doubtful'))
  expectOk(await alba.suspend(ceiba.me.device, 'lost'))
  await valley.live()
  // What Alba says too is no question: her word stands by itself.
  expect(memberOf(dina, mala)!.devices[0]!.said.map(({ device }) => device)).toEqual([bruna.me.device])
  const hers = [...replicaOf(dina).state.suspensions.values()].find(
    ({ author }) => author === alba.me.device,
  )!
  const named: Wish = { action: 'removeMember', member: mala.me.member, annul: [hers.id] }
  expect(await dina.propose(named)).toEqual({ ok: false, error: { type: 'NotFound' } })
  expectOk(await dina.propose({ action: 'removeMember', member: mala.me.member }))
  await valley.live()
  await allAgree(valley, 'removeMember', alba, bruna)
  expect(memberOf(dina, mala)).toBeUndefined()
  expect([bruna, ceiba].map((space) => standingOf(dina, space))).toEqual(['suspended', 'suspended'])
})

test('vouchers: the app says from what to what, asks for no number the ledger refuses, and counts by it', async () => {
  const { valley, alba, bruna, ceiba } = await five()
  expect(alba.membership.read().vouchers).toEqual({ needed: 2, least: 2, most: 5 })
  for (const admit of [1, 6, 2.5])
    expect(await alba.propose({ action: 'policy', admit })).toMatchObject({ error: { type: 'NotFound' } })
  expectOk(await alba.propose({ action: 'policy', admit: 4 }))
  await valley.live()
  expect(openOf(bruna, 'policy')?.change).toEqual({ action: 'policy', from: 2, to: 4, voices: 5 })
  await allAgree(valley, 'policy', bruna, ceiba)
  expect(alba.membership.read().vouchers.needed).toBe(4)
})

test('who is away for long is not waited for, until they say anything', async () => {
  const { valley, alba, bruna, ceiba, dina, mala } = await five()
  expectOk(await alba.propose({ action: 'dormant', members: [dina.me.member] }))
  await valley.live()
  expect(openOf(bruna, 'dormant')?.change).toEqual({ action: 'dormant', members: [dina.me.member] })
  // She is here: her app asks her for no yes to being away.
  expect(openOf(dina, 'dormant')?.mayApprove).toBe(false)
  await allAgree(valley, 'dormant', bruna, ceiba)
  expect(memberOf(mala, dina)?.dormant).toBe(true)
  expectOk(await dina.propose({ action: 'lift', device: bruna.me.device }))
  await valley.live()
  expect(memberOf(mala, dina)?.dormant).toBe(false)
})

test('rules this app does not know: it says so, and neither its screens nor anything else says yes', async () => {
  const { valley, alba, bruna } = await five()
  const proposal = replicaOf(alba).act({
    type: 'propose',
    proposal: { action: 'minRules', rules: RULES + 1 },
  })
  await valley.live()
  expect(openOf(bruna, 'minRules')).toMatchObject({
    mayApprove: false,
    change: { action: 'minRules', rules: RULES + 1, isKnown: false },
  })
  expect(bruna.status.read().type).not.toBe('attention')
  expect(await bruna.approve(proposal)).toEqual({ ok: false, error: { type: 'RulesAreAhead' } })
  replicaOf(alba).act({ type: 'propose', proposal: { action: 'minRules', rules: RULES } })
  await valley.live()
  const known = bruna.membership
    .read()
    .decisions.find(({ change }) => change?.action === 'minRules' && change.isKnown)
  expect(known?.mayApprove).toBe(true)
})

test('a number of vouchers that has come to lie below the floor is asked of nobody', () => {
  const { council, alba, bruna, ...rest } = assemble(7)
  const others = Object.values(rest).filter((one): one is Delegate => 'member' in one)
  council.proposes(alba, { action: 'policy', policy: { admit: 2 } })
  const asked = () => {
    const seen = { aside: () => 0, isHere: () => true }
    const me = { member: bruna.member, device: bruna.own.id }
    const known = { named: new Map<MemberId, string>(), seen }
    return decisionsFrom(council.ledger.state(), me, createDocument(), known)
  }
  expect(asked()).toMatchObject([
    { action: 'policy', mayApprove: true, change: { from: 2, to: 2, voices: 7 } },
  ])
  council.admits(council.stranger(), alba, bruna)
  council.settles([alba, bruna, ...others])
  expect(vouchersIn(council.ledger.state())).toEqual({ needed: 3, least: 3, most: 8 })
  expect(asked()).toEqual([])
})
