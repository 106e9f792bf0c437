import { expect, test } from 'vitest'
import type { EpochId } from '../../src/lib/core/ids.ts'
import { holdingsMoved, onMessage, type Holdings, type LinkState } from '../../src/lib/sync/engine.ts'
import type { SyncMessage } from '../../src/lib/wire/sync.ts'
import { begun, holdings, id } from './holdings.ts'

const hers = id<EpochId>(7)
const another = id<EpochId>(8)

/** Lacks the boxes of two epochs; the suspended peer made one of them. */
const lacking: Holdings = {
  ...holdings,
  missingBoxes: () => [another, hers],
  epochIsPeers: (epoch) => epoch === hers,
}

const boxes = (epoch: EpochId): SyncMessage => ({ type: 'boxes', epoch, boxes: new Uint8Array(3) })
const box = (epoch: EpochId): SyncMessage => ({ type: 'box', epoch, box: new Uint8Array(3), path: [] })
const taken = (state: LinkState, message: SyncMessage) =>
  onMessage(state, message, lacking).effects.map(({ type }) => type)

const wanted = (effects: ReturnType<typeof begun>['effects']) =>
  effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === 'wantBoxes' ? effect.message.epochs : [],
  )

test('a suspended peer is asked for the boxes of the epochs it made, and of no other; a full one for all', () => {
  expect(wanted(begun('narrow', lacking).effects)).toEqual([hers])
  expect(wanted(begun('full', lacking).effects)).toEqual([another, hers])
  expect(wanted(begun('stranger', lacking).effects)).toEqual([])
})

test('it is asked once, and again after a while', () => {
  const { state } = begun('narrow', lacking)
  const later = holdingsMoved(state, lacking)
  expect(wanted(later.effects)).toEqual([hers])
  expect(wanted(holdingsMoved(later.state, holdings).effects)).toEqual([])
})

test('what it was asked for is taken, as a set or as a single box; what nobody asked for is passed over', () => {
  const { state } = begun('narrow', lacking)
  expect(taken(state, boxes(hers))).toEqual(['absorbBoxes'])
  expect(taken(state, box(hers))).toEqual(['absorbBox'])
  expect(taken(state, boxes(another))).toEqual([])
  expect(taken(state, box(another))).toEqual([])
  const unasked = begun('narrow').state
  expect(taken(unasked, boxes(hers))).toEqual([])
})

test('it is given nothing for it: no box, welcome or part, and no head but its own', () => {
  const { state, effects } = begun('narrow', lacking)
  for (const message of [
    { type: 'wantBoxes', epochs: [hers, another] },
    { type: 'wantWelcome' },
    { type: 'wantParts', parts: [new Uint8Array(32)] },
    { type: 'have', heads: [] },
  ] as const)
    expect(onMessage(state, message, lacking).effects).toEqual([])
  const told = effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === 'have' ? [effect.message.heads] : [],
  )
  expect(told).toEqual([[]])
})
