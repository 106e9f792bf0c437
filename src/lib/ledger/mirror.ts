import type { DeviceId, EntryId } from '../core/ids.ts'

/**
 * What an act of the collective around a circle comes to for the devices of the circle, by what lies below that act alone: so
 * that the past of the circle never changes when the collective changes its mind; it changes by another mirror.
 * `unknown`: the act has not arrived here; whoever mirrors it is not heard before it has. `void`: it ends nobody.
 */
export type ParentVerdict =
  | { readonly type: 'unknown' }
  | { readonly type: 'void' }
  | { readonly type: 'suspends'; readonly devices: readonly DeviceId[] }
  /** Below it, these acts that suspended somebody are over. */
  | { readonly type: 'lifts'; readonly acts: readonly EntryId[] }
  | { readonly type: 'revokes'; readonly devices: readonly DeviceId[] }

/** Asks the ledger around a circle about one of its acts. Equal for all who have heard of it. */
export type AskParent = (act: EntryId) => ParentVerdict

/** A collective that is no circle has nobody above it to mirror. */
export const NOBODY_ABOVE: AskParent = () => ({ type: 'void' })
