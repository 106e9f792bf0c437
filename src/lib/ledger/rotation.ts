import type { EpochId } from '../core/ids.ts'
import type { OwnDevice } from '../crypto/device.ts'
import { generateSecretKey, type SecretKey } from '../crypto/hash.ts'
import { MAX_EPOCHS } from './acts.ts'
import { createEntry, placeFor } from './authoring.ts'
import { boxRoot, commitTo, createBoxes, epochContext, type BoxSet } from './boxes.ts'
import { activeDevices, epochHeads } from './epochs.ts'
import type { Ledger } from './graph.ts'
import type { LedgerState, SignedEntry } from './types.ts'

/** A new epoch: a fresh key, boxed for every member device active here, on top of all epochs known. Spec: keys.md §5. */
export const createRotate = (of: {
  readonly ledger: Ledger
  readonly own: OwnDevice
}): { readonly entry: SignedEntry; readonly key: SecretKey; readonly boxes: BoxSet } => {
  const place = placeFor(of)
  const state = of.ledger.stateFor(place.parents)
  const key = generateSecretKey()
  const recipients = activeDevices(state).map((id) => ({ id, kemPk: state.devices.get(id)!.kemPk }))
  const boxes = createBoxes(key, place, recipients)
  const commit = commitTo(key, epochContext(place))
  const act = { type: 'rotate', prev: below(state), commit, boxRoot: boxRoot(boxes) } as const
  return { entry: createEntry({ ...of, act }), key, boxes }
}

/** The epochs a new one stands on: the deepest, if somebody made more of them than one entry may name. */
const below = (state: LedgerState): readonly EpochId[] =>
  [...epochHeads(state)]
    .sort((a, b) => b.depth - a.depth || (a.id < b.id ? -1 : 1))
    .slice(0, MAX_EPOCHS)
    .map(({ id }) => id)
    .sort()
