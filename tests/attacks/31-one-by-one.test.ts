import { expect, test } from 'vitest'
import type { RecId } from '../../src/lib/core/ids.ts'
import { assemble } from '../ledger/assembly.ts'

test('attack 31: two of five remove the others one by one: the numbers do not shrink with their wishes', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5, 31)
  for (const one of [cira, dina, elva]) council.decide(council.removal(one), [alba, bruna])
  expect([cira, dina, elva].map((one) => council.isMember(one))).toEqual([true, true, true])
})

test('attack 31: in branches that do not know of each other neither', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5, 32)
  for (const one of [cira, dina, elva]) council.decide(council.removal(one), [alba, bruna], start)
  expect([cira, dina, elva].map((one) => council.isMember(one))).toEqual([true, true, true])
})

test('attack 31: three of five put out one, and are then three of four: the removed is not counted, the rest still is', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5, 33)
  council.decide(council.removal(elva), [alba, bruna, cira])
  expect(council.isMember(elva)).toBe(false)
  council.decide(council.removal(dina), [alba, bruna]) // two of four
  expect(council.isMember(dina)).toBe(true)
})

test('attack 31: a member with two phones has one vote', () => {
  const { council, alba, bruna, cira } = assemble(3, 34)
  const second = council.another(alba)
  council.decide(council.secondPhone(second), [alba, bruna])
  council.decide(council.removal(cira), [alba, second])
  expect(council.isMember(cira)).toBe(true)
})

test('attack 31: nor do two phones co-sign for two', () => {
  const { council, alba, bruna } = assemble(3, 35)
  const second = council.another(alba)
  council.decide(council.secondPhone(second), [alba, bruna])
  const checkpoint = council.settles([alba, second, bruna])
  expect(council.ledger.state().checkpoints.get(checkpoint)).toMatchObject({ needed: 3, status: 'open' })
})

test('attack 31: whose device it is has no vote in lifting its suspension, putting it out, removing or recovering its holder, nor in raising its frontier', () => {
  const about = (with_: 'alba' | 'bruna') => {
    const { council, alba, bruna, cira } = assemble(3, 36)
    const { feed } = council.registers(alba)
    const voters = [cira, with_ === 'alba' ? alba : bruna]
    const far = [{ feed, seq: 9, rec: '99'.repeat(32) as RecId }]
    council.suspend(bruna, alba)
    council.decide({ action: 'amendFrontier', device: alba.own.id, frontier: far }, voters)
    const raised = council.deviceOf(alba)?.frontier
    council.decide(council.lift(alba), voters)
    const [standing] = council.standings(alba)
    const further = council.another(alba)
    council.decide(council.recovery(further), voters)
    const devices = council.ledger.state().members.get(alba.member)?.devices
    council.decide(council.revocation(with_ === 'alba' ? alba : further), voters)
    const isOut = council.standings(with_ === 'alba' ? alba : further)[0] === 'revoked'
    council.decide(council.removal(alba), voters)
    return { raised, standing, devices: devices?.length, isOut, isMember: council.isMember(alba), far }
  }
  const { far, ...byTwo } = about('bruna')
  expect(byTwo).toEqual({ raised: far, standing: 'active', devices: 2, isOut: true, isMember: false })
  const { far: _, ...byHerself } = about('alba')
  expect(byHerself).toEqual({ raised: [], standing: 'suspended', devices: 1, isOut: false, isMember: true })
})
