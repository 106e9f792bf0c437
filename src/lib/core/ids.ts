import { bytesFromHex, hexFromBytes } from './bytes.ts'

/**
 * Names of things, as lower-case hex in memory and as raw bytes in every format. Each is branded, made only by a
 * parser here or by the code that hashes it, so that a feed is never taken for a device. Spec: ledger.md §2.
 */
type Id<Name extends string> = string & { readonly __brand: Name }

/** A collective: the id of its genesis entry. 32 bytes. */
export type CollId = Id<'EntryId'> & { readonly __coll: true }
/** A ledger entry. 32 bytes. */
export type EntryId = Id<'EntryId'>
/** A key epoch: the id of its `rotate` entry. 32 bytes. */
export type EpochId = EntryId & { readonly __epoch: true }
/** A device: hash of its public keys. 32 bytes. */
export type DeviceId = Id<'DeviceId'>
/** A member of the ledger: 16 random bytes fixed at admission. */
export type MemberId = Id<'MemberId'>
/** One device's feed of records in one collective. 32 bytes. */
export type FeedId = Id<'FeedId'>
/** A record. 32 bytes. */
export type RecId = Id<'RecId'>
/** A sealed blob that lies outside the records, a piece of a file for one: the hash of its bytes. 32 bytes. */
export type BlobId = Id<'BlobId'>
/** A file: 16 random bytes. */
export type FileId = Id<'FileId'>
/** A shared document inside a collective: 1 to 32 of `a-z 0-9 -`. The workspace document is `main`. */
export type DocId = Id<'DocId'>

/** The document that holds people, threats and protocol. */
export const MAIN_DOC = 'main' as DocId
/** What was closed when a checkpoint became final, without who wrote it. No record writes into it. Spec: checkpoint.md §6a. */
export const CLOSED_DOC = 'closed' as DocId

export const HASH_BYTES = 32
export const MEMBER_ID_BYTES = 16
export const FILE_ID_BYTES = 16

const idOf =
  <T extends string>(length: number) =>
  (value: unknown): T | null =>
    value instanceof Uint8Array && value.length === length ? (hexFromBytes(value) as T) : null

/** Each reads raw bytes of the right length into an id, else gives `null`. Never throws. */
export const collIdFrom = idOf<CollId>(HASH_BYTES)
export const entryIdFrom = idOf<EntryId>(HASH_BYTES)
export const epochIdFrom = idOf<EpochId>(HASH_BYTES)
export const deviceIdFrom = idOf<DeviceId>(HASH_BYTES)
export const memberIdFrom = idOf<MemberId>(MEMBER_ID_BYTES)
export const feedIdFrom = idOf<FeedId>(HASH_BYTES)
export const recIdFrom = idOf<RecId>(HASH_BYTES)
export const blobIdFrom = idOf<BlobId>(HASH_BYTES)
export const fileIdFrom = idOf<FileId>(FILE_ID_BYTES)

/** Whether a text, as it stands in a shared document, is the id of a member. */
export const isMemberId = (text: unknown): text is MemberId =>
  typeof text === 'string' && /^[0-9a-f]{32}$/.test(text)

export const docIdFrom = (value: unknown): DocId | null =>
  typeof value === 'string' && /^[a-z0-9-]{1,32}$/.test(value) ? (value as DocId) : null

/** The raw bytes of any hex id. */
export const idBytes = (
  id: CollId | EntryId | DeviceId | MemberId | FeedId | RecId | BlobId | FileId,
): Uint8Array => bytesFromHex(id)
