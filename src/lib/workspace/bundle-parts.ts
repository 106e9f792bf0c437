import { hexFromBytes } from '../core/bytes.ts'
import { dayOf } from '../core/clock.ts'
import type { BlobId, EntryId, EpochId, FeedId } from '../core/ids.ts'
import { manifestHash, snapshotHash } from '../feed/checkpoint.ts'
import { blobIdOf } from '../feed/files.ts'
import { activeDevices } from '../ledger/epochs.ts'
import type { Shelf } from '../sync/blobs-shelf.ts'
import type { Bundle, BundleMessage } from '../wire/bundle.ts'
import { openEnvelope, sealEnvelopes } from './circle-envelope.ts'
import { epochOfThoseWhoCount, partsIn } from './circle-parts.ts'
import type { Replica } from './replica.ts'

/** What of checkpoints a file takes along. */
export type PartsToCarry = {
  /** For all who can open the file. */
  readonly messages: readonly Extract<BundleMessage, { readonly type: 'part' }>[]
  /** What was over before somebody came, where one of those who can open the file may not have it. */
  readonly closed: readonly Uint8Array[]
}

/**
 * The parts of the checkpoints that matter: whoever was away since before one begins from it, for the records below are gone
 * everywhere. Left out where whoever has what was given before lacks none of them. Spec: bundle.md §3.
 */
export const partsToCarry = (
  replica: Replica,
  since: { readonly heads: readonly EntryId[]; readonly next: ReadonlyMap<FeedId, number> },
  now: number,
): PartsToCarry => {
  const { checkpoints, ledger, coll, keyring } = replica
  const isForAll = allCount(replica)
  const holds = (id: EpochId) => keyring.has(id)
  const messages: Extract<BundleMessage, { readonly type: 'part' }>[] = []
  const closed: Uint8Array[] = []
  for (const { checkpoint, digest, isClosed } of checkpoints.carriable()) {
    if (!isNews(replica, checkpoint, since)) continue
    const part = checkpoints.blob(digest)
    if (!part) continue
    const message = { type: 'part', part } as const
    if (!isClosed || isForAll) {
      messages.push(message)
      continue
    }
    const epoch = epochOfThoseWhoCount(ledger, holds)
    const key = epoch && keyring.key(epoch)
    if (key) closed.push(...sealEnvelopes([{ message, bindings: [] }], { key, coll, day: dayOf(now) }))
  }
  return { messages, closed }
}

/** A checkpoint that was not told of before; or records above what was given before are gone, and it stands in their place. */
const isNews = (
  { ledger, checkpoints }: Replica,
  checkpoint: EntryId,
  { heads, next }: { readonly heads: readonly EntryId[]; readonly next: ReadonlyMap<FeedId, number> },
): boolean =>
  !ledger.inClosure(heads, checkpoint) ||
  [...(checkpoints.positionsOf(checkpoint) ?? [])].some(([feed, { seq }]) => seq >= (next.get(feed) ?? 0))

/** Whether the voice of everybody the file is for counts: then nothing in it is not for one of them. */
const allCount = ({ state }: Replica): boolean =>
  activeDevices(state).every((id) => {
    const member = state.devices.get(id)?.member
    return !!member && state.members.get(member)?.votes === true
  })

/** Every part in a file that this device can open. */
export const partsOf = ({ messages, closed }: Bundle, replica: Replica): readonly Uint8Array[] => {
  const { keyring, coll, state } = replica
  const keys = [...state.epochs.keys()].flatMap((epoch) => keyring.key(epoch) ?? [])
  const opened = closed.flatMap((blob) => {
    for (const key of keys) {
      const envelope = openEnvelope(blob, { key, coll })
      if (envelope) return partsIn(envelope.messages)
    }
    return []
  })
  return [...messages.flatMap((message) => (message.type === 'part' ? [message.part] : [])), ...opened]
}

/** Gives the checkpoints what they ask for: a manifest names what is asked for next. Returns whether any was taken. */
export const takeParts = (parts: readonly Uint8Array[], { checkpoints }: Replica): boolean => {
  // Nothing is hashed for nothing: a file may hold many.
  if (checkpoints.lacking().length === 0) return false
  const named = new Map(
    parts.flatMap((part) =>
      [manifestHash(part), snapshotHash(part)].map((digest) => [hexFromBytes(digest), part] as const),
    ),
  )
  let hasTaken = false
  const next = () => checkpoints.lacking().flatMap((digest) => named.get(hexFromBytes(digest)) ?? [])[0]
  for (let part = next(); part; part = next()) {
    checkpoints.absorbBlob(part)
    hasTaken = true
  }
  return hasTaken
}

/**
 * What this device carries for circles and did not give before, as much of it as there is room for. In order of name: not one’s
 * own first.
 */
export const carriedFor = async (
  shelf: Shelf,
  of: { readonly before: ReadonlySet<BlobId>; readonly room: number },
): Promise<readonly Uint8Array[]> => {
  const blobs: Uint8Array[] = []
  let { room } = of
  for (const id of shelf.ids('carried')) {
    const blob = of.before.has(id) ? null : await shelf.read(id)
    if (!blob || blob.length > room) continue
    blobs.push(blob)
    room -= blob.length
  }
  return blobs
    .map((blob) => [blobIdOf(blob), blob] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, blob]) => blob)
}

export const idsOf = (blobs: readonly Uint8Array[]): readonly BlobId[] => blobs.map(blobIdOf)
