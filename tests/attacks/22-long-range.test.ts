import { expect, test } from 'vitest'
import { assemble, type Assembly } from '../ledger/assembly.ts'

const policy = (council: Assembly) => council.ledger.state().policy.admit

test('attack 22: two of three founders back-date a change of rules after a final checkpoint: void', () => {
  const { council, alba, bruna, cira, start } = assemble(3, 22)
  for (let i = 0; i < 3; i++) council.decide(council.admission(council.stranger()), [alba, bruna])
  council.settles([alba, bruna, cira])
  const change = council.decide({ action: 'policy', policy: { admit: 3 } }, [alba, bruna], start)
  expect(council.isVoid(change)).toBe(true)
  expect(policy(council)).toBe(2)
})

test('attack 22: and so is whoever they would have removed, revoked or recovered by it', () => {
  const { council, alba, bruna, cira, start } = assemble(3, 23)
  for (let i = 0; i < 3; i++) council.decide(council.admission(council.stranger()), [alba, bruna])
  council.settles([alba, bruna, cira])
  council.decide(council.removal(cira), [alba, bruna], start)
  council.decide(council.revocation(cira), [alba, bruna], start)
  council.decide(council.recovery(council.another(cira)), [alba, bruna], start)
  expect(council.isMember(cira)).toBe(true)
  expect(council.deviceOf(cira)?.revokedBy).toEqual([])
  expect(council.ledger.state().members.get(cira.member)?.devices).toEqual([cira.own.id])
})

test('attack 22: standing on the checkpoint but not on its co-signatures does not bring the old numbers back', () => {
  const { council, alba, bruna, cira } = assemble(3, 24)
  for (let i = 0; i < 3; i++) council.decide(council.admission(council.stranger()), [alba, bruna])
  const checkpoint = council.settles([alba, bruna, cira])
  const change = council.decide({ action: 'policy', policy: { admit: 3 } }, [alba, bruna], [checkpoint])
  expect(council.isVoid(change)).toBe(true)
  expect(policy(council)).toBe(2)
})

test('attack 22: it does not matter whether the old acts or the checkpoint arrive first', () => {
  const { council, alba, bruna, cira, start } = assemble(3, 25)
  for (let i = 0; i < 3; i++) council.decide(council.admission(council.stranger()), [alba, bruna])
  const settled = council.ledger.heads()
  council.decide({ action: 'policy', policy: { admit: 3 } }, [alba, bruna], start)
  expect(policy(council)).toBe(3) // nothing final yet: decisions are provisional, as the screens say
  council.settles([alba, bruna, cira], settled)
  expect(policy(council)).toBe(2)
})
