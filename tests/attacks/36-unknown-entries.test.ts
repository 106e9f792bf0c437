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

const ACTS = [
  ...['merge', 'propose', 'approve', 'withdraw', 'enact', 'suspend', 'retire', 'feed', 'rotate', 'grant'],
  ...['complain', 'rekey', 'invite', 'mirror', 'checkpoint', 'cosign'],
]

test.each(ACTS)(
  'attack 36: of a later version, “%s” is kept whatever it says, and has no effect; of this version, with what it cannot say, it is refused',
  (type) => {
    const council = new Council(3)
    const before = council.ledger.state()
    const odd = { alba: ['de otra versión', 7] }
    expect(council.ledger.add([fromTheFuture(council, { type, body: odd })])).toMatchObject({
      added: [],
      refused: [{ type: 'BadEntry' }],
    })
    const wires = [2, 3, 2 ** 32].map((v) => fromTheFuture(council, { v, type, body: odd }))
    expect(council.ledger.add(wires)).toMatchObject({ refused: [], waiting: 0 })
    const after = council.ledger.state()
    expect(after.hash).toEqual(before.hash)
    expect(after.void.size).toBe(before.void.size + wires.length)
    // A phone that hears of it from this one has the very same bytes.
    const next = council.replay(council.ledger.since([council.ledger.coll]).map(({ wire }) => wire))
    expect(next.heads()).toEqual(council.ledger.heads())
    for (const wire of wires) expect(next.since([next.coll]).map((one) => one.wire)).toContainEqual(wire)
  },
)
