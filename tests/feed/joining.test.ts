import { expect, test } from 'vitest'
import type { RecId } from '../../src/lib/core/ids.ts'
import { chainsOf, smallChainsOf, type Span } from '../../src/lib/feed/joining.ts'

const idOf = (seq: number): RecId => seq.toString(16).padStart(64, '0') as RecId

/** A run that goes on where another ended. */
const after = (before: Span | null, count: number, bytes: number): Span => {
  const seq = before ? before.seq + before.count : 0
  return { seq, prev: before?.last ?? null, count, last: idOf(seq + count - 1), bytes }
}

/** Runs in a row, of so many records each. */
const inRow = (counts: readonly number[], bytes = 200): readonly Span[] =>
  counts.reduce<readonly Span[]>((runs, count) => [...runs, after(runs.at(-1) ?? null, count, bytes)], [])

const singles = (count: number, bytes?: number) =>
  inRow(
    Array.from({ length: count }, () => 1),
    bytes,
  )

const small = (runs: readonly Span[]) => smallChainsOf(runs, (run) => run)
const lengths = (chains: readonly (readonly Span[])[]) => chains.map(({ length }) => length)

test('small records become one row, as long as whoever hands it on can hold it', () => {
  expect(lengths(small(singles(600)))).toEqual([256, 256, 88])
  for (const bytes of [5_000, 16_000]) {
    const chains = small(singles(600, bytes))
    expect(chains.length).toBeGreaterThan(2)
    for (const chain of chains) {
      expect(chain.length).toBeGreaterThanOrEqual(64)
      expect(chain.length * bytes).toBeLessThanOrEqual(2 ** 20)
    }
  }
  // Of four megabytes each, not two of them.
  expect(small(singles(600, 4 * 2 ** 20))).toEqual([])
})

test('few of them are not worth it, and a long one stays as it is', () => {
  expect(small(singles(63))).toEqual([])
  const ones = Array.from({ length: 64 }, () => 1)
  expect(lengths(small(inRow([...ones, 64, ...ones])))).toEqual([64, 64])
  expect(lengths(small(inRow([...ones, 63, ...ones])))).toEqual([129])
  // Where every row is to go elsewhere, few and long ones go along.
  expect(lengths(chainsOf(inRow([1, 1, 300, 1]), (run) => run))).toEqual([2, 1, 1])
})

test('what does not follow is not joined: after a hole, or where somebody wrote two things for one place', () => {
  const [first, second, third] = singles(3) as [Span, Span, Span]
  const other = { ...second, last: idOf(99) }
  const chains = (...runs: readonly Span[]) => lengths(chainsOf(runs, (run) => run))
  expect(chains(first, second, third)).toEqual([3])
  expect(chains(first, third)).toEqual([1, 1])
  expect(chains(first, other, third)).toEqual([2, 1])
  expect(chains(first, second, other, third)).toEqual([2, 1, 1])
  expect(chains(first, { ...second, seq: 7 })).toEqual([1, 1])
})
