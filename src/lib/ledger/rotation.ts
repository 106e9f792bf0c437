import type { EpochId } from '../core/ids.ts'
import type { OwnDevice } from '../crypto/device.ts'
import { generateSecretKey, type SecretKey } from '../crypto/hash.ts'
import { createEntry, placeFor } from './authoring.ts'
import { boxRoot, commitTo, createBoxes, epochContext, type BoxSet } from './boxes.ts'
import { epochHeads } from './epochs.ts'
import { activeMemberDevices } from './evaluate.ts'
import type { Ledger } from './graph.ts'
import type { SignedEntry } from './types.ts'

/** A new epoch: a fresh key, boxed for every member device active now, on top of all epochs known. Spec: keys.md §5. */
export const createRotate = (of: {
  readonly ledger: Ledger
  readonly own: OwnDevice
}): { readonly entry: SignedEntry; readonly key: SecretKey; readonly boxes: BoxSet } => {
  const state = of.ledger.state()
  const place = placeFor(of)
  const key = generateSecretKey()
  const recipients = activeMemberDevices(state).map((id) => ({ id, kemPk: state.devices.get(id)!.kemPk }))
  const boxes = createBoxes(key, place, recipients)
  const prev: readonly EpochId[] = epochHeads(state)
    .map(({ id }) => id)
    .sort()
  const commit = commitTo(key, epochContext(place))
  const entry = createEntry({ ...of, act: { type: 'rotate', prev, commit, boxRoot: boxRoot(boxes) } })
  return { entry, key, boxes }
}
