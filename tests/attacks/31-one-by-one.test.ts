import { expect, test } from 'vitest'
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

test('attack 31: whose device it is has no vote in lifting its suspension, removing or recovering it, nor in raising its frontier', () => {
  const { council, alba, bruna, cira } = assemble(3, 36)
  council.suspend(bruna, alba)
  council.decide(council.lift(alba), [alba, cira])
  expect(council.standings(alba)).toEqual(['suspended'])
  council.decide({ action: 'amendFrontier', device: alba.own.id, frontier: [] }, [alba, cira])
  council.decide(council.recovery(council.another(alba)), [alba, cira])
  expect(council.ledger.state().members.get(alba.member)?.devices).toEqual([alba.own.id])
})
