import { encodeCbor } from '../core/cbor.ts'
import { concatBytes, equalBytes, utf8FromText } from '../core/bytes.ts'
import { Reader } from '../core/cbor-reader.ts'
import type { Random } from '../core/clock.ts'
import { err, ok, type Result } from '../core/result.ts'
import { mayStretch, type StretchCost } from './argon2.ts'
import { deriveKey, forget, generateSecretKey, type SecretKey } from './hash.ts'
import { pad, unpad } from './pad.ts'
import { NONCE_BYTES, open, seal, TAG_BYTES, type SealKey } from './seal.ts'
import { openSlot, sealSlot } from './slot.ts'
import type { Stretch } from './stretch.ts'

/** Bytes by which this program knows its own files; drawn once, by chance. They name nothing. */
const MAGIC = Uint8Array.of(0x9d, 0x1f, 0xc4, 0x6a, 0x82, 0xe7, 0x35, 0xb8)
const VERSION = 1
/** So much is sealed at once; and to multiples of what a small copy is padded. Bytes. */
const CHUNK = 64 * 1024
const BLOCK = 4096
const OVERHEAD = NONCE_BYTES + TAG_BYTES
const SALT_BYTES = 16
const SLOT_BYTES = 32 + OVERHEAD + 32
/** More than this is neither made nor opened: it has to fit into the memory of a phone. Bytes, padded. */
export const MAX_BACKUP_BYTES = 256 * 1024 * 1024

/** Why a backup file does not open. Nothing has changed anywhere. */
export type BadBackup = {
  readonly type:
    /** Another program’s file. */
    | 'NotABackup'
    /** A file of this app that carries news from hand to hand. */
    | 'CarriedNotBackup'
    /** Made by a later version of this app. */
    | 'NewerBackup'
    /** Cut, altered, or asking for what no file of ours asks for. */
    | 'BackupDamaged'
    /** Or a header that was altered: one answer, so that nobody learns which. */
    | 'WrongBackupPhrase'
}

type Header = {
  readonly salt: Uint8Array
  readonly cost: StretchCost
  /** Of what is sealed, padded. Bytes. */
  readonly size: number
  readonly slot: Uint8Array
}

/** Seals `payload` under a fresh key, and that under a passphrase of its own. Spec: backup.md §2. */
export const sealBackup = async (of: {
  readonly payload: Uint8Array
  readonly passphrase: string
  readonly cost: StretchCost
  readonly stretch: Stretch
  readonly random: Random
}): Promise<Result<Uint8Array, { readonly type: 'TooLarge' }>> => {
  if (of.payload.length >= MAX_BACKUP_BYTES / 1.13) return err({ type: 'TooLarge' })
  const padded = pad(of.payload, BLOCK)
  const salt = of.random.bytes(SALT_BYTES)
  const head = { salt, cost: of.cost, size: padded.length }
  const context = contextOf(head)
  const fileKey = generateSecretKey()
  const slot = await sealSlot({ ...of, salt, context, key: fileKey })
  const key = chunkKeyOf(fileKey, context)
  const chunks = [...placesIn(padded.length)].map(({ from, to, index, isLast }) =>
    seal(key, chunkContext(index, isLast), padded.subarray(from, to)),
  )
  forget(fileKey, key, padded)
  return ok(concatBytes(encodeHeader({ ...head, slot }), ...chunks))
}

/** Opens a whole file or none of it. Never throws on hostile bytes; rejects only when `stretch` does: not the memory. */
export const openBackup = async (of: {
  readonly file: Uint8Array
  readonly passphrase: string
  readonly stretch: Stretch
}): Promise<Result<Uint8Array, BadBackup>> => {
  const known = readHeader(of.file)
  if (!known.ok) return known
  const { header, at } = known.value
  const context = contextOf(header)
  const fileKey = await openSlot({ ...of, ...header, context })
  if (!fileKey) return err({ type: 'WrongBackupPhrase' })
  const key = chunkKeyOf(fileKey, context)
  const padded = openChunks({ file: of.file, at, size: header.size, key })
  forget(fileKey, key)
  const payload = padded ? unpad(padded) : null
  return payload?.ok ? ok(payload.value) : err({ type: 'BackupDamaged' })
}

