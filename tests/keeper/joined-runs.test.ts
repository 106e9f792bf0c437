import { expect, test } from 'vitest'
import { idBytes, type RecId } from '../../src/lib/core/ids.ts'
import { chainsOf, type Shelved } from '../../src/keeper/feed-shelf.ts'

const idOf = (seq: number): RecId => seq.toString(16).padStart(64, '0') as RecId

/** Single records in a row, of so many bytes each. */
const singles = (count: number, bytes: number): readonly Shelved[] =>
  Array.from({ length: count }, (_, seq) => ({
    key: `${seq}`,
    seq,
    prev: seq > 0 ? idOf(seq - 1) : null,
    count: 1,
    ids: idBytes(idOf(seq)),
    bytes,
  }))

test('small records become one row, as long as whoever hands it on can hold it', () => {
  expect(chainsOf(singles(600, 200)).map(({ length }) => length)).toEqual([256, 256, 88])
  for (const bytes of [5_000, 16_000]) {
    const chains = chainsOf(singles(600, bytes))
    expect(chains.length).toBeGreaterThan(2)
    for (const chain of chains) {
      expect(chain.length).toBeGreaterThanOrEqual(64)
      expect(chain.length * bytes).toBeLessThanOrEqual(2 ** 20)
    }
  }
  // Of four megabytes each, not two of them.
  expect(chainsOf(singles(600, 4 * 2 ** 20))).toEqual([])
})
