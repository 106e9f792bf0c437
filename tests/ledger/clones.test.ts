import { expect, test } from 'vitest'
import type { DeviceState } from '../../src/lib/ledger/types.ts'
import { assemble } from './assembly.ts'

const kemOf = (device: DeviceState | undefined) => device?.kemPk

test('a phone takes a new key, and another one after that', () => {
  const { council, alba } = assemble(3)
  council.rekeys(alba)
  const { kemPk, entry } = council.rekeys(alba)
  expect(kemOf(council.deviceOf(alba))).toEqual(kemPk)
  expect(council.isVoid(entry)).toBe(false)
  expect(council.standings(alba)).toEqual(['active'])
})

test('neither copy writes on: what one does without knowing of the other is void', () => {
  const { council, alba, start } = assemble(3)
  const one = council.rekeys(alba, start)
  const epoch = council.rotates(alba, [], [one.entry])
  expect(council.ledger.state().epochs.get(epoch)?.void).toBe(false)
  council.rekeys(alba, start)
  expect(council.ledger.state().epochs.get(epoch)?.void).toBe(true)
})

test('a lift that knew of one of the two keys leaves the device suspended', () => {
  const { council, alba, bruna, cira, start } = assemble(3)
  const one = council.rekeys(alba, start)
  council.decide(council.lift(alba), [bruna, cira], [one.entry])
  expect(council.standings(alba)).toEqual(['active'])
  council.rekeys(alba, start)
  expect(council.standings(alba)).toEqual(['suspended'])
})

test('a key that is settled stays in use when a copy comes with one dated back, and the copy is noticed', () => {
  const { council, alba, bruna, cira, start } = assemble(3)
  const { kemPk, entry } = council.rekeys(alba, start)
  const epoch = council.rotates(alba)
  council.settles([alba, bruna, cira])
  const late = council.rekeys(alba, start)
  expect(council.standings(alba)).toEqual(['suspended'])
  expect(kemOf(council.deviceOf(alba))).toEqual(kemPk)
  expect([entry, late.entry].map((id) => council.isVoid(id))).toEqual([false, true])
  expect(council.ledger.state().epochs.get(epoch)?.void).toBe(false)
  council.decide(council.lift(alba), [bruna, cira])
  expect(kemOf(council.deviceOf(alba))).toEqual(kemPk)
})

test('also where a pause from before ends, and all has to be read from the start', () => {
  const { council, alba, bruna, cira, dina, start } = assemble(4)
  const silenced = council.rotates(dina, [], start)
  const pause = council.suspend(bruna, dina, start)
  const { kemPk, entry } = council.rekeys(alba)
  council.settles([alba, bruna, cira])
  const late = council.rekeys(alba, start)
  expect(council.ledger.state().epochs.get(silenced)?.void).toBe(true)
  council.says(bruna, { type: 'withdraw', target: pause })
  expect(council.ledger.state().epochs.get(silenced)?.void).toBe(false)
  expect(kemOf(council.deviceOf(alba))).toEqual(kemPk)
  expect([entry, late.entry].map((id) => council.isVoid(id))).toEqual([false, true])
})

test('a rekey of a device that was cut tells nothing against anybody', () => {
  const { council, alba, bruna, cira, start } = assemble(3)
  council.decide(council.revocation(alba), [bruna, cira], start)
  council.rekeys(alba, start)
  council.rekeys(alba, start)
  expect(council.standings(alba, bruna, cira)).toEqual(['revoked', 'active', 'active'])
})
