import type { DeviceId, EntryId } from '../core/ids.ts'
import type { LedgerState, SuspensionState } from '../ledger/types.ts'
import type { Pause } from './types.ts'

/**
 * What some devices said against others and is in force, one for each device it holds on: a thief’s phone may say the same a
 * hundred times. Not what a device said against itself. Spec: ledger.md §8.4.
 */
export const pausesSaidBy = (state: LedgerState, devices: readonly DeviceId[]): readonly Pause[] =>
  byDevice(
    state,
    [...state.suspensions.values()].filter(
      ({ author, device }) => devices.includes(author) && author !== device,
    ),
  )

/** Those of the acts of `annul` that end if these devices are put out. */
export const pausesAmong = (
  state: LedgerState,
  devices: readonly DeviceId[],
  annul: readonly EntryId[],
): readonly Pause[] => {
  const named = new Set(annul)
  return byDevice(
    state,
    [...state.suspensions.values()].filter(({ id, author }) => named.has(id) && devices.includes(author)),
  )
}

/** Whether each act of `annul` is a pause in force that one of these devices said. */
export const mayEndWith = (
  state: LedgerState,
  devices: readonly DeviceId[],
  annul: readonly EntryId[] = [],
): boolean =>
  annul.every((id) => {
    const said = state.suspensions.get(id)
    return said !== undefined && devices.includes(said.author)
  })

const byDevice = (state: LedgerState, said: readonly SuspensionState[]): readonly Pause[] => {
  const pauses = new Map<DeviceId, Pause>()
  for (const { id, device, reason, seconded } of said) {
    const acts = [...(pauses.get(device)?.acts ?? []), id].sort()
    pauses.set(device, { device, holder: state.devices.get(device)?.member ?? null, reason, seconded, acts })
  }
  return [...pauses.values()].sort((a, b) => (a.device < b.device ? -1 : 1))
}