/**
 * What a file says of itself before any phrase: whether it is worth asking for one. `head`: its first {@link HEAD_BYTES}, so that
 * nothing large is in memory for it; `length`: of the whole file.
 */
export const looksLikeBackup = (head: Uint8Array, length = head.length): Result<void, BadBackup> => {
  const known = readHeader(head, length)
  return known.ok ? ok(undefined) : known
}

const openChunks = (of: {
  readonly file: Uint8Array
  readonly at: number
  readonly size: number
  readonly key: SealKey
}): Uint8Array | null => {
  const padded = new Uint8Array(of.size)
  for (const { from, to, index, isLast } of placesIn(of.size)) {
    const start = of.at + from + index * OVERHEAD
    const sealed = of.file.subarray(start, start + to - from + OVERHEAD)
    const opened = open(of.key, chunkContext(index, isLast), sealed)
    if (!opened.ok) return null
    padded.set(opened.value, from)
  }
  return padded
}

function* placesIn(size: number) {
  for (let index = 0; index * CHUNK < size; index++) {
    const from = index * CHUNK
    const to = Math.min(size, from + CHUNK)
    yield { from, to, index, isLast: to === size }
  }
}

/** Length of the chunks of so much. */
const sealedLength = (size: number): number => size + Math.ceil(size / CHUNK) * OVERHEAD

/** More than the header of any file takes. */
export const HEAD_BYTES = 1024
/** No file of ours is longer. */
export const MAX_BACKUP_FILE_BYTES = HEAD_BYTES + sealedLength(MAX_BACKUP_BYTES)

const chunkKeyOf = (fileKey: SecretKey, context: Uint8Array): SealKey =>
  deriveKey<SealKey>(fileKey, 'backup', context)

const chunkContext = (index: number, isLast: boolean): Uint8Array =>
  encodeCbor(['backup', VERSION, index, isLast])

const costOf = ({ memoryKiB, passes, lanes }: StretchCost) => [memoryKiB, passes, lanes]

const contextOf = ({ salt, cost, size }: Omit<Header, 'slot'>): Uint8Array =>
  encodeCbor(['backup', VERSION, salt, costOf(cost), size])

const encodeHeader = ({ salt, cost, size, slot }: Header): Uint8Array =>
  encodeCbor([MAGIC, VERSION, salt, costOf(cost), size, slot])

/** Where the version stands in every version: behind the head of the array, and the mark. */
const VERSION_AT = 2 + MAGIC.length
const AGE = utf8FromText('age-encryption.org/')

const readHeader = (
  file: Uint8Array,
  length = file.length,
): Result<{ readonly header: Header; readonly at: number }, BadBackup> => {
  if (equalBytes(file.subarray(0, AGE.length), AGE)) return err({ type: 'CarriedNotBackup' })
  if (file[1] !== 0x48 || !equalBytes(file.subarray(2, VERSION_AT), MAGIC)) return err({ type: 'NotABackup' })
  if ((file[VERSION_AT] ?? 0) > VERSION && (file[VERSION_AT] ?? 0) < 0x18) return err({ type: 'NewerBackup' })
  const reader = new Reader(file)
  reader.expect(0x86)
  reader.bytes(MAGIC.length)
  reader.expect(VERSION)
  const salt = reader.bytes(SALT_BYTES)
  reader.expect(0x83)
  const cost = { memoryKiB: reader.uint(), passes: reader.uint(), lanes: reader.uint() }
  const size = reader.uint()
  const slot = reader.bytes(SLOT_BYTES)
  // Before anything is stretched or made room for: what is declared is what is there, and within bounds.
  const isSound =
    !reader.failed && size > 0 && size <= MAX_BACKUP_BYTES && length - reader.at === sealedLength(size)
  return isSound && mayStretch(cost)
    ? ok({ header: { salt, cost, size, slot }, at: reader.at })
    : err({ type: 'BackupDamaged' })
}
