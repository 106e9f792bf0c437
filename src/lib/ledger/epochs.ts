import type { EpochId } from '../core/ids.ts'
import type { EpochState, LedgerState } from './types.ts'

/** Epochs no other epoch builds on. */
export const epochHeads = (state: LedgerState): readonly EpochState[] => {
  const built = new Set([...state.epochs.values()].flatMap(({ prev }) => prev))
  return [...state.epochs.values()].filter(({ id }) => !built.has(id))
}

/**
 * The epoch to write under: among heads that are not void, whose recipients are all active now and whose key I hold, the
 * deepest, then the smallest id. `null`: rotate first, or complain (protocol §3.6).
 */
export const writeEpoch = (state: LedgerState, holds: (epoch: EpochId) => boolean): EpochId | null => {
  const fit = epochHeads(state).filter(
    ({ id, recipients, void: isVoid }) =>
      !isVoid && holds(id) && recipients.every((device) => isActive(state, device)),
  )
  fit.sort((a, b) => b.depth - a.depth || (a.id < b.id ? -1 : 1))
  return fit[0]?.id ?? null
}

/** A rotation is owed when no epoch head reaches exactly the member devices that are active now. */
export const rotationIsDue = (state: LedgerState): boolean => {
  const active = [...state.devices.values()].filter(
    ({ standing, kind }) => standing === 'active' && kind === 'member',
  )
  return !epochHeads(state).some(
    ({ recipients, void: isVoid }) =>
      !isVoid && recipients.length === active.length && recipients.every((device) => isActive(state, device)),
  )
}

const isActive = (state: LedgerState, device: EpochState['recipients'][number]) =>
  state.devices.get(device)?.standing === 'active'
