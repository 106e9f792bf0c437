import { expect, test } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import type { EntryId, FeedId, RecId } from '../../src/lib/core/ids.ts'
import { onMessage, openLink, sent, type Holdings, type LinkState } from '../../src/lib/sync/engine.ts'

const id = <T extends string>(n: number) => hexFromBytes(new Uint8Array(32).fill(n)) as T
const feed = id<FeedId>(1)
const at = (seq: number) => ({ feed, seq, rec: id<RecId>(seq + 10) })

/** Holds six records of one feed, and is in step with the other about everything else. */
const holdings: Holdings = {
  ledgerHeads: () => [id<EntryId>(0)],
  settled: () => true,
  missing: () => [],
  entriesSince: () => [],
  heads: () => [at(5)],
  recordAt: (_, seq) => at(seq).rec,
  tellsOfFork: () => false,
  feedIsPeers: () => false,
  missingBoxes: () => [],
  epochIsPeers: () => false,
  needsWelcome: () => false,
  mayAskForWelcome: () => false,
  missingParts: () => [],
  comesOtherwise: () => false,
}

const begun = (): LinkState => {
  const { state } = openLink('full', holdings)
  const told = onMessage(state, { type: 'heads', heads: [id<EntryId>(0)] }, holdings)
  return onMessage(told.state, { type: 'ready' }, holdings).state
}

const says = (state: LinkState, seq: number | null) => {
  const step = onMessage(state, { type: 'have', heads: seq === null ? [] : [at(seq)] }, holdings)
  const served = step.effects.flatMap((effect) => (effect.type === 'serve' ? [effect.from] : []))
  return { state: step.state, served }
}

test('what was sent counts as held, however long the other takes to say so', () => {
  const first = says(begun(), 1)
  expect(first.served).toEqual([2])
  const later = says(sent(first.state, feed, 5), 3)
  expect(later.served).toEqual([])
})

test('who says less than before began anew from less, and is sent the rest again', () => {
  const before = says(begun(), 4)
  const less = says(before.state, 2)
  expect(less.served).toEqual([3])
  const nothing = says(less.state, null)
  expect(nothing.served).toEqual([0])
  expect(says(nothing.state, 5).served).toEqual([])
})
