import { expect, test } from 'vitest'
import { encodeEntry, entryIdOf } from '../../src/lib/ledger/entry.ts'
import { idBytes } from '../../src/lib/core/ids.ts'
import { sign } from '../../src/lib/crypto/sign.ts'
import type { Entry } from '../../src/lib/ledger/types.ts'
import { Council } from '../ledger/council.ts'

const fromTheFuture = (council: Council, change: Partial<Entry>) => {
  const alba = council.founders[0]!
  const { entry } = council.signed(alba, { type: 'merge' }, council.ledger.heads())
  const changed = { ...entry, ...change }
  return encodeEntry(changed, [sign(alba.own.signSk, 'led', idBytes(entryIdOf(changed)))])
}

test.each([
  ['an unknown type', { type: 'assembly', body: { minutes: 'aquí' } }],
  ['a later version', { v: 2 }],
])('attack 36: %s is kept, forwarded, and has no effect', (_, change) => {
  const council = new Council(3)
  const before = council.ledger.state()
  const wire = fromTheFuture(council, change)
  const report = council.ledger.add([wire])
  expect(report.refused).toEqual([])
  expect(report.added).toHaveLength(1)
  expect(council.ledger.since([council.ledger.coll]).map((entry) => entry.wire)).toContainEqual(wire)
  const after = council.ledger.state()
  expect(after.members).toEqual(before.members)
  expect(after.hash).toEqual(before.hash)
  // And others go on building on it.
  council.says(council.founders[1]!, { type: 'merge' })
  expect(council.ledger.heads()).toHaveLength(1)
})
