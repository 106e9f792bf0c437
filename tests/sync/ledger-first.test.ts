import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import type { EntryId, EpochId, FeedId, RecId } from '../../src/lib/core/ids.ts'
import {
  holdingsMoved,
  ledgerMoved,
  onMessage,
  openLink,
  type Effect,
  type Holdings,
} from '../../src/lib/sync/engine.ts'
import type { Standing } from '../../src/lib/sync/ports.ts'
import type { SyncMessage } from '../../src/lib/wire/sync.ts'

const id = <T extends string>(n: number) => hexFromBytes(new Uint8Array(32).fill(n)) as T
const some = fc.array(
  fc.nat({ max: 5 }).map((n) => id<EntryId>(n)),
  { maxLength: 3 },
)
const blob = fc.uint8Array({ maxLength: 4 })
const heads = fc.array(
  fc.record({
    feed: fc.nat({ max: 2 }).map((n) => id<FeedId>(n)),
    seq: fc.nat({ max: 3 }),
    rec: fc.constant(id<RecId>(9)),
  }),
  { maxLength: 3 },
)
const epoch = fc.constant(id<EpochId>(7))

/** Everything a peer can say, in whatever order. */
const message: fc.Arbitrary<SyncMessage> = fc.oneof(
  fc.record({ type: fc.constant('heads' as const), heads: some }),
  fc.record({ type: fc.constant('want' as const), want: some, have: some }),
  fc.record({
    type: fc.constant('entries' as const),
    entries: fc.array(blob, { maxLength: 2 }),
    heads: some,
  }),
  fc.record({ type: fc.constant('ready' as const) }),
  fc.record({ type: fc.constant('have' as const), heads }),
  fc.record({
    type: fc.constant('segment' as const),
    records: fc.array(blob, { minLength: 1, maxLength: 2 }),
    seal: blob,
  }),
  fc.record({ type: fc.constant('wantBoxes' as const), epochs: fc.array(epoch, { maxLength: 1 }) }),
  fc.record({ type: fc.constant('boxes' as const), epoch, boxes: blob }),
  fc.record({ type: fc.constant('box' as const), epoch, box: blob, path: fc.array(blob, { maxLength: 1 }) }),
  fc.record({ type: fc.constant('wantWelcome' as const) }),
  fc.record({ type: fc.constant('welcome' as const), welcome: blob }),
  fc.record({ type: fc.constant('wantParts' as const), parts: fc.array(blob, { maxLength: 1 }) }),
  fc.record({ type: fc.constant('part' as const), part: blob }),
  fc.record({ type: fc.constant('again' as const), heads: some }),
)

const happening = fc.oneof(
  { weight: 6, arbitrary: message.map((said) => ({ said })) },
  { weight: 2, arbitrary: fc.nat({ max: 5 }).map((learned) => ({ learned: id<EntryId>(learned) })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Standing>('full', 'narrow', 'stranger').map((judged) => ({ judged })),
  },
  { weight: 1, arbitrary: fc.constant({ moved: true }) },
)

const isLedger = (effect: Effect): boolean =>
  effect.type === 'absorbEntries' ||
  (effect.type === 'send' && ['heads', 'want', 'entries', 'ready', 'again'].includes(effect.message.type))

/** What the holder of a device keeps back and lets through, whatever the other says. */
test.prop(
  [
    fc.array(happening, { maxLength: 40 }),
    fc.constantFrom<Standing>('full', 'narrow', 'stranger'),
    fc.boolean(),
  ],
  { numRuns: process.env.SLOW === '1' ? 20_000 : 1000 },
)(
  'I13: before all the acts a peer named are here and judged, and it has said as much, no content is taken from it and none is sent; with a stranger none ever',
  (happenings, first, isMaker) => {
    const known = new Set<EntryId>([id<EntryId>(0)])
    const holdings: Holdings = {
      ledgerHeads: () => [...known],
      ledgerMarks: () => [...known],
      askedElsewhere: () => [],
      mayWait: () => isMaker,
      settled: (entry) => known.has(entry),
      missing: () => [],
      entriesSince: () => [new Uint8Array(1)],
      heads: () => [{ feed: id(1), seq: 1, rec: id(8) }],
      recordAt: () => null,
      forkToTell: () => null,
      feedIsPeers: () => false,
      missingBoxes: () => [id(7)],
      epochIsPeers: () => isMaker,
      needsWelcome: () => false,
      mayAskForWelcome: () => true,
      missingParts: () => [new Uint8Array(1)],
      comesOtherwise: () => false,
      now: () => 0,
    }
    let standing = first
    let { state } = openLink(standing, holdings)
    let named: readonly EntryId[] | null = null
    let wasReady = false
    let peerSaidReady = false
    for (const one of happenings) {
      if (
        'said' in one &&
        (one.said.type === 'heads' || one.said.type === 'entries' || one.said.type === 'again')
      ) {
        named = one.said.heads
        if (one.said.type === 'again') wasReady = peerSaidReady = false
      }
      if ('said' in one && one.said.type === 'ready') peerSaidReady = true
      if ('learned' in one) known.add(one.learned)
      if ('judged' in one) standing = one.judged
      const step =
        'said' in one
          ? onMessage(state, one.said, holdings)
          : 'moved' in one
            ? holdingsMoved(state, holdings)
            : ledgerMoved(state, standing, holdings)
      state = step.state
      for (const effect of step.effects) {
        if (effect.type === 'send' && effect.message.type === 'ready') {
          expect(named?.every((entry) => known.has(entry))).toBe(true)
          wasReady = true
        }
        if (isLedger(effect)) continue
        expect(wasReady).toBe(true)
        expect(standing).not.toBe('stranger')
        expect(peerSaidReady).toBe(true)
        // What is not the ledger and not a feed of its own passes to and from full peers alone,
        // but for the boxes of an epoch the peer made, which it hands over.
        const taken = isMaker ? ['absorbBoxes', 'absorbBox'] : []
        if (standing === 'narrow') expect(['absorbSegment', 'send', 'serve', ...taken]).toContain(effect.type)
      }
    }
  },
)
