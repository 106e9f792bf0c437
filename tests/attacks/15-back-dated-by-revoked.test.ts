import { expect, test } from 'vitest'
import { assemble } from '../ledger/assembly.ts'

/** Alba’s phone was stolen and revoked; whoever has it speaks on as if it did not know. */
const stolen = (seed: number) => {
  const assembly = assemble(5, seed)
  const { council, alba, bruna, cira, dina, start } = assembly
  council.decide(council.revocation(alba), [bruna, cira, dina], start)
  return assembly
}

test('attack 15: a revoked phone back-dates an admission, and nobody is let in', () => {
  const { council, alba, elva, start } = stolen(151)
  const ghost = council.stranger()
  council.decide(council.admission(ghost), [alba, elva], start) // Elva vouched in good faith
  expect(council.isMember(ghost)).toBe(false)
  expect(council.standings(alba, ghost)).toEqual(['revoked', 'unknown'])
})

test('attack 15: a revoked phone back-dates a second phone, a policy, a suspension and its own lift: none has effect', () => {
  const { council, alba, bruna, cira, elva, start } = stolen(152)
  const second = council.another(alba)
  council.decide(council.secondPhone(second), [alba, elva], start)
  const vote = council.decide({ action: 'policy', policy: { admit: 4 } }, [elva, alba, bruna], start)
  council.suspend(alba, cira, start)
  council.decide(council.lift(alba), [alba, elva, bruna], start)
  expect(council.standings(alba, second, cira)).toEqual(['revoked', 'unknown', 'active'])
  expect(council.ledger.state().policy).toEqual({ admit: 2 })
  expect(council.isVoid(vote)).toBe(true)
})

test('attack 15: what it back-dates to before a final checkpoint is void too, though the checkpoint was made before the theft', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5, 153)
  council.settles([alba, bruna, cira, dina])
  const settled = council.ledger.heads()
  council.decide(council.revocation(alba), [bruna, cira, dina], settled)
  const ghost = council.stranger()
  council.decide(council.admission(ghost), [alba, elva], start)
  council.suspend(alba, cira, start)
  expect(council.isMember(ghost)).toBe(false)
  expect(council.standings(cira)).toEqual(['active'])
})
