import { concatBytes, equalBytes } from '../core/bytes.ts'
import { encodeCbor } from '../core/cbor.ts'
import {
  epochIdFrom,
  feedIdFrom,
  idBytes,
  recIdFrom,
  type CollId,
  type EpochId,
  type FeedId,
  type RecId,
} from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { deriveKey, hashEncoded, type SecretKey } from '../crypto/hash.ts'
import { pad, unpad } from '../crypto/pad.ts'
import { generateNonce, NONCE_BYTES, openWith, sealWith, TAG_BYTES, type SealKey } from '../crypto/seal.ts'
import { encodeBody, parseBody } from './body.ts'
import { Reader } from '../core/cbor-reader.ts'
import type { BadRecord, RecordBody, RecordPublic, SealedRecord } from './types.ts'

/** A record with everything around its updates, at most. Bytes. */
export const MAX_RECORD_BYTES = 4.25 * 2 ** 20

/** Plaintexts grow in steps of this many bytes, so that a record's size does not count keystrokes. */
const PAD_BLOCK = 32

const NO_PREV = new Uint8Array(32)

/** `KDF(K, "rec", [coll, feed])`: the key of one feed's records under one epoch. Spec: feed.md §3. */
export const recordKey = (epochKey: SecretKey, coll: CollId, feed: FeedId): SealKey =>
  deriveKey<SealKey>(epochKey, 'rec', [idBytes(coll), idBytes(feed)])

/** Seals `body` as the record at `seq` of `feed`, after `prev`. `TooLarge`: it would not be carried. Spec: feed.md §2–4. */
export const createRecord = (of: {
  readonly key: SecretKey
  readonly coll: CollId
  readonly feed: FeedId
  readonly seq: number
  readonly prev: RecId | null
  readonly epoch: EpochId
  readonly body: RecordBody
}): Result<SealedRecord, Extract<BadRecord, { type: 'TooLarge' }>> => {
  const { feed, seq, prev, epoch } = of
  const pub: RecordPublic = { feed, seq, prev, epoch, nonce: generateNonce() }
  const plaintext = pad(encodeBody(of.body), PAD_BLOCK)
  const ct = sealWith(recordKey(of.key, of.coll, feed), pub.nonce, encodePublic(pub), plaintext)
  const record = assembleRecord(pub, ct)
  return record.wire.length > MAX_RECORD_BYTES ? err({ type: 'TooLarge' }) : ok(record)
}

/** A record from its parts: the same bytes and the same id as when it was made. */
export const assembleRecord = (pub: RecordPublic, ct: Uint8Array): SealedRecord => {
  const [context, sealed] = [encodePublic(pub), encodeCbor(ct)]
  return { id: recIdOf(context, sealed), pub, ct, wire: concatBytes(ARRAY_OF_TWO, context, sealed) }
}

/** Reads a record as carried, without opening it. The parts are views into `wire`. Never throws. */
export const parseRecord = (wire: Uint8Array): Result<SealedRecord, BadRecord> => {
  if (wire.length > MAX_RECORD_BYTES) return err({ type: 'TooLarge' })
  const reader = new Reader(wire)
  reader.expect(...ARRAY_OF_TWO, ...PUBLIC_HEAD)
  const feed = readFeedId(reader.bytes(32))
  const seq = reader.uint()
  const before = reader.bytes(32)
  const epoch = readEpochId(reader.bytes(32))
  const nonce = reader.bytes(NONCE_BYTES)
  const middle = reader.at
  const ct = reader.bytes()
  if (!reader.done || !feed || !epoch || ct.length <= TAG_BYTES) return err({ type: 'BadEncoding' })
  const prev = before.some((byte) => byte !== 0) ? readRecId(before) : null
  if ((prev === null) !== (seq === 0)) return err({ type: 'BadEncoding' })
  const id = recIdOf(wire.subarray(1, middle), wire.subarray(middle))
  return ok({ id, pub: { feed, seq, prev, epoch, nonce }, ct, wire })
}

/** Opens a record with the key of its epoch and reads what it says; whether that may be believed is decided elsewhere. Never throws. */
export const openRecord = (of: {
  readonly key: SecretKey
  readonly coll: CollId
  readonly record: SealedRecord
}): Result<RecordBody, BadRecord> => openRecordWith(recordKey(of.key, of.coll, of.record.pub.feed), of.record)

/** {@link openRecord} with a key that was derived before: once for each feed and epoch. */
export const openRecordWith = (
  key: SealKey,
  { pub, ct, wire }: SealedRecord,
): Result<RecordBody, BadRecord> => {
  const context = wire.subarray(1, wire.length - headBytes(ct.length) - ct.length)
  const opened = openWith(key, pub.nonce, context, ct)
  const plaintext = opened.ok ? unpad(opened.value) : opened
  return plaintext.ok ? parseBody(plaintext.value) : err({ type: 'OpenFailed' })
}

const ARRAY_OF_TWO = Uint8Array.of(0x82)
/** An array of six that begins with version 1. */
const PUBLIC_HEAD = Uint8Array.of(0x86, 0x01)

/** `enc([1, feed, seq, prev, epoch, nonce])`. */
const encodePublic = ({ feed, seq, prev, epoch, nonce }: RecordPublic): Uint8Array =>
  encodeCbor([1, idBytes(feed), seq, prev ? idBytes(prev) : NO_PREV, idBytes(epoch), nonce])

/** `H("rec", [public, H("ct", ct)])`, from the encoded public part and the encoded ciphertext. */
const recIdOf = (encodedPublic: Uint8Array, encodedCt: Uint8Array): RecId => {
  const digest = hashEncoded('ct', encodedCt)
  return readRecId(hashEncoded('rec', ARRAY_OF_TWO, encodedPublic, DIGEST_HEAD, digest))!
}

/** Ids come in runs (one feed, one epoch, each record naming the last), so the latest of each kind is kept at hand. */
const repeating = <T extends string>(read: (bytes: Uint8Array) => T | null) => {
  const latest = new Uint8Array(32)
  let id: T | null = null
  return (bytes: Uint8Array): T | null => {
    if (id !== null && equalBytes(bytes, latest)) return id
    id = read(bytes)
    if (id !== null) latest.set(bytes)
    return id
  }
}

const readFeedId = repeating(feedIdFrom)
const readEpochId = repeating(epochIdFrom)
const readRecId = repeating(recIdFrom)

const DIGEST_HEAD = Uint8Array.of(0x58, 0x20)

/** How many bytes CBOR puts before a byte string of this length. */
const headBytes = (length: number): number =>
  length < 24 ? 1 : length < 2 ** 8 ? 2 : length < 2 ** 16 ? 3 : 5
