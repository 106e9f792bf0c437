import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import type { EntryId, FeedId, RecId } from '../../src/lib/core/ids.ts'
import { onMessage, openLink, type Holdings, type LinkState } from '../../src/lib/sync/engine.ts'
import type { Standing } from '../../src/lib/sync/ports.ts'

export const id = <T extends string>(n: number) => hexFromBytes(new Uint8Array(32).fill(n)) as T
export const feed = id<FeedId>(1)
export const at = (seq: number) => ({ feed, seq, rec: id<RecId>(seq + 10) })

/** Holds six records of one feed, and is in step with the other about everything else. */
export const holdings: Holdings = {
  ledgerHeads: () => [id<EntryId>(0)],
  ledgerMarks: () => [id<EntryId>(0)],
  askedElsewhere: () => [],
  mayWait: () => false,
  settled: () => true,
  missing: () => [],
  entriesSince: () => [],
  heads: () => [at(5)],
  recordAt: (_, seq) => at(seq).rec,
  forkToTell: () => null,
  feedIsPeers: () => false,
  missingBoxes: () => [],
  epochIsPeers: () => false,
  needsWelcome: () => false,
  mayAskForWelcome: () => false,
  missingParts: () => [],
  comesOtherwise: () => false,
  now: () => 0,
}

/** A link on which both are ready. */
export const begun = (standing: Standing = 'full', by: Holdings = holdings) => {
  const { state } = openLink(standing, by)
  const told = onMessage(state, { type: 'heads', heads: [id<EntryId>(0)] }, by)
  return onMessage(told.state, { type: 'ready' }, by)
}

/** The other says how far it holds the feed: what it is served from then, if anything. */
export const says = (state: LinkState, seq: number | null, by: Holdings = holdings) => {
  const step = onMessage(state, { type: 'have', heads: seq === null ? [] : [at(seq)] }, by)
  const served = step.effects.flatMap((effect) => (effect.type === 'serve' ? [effect.from] : []))
  return { state: step.state, served }
}
