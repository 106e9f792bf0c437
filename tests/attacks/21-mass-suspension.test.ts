import { expect, test } from 'vitest'
import { assemble } from '../ledger/assembly.ts'

test('attack 21: a stolen phone suspends everybody and rotates: of seven, three fall silent, and all still vote', () => {
  const { council, alba, ...rest } = assemble(7, 21)
  const others = Object.values(rest).filter((one): one is typeof alba => 'member' in one && one !== alba)
  const said = others.map((other) => council.suspend(alba, other))
  const silent = others.filter((other) => council.standings(other)[0] === 'suspended')
  expect(silent).toHaveLength(3)
  expect([...council.ledger.state().members.values()].filter(({ votes }) => votes)).toHaveLength(7)
  // A majority ends the phone and what it had said, by name; whoever was silenced votes too.
  council.decide(council.revocation(alba, said), others.slice(0, 4))
  expect(council.standings(alba)).toEqual(['revoked'])
  expect(new Set(council.standings(...others))).toEqual(new Set(['active']))
})
