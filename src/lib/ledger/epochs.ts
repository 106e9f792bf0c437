import type { DeviceId, EpochId } from '../core/ids.ts'
import type { EpochState, LedgerState } from './types.ts'

/** Epochs that count and that no other such epoch builds on. */
export const epochHeads = (state: LedgerState): readonly EpochState[] => {
  const standing = [...state.epochs.values()].filter((epoch) => !epoch.void)
  const built = new Set(standing.flatMap(({ prev }) => prev))
  return standing.filter(({ id }) => !built.has(id))
}

/**
 * The epoch to write under: among heads that are not void, whose recipients are all active now and whose key I hold, the
 * one most can read, then the deepest, then the smallest id. `null`: rotate first, or complain. Spec: keys.md §5.
 */
export const writeEpoch = (state: LedgerState, holds: (epoch: EpochId) => boolean): EpochId | null => {
  const fit = epochHeads(state).filter(
    ({ id, recipients }) => holds(id) && recipients.every((device) => isActive(state, device)),
  )
  return widest(fit)
}

/** Of some epochs the one most can read, then the deepest, then the smallest id; `null` of none. */
export const widest = (epochs: readonly EpochState[]): EpochId | null =>
  [...epochs].sort(
    (a, b) => b.recipients.length - a.recipients.length || b.depth - a.depth || (a.id < b.id ? -1 : 1),
  )[0]?.id ?? null

/** A rotation is owed when no epoch head reaches exactly the member devices that are active now. */
export const rotationIsDue = (state: LedgerState): boolean => {
  const active = activeDevices(state)
  return !epochHeads(state).some(
    ({ recipients }) =>
      recipients.length === active.length && recipients.every((device) => isActive(state, device)),
  )
}

/** The member devices that may hold keys, sorted: the recipients of a rotation made in this state. */
export const activeDevices = (state: LedgerState): readonly DeviceId[] =>
  [...state.devices.values()]
    .filter(({ standing, kind }) => standing === 'active' && kind === 'member')
    .map(({ id }) => id)
    .sort()

const isActive = (state: LedgerState, device: DeviceId): boolean =>
  state.devices.get(device)?.standing === 'active'
