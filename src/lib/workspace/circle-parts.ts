import { hexFromBytes } from '../core/bytes.ts'
import { dayOf } from '../core/clock.ts'
import type { BlobId, DeviceId, EpochId } from '../core/ids.ts'
import { manifestHash, snapshotHash } from '../feed/checkpoint.ts'
import { widest } from '../ledger/epochs.ts'
import type { Ledger } from '../ledger/graph.ts'
import type { LedgerState } from '../ledger/types.ts'
import { CARRY_DAYS } from '../sync/blobs-exchange.ts'
import type { SyncMessage } from '../wire/sync.ts'

/** A part longer than this lies in a large blob of its own. Bytes. */
const LARGE = 240 * 1024
/** Large blobs are gone after so many days, and are given again while their checkpoint matters. */
export const LARGE_DAYS = 14
/** Parts in one blob that are looked for: a checkpoint has three. */
const MOST_IN_ONE = 64
const MOST_FOUND = 4096

/**
 * The day that is written on a blob with a part. Everybody drops blobs by it: a large one says that it is older than it is, so
 * that what is of use for some days only does not take the room of what people write for weeks. Spec: circle.md §4.
 */
export const dayOfPart = (length: number, now: number): number =>
  dayOf(now) - (length > LARGE ? CARRY_DAYS - LARGE_DAYS : 0)

/**
 * The epoch under which what was over before somebody came may be carried: whoever holds its key has a voice that counts.
 * `null`: there is none, and it is left to links.
 */
export const epochOfThoseWhoCount = (ledger: Ledger, holds: (epoch: EpochId) => boolean): EpochId | null => {
  const state = ledger.state()
  const granted = new Map<EpochId, DeviceId[]>()
  for (const { act } of ledger.topological())
    for (const epoch of act?.type === 'grant' ? act.epochs : [])
      granted.set(epoch, [...(granted.get(epoch) ?? []), (act as { device: DeviceId }).device])
  return widest(
    [...state.epochs.values()].filter(
      ({ id, void: isVoid, recipients }) =>
        !isVoid &&
        holds(id) &&
        [...recipients, ...(granted.get(id) ?? [])].every((one) => counts(state, one)),
    ),
  )
}

const counts = ({ devices, members }: LedgerState, id: DeviceId): boolean => {
  const device = devices.get(id)
  const member = device?.member ? members.get(device.member) : undefined
  return device?.standing === 'active' && member?.votes === true
}

/** Where a part of a checkpoint lies among what this device carries, and until when. ms since 1970. */
export type Place = { readonly blob: BlobId; readonly epoch: EpochId; readonly until: number }

/** Which blobs that this device carries hold parts of checkpoints: a part is taken only when a checkpoint asks for it. */
export class PartsFound {
  readonly #places = new Map<string, Place>()

  /** Under either of two hashes each part in a blob may be asked for. */
  note(messages: readonly SyncMessage[], place: Place): void {
    for (const part of partsIn(messages))
      for (const digest of [manifestHash(part), snapshotHash(part)]) {
        if (this.#places.size >= MOST_FOUND) this.#places.delete(this.#places.keys().next().value!)
        this.#places.set(hexFromBytes(digest), place)
      }
  }

  of(digest: Uint8Array): Place | null {
    return this.#places.get(hexFromBytes(digest)) ?? null
  }

  forget(digest: Uint8Array): void {
    this.#places.delete(hexFromBytes(digest))
  }
}

export const partsIn = (messages: readonly SyncMessage[]): readonly Uint8Array[] =>
  messages.flatMap((message) => (message.type === 'part' ? [message.part] : [])).slice(0, MOST_IN_ONE)
