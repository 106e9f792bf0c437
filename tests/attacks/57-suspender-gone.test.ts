import { expect, test } from 'vitest'
import { assemble } from '../ledger/assembly.ts'

test('attack 57: the one who suspended a stolen phone retires her own: the stolen phone stays suspended', () => {
  const { council, alba, bruna, cira } = assemble(5, 57)
  council.suspend(bruna, alba)
  council.says(bruna, { type: 'retire', frontier: [] })
  expect(council.standings(alba, bruna, cira)).toEqual(['suspended', 'retired', 'active'])
})

test('attack 57: or loses it to a thief too, and it is revoked: nothing is lifted that nobody names', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5, 58)
  council.suspend(bruna, alba)
  council.decide(council.revocation(bruna), [cira, dina, elva])
  expect(council.standings(alba, bruna)).toEqual(['suspended', 'revoked'])
})

test('attack 57: only whoever revokes her phone may undo by name what it had said', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5, 59)
  const [suspension, other] = [council.suspend(bruna, alba), council.suspend(cira, dina)]
  council.decide(council.revocation(bruna, [suspension, other]), [cira, elva, alba])
  expect(council.standings(alba, bruna, dina)).toEqual(['active', 'revoked', 'suspended'])
})
