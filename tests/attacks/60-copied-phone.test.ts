import { expect, test } from 'vitest'
import { assemble } from '../ledger/assembly.ts'

test('attack 60: two phones with one device’s keys take new keys at once: neither counts, and the device is suspended', () => {
  const { council, alba, bruna, cira, start } = assemble(3)
  const [one, two] = [council.rekeys(alba, start), council.rekeys(alba, start)]
  expect(council.standings(alba)).toEqual(['suspended'])
  expect(council.deviceOf(alba)?.suspensions).toEqual([one.entry, two.entry].sort())
  expect([one, two].map(({ entry }) => council.isVoid(entry))).toEqual([true, true])
  expect(council.deviceOf(alba)?.kemPk).toEqual(alba.own.device.kemPk)
  expect([...council.ledger.state().suspensions.values()].map(({ reason }) => reason)).toEqual([
    'evidence',
    'evidence',
  ])
  // Nobody is locked out for good: a majority looks, lifts it, and the next key counts.
  expect(council.ledger.state().members.get(alba.member)?.votes).toBe(true)
  council.decide(council.lift(alba), [bruna, cira])
  expect(council.standings(alba)).toEqual(['active'])
  expect(council.deviceOf(alba)?.kemPk).toEqual(alba.own.device.kemPk)
  const { kemPk } = council.rekeys(alba)
  expect(council.deviceOf(alba)?.kemPk).toEqual(kemPk)
})
