import type { DeviceId, EntryId } from '../core/ids.ts'

/**
 * What an act of the collective around a circle comes to for the devices of the circle, right now.
 * `unknown`: the act has not arrived here; whoever mirrors it is not heard before it has. `void`: it ends nobody, or no longer.
 */
export type ParentVerdict =
  | { readonly type: 'unknown' }
  | { readonly type: 'void' }
  | { readonly type: 'suspends'; readonly devices: readonly DeviceId[] }
  | { readonly type: 'revokes'; readonly devices: readonly DeviceId[] }

/** Asks the ledger around a circle about one of its acts. Equal for all who hold the same of that ledger. */
export type AskParent = (act: EntryId) => ParentVerdict

/** A collective that is no circle has nobody above it to mirror. */
export const NOBODY_ABOVE: AskParent = () => ({ type: 'void' })
