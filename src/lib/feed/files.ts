import { base64urlFromBytes, bytesFromBase64url } from '../core/bytes.ts'
import { decodeCbor, encodeCbor, hasExactly, isUint, type Cbor } from '../core/cbor.ts'
import {
  blobIdFrom,
  epochIdFrom,
  fileIdFrom,
  idBytes,
  type BlobId,
  type CollId,
  type EpochId,
  type FileId,
} from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { deriveKey, hash, type SecretKey } from '../crypto/hash.ts'
import { pad, unpad } from '../crypto/pad.ts'
import { open, seal, type SealKey } from '../crypto/seal.ts'

/** A full piece and its padding mark are 128 KiB exactly: only the last one says something about the size. */
export const CHUNK_BYTES = 128 * 1024 - 1
/** What a phone can take into memory at once. Bytes. */
export const MAX_FILE_BYTES = 32 * 1024 * 1024
const PAD_BLOCK = 4096

/** How a document names a file: enough to find it and, with the key of its epoch, to open it. Spec: files.md §2. */
export type FileRef = {
  readonly id: FileId
  readonly epoch: EpochId
  readonly manifest: BlobId
  /** Bytes in the clear. */
  readonly size: number
  /** Dropped everywhere from then on, milliseconds since 1970; `null`: as long as the document names it. */
  readonly keepUntil: number | null
}

/** What is said of a file under its own seal: its pieces in order. */
export type Manifest = {
  readonly chunks: readonly BlobId[]
  readonly size: number
  readonly keepUntil: number | null
}

export type BadFile = { readonly type: 'BadFile' }

type Place = { readonly key: SecretKey; readonly coll: CollId; readonly id: FileId }

/** What a blob is called: `H("blob", bytes)`. */
export const blobIdOf = (bytes: Uint8Array): BlobId => blobIdFrom(hash('blob', bytes))!

/** Seals a file in pieces under the key of an epoch. `TooLarge`: more than {@link MAX_FILE_BYTES}. */
export const sealFile = (
  bytes: Uint8Array,
  of: Place & { readonly epoch: EpochId; readonly keepUntil: number | null },
): Result<
  { readonly ref: FileRef; readonly blobs: readonly Uint8Array[] },
  { readonly type: 'TooLarge' }
> => {
  if (bytes.length > MAX_FILE_BYTES) return err({ type: 'TooLarge' })
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
    chunks.push(
      seal(fileKey(of), context(of, chunks.length), pad(bytes.subarray(at, at + CHUNK_BYTES), PAD_BLOCK)),
    )
  const said = {
    v: 1,
    chunks: chunks.map((chunk) => idBytes(blobIdOf(chunk))),
    size: bytes.length,
    keepUntil: of.keepUntil,
  }
  const manifest = seal(fileKey(of), context(of, null), pad(encodeCbor(said), PAD_BLOCK))
  const { id, epoch, keepUntil } = of
  const ref = { id, epoch, manifest: blobIdOf(manifest), size: bytes.length, keepUntil }
  return ok({ ref, blobs: [manifest, ...chunks] })
}

/** Opens what `ref` names. The blob’s name was checked by whoever took it in. Never throws. */
export const openManifest = (blob: Uint8Array, ref: FileRef, of: Place): Result<Manifest, BadFile> => {
  const opened = open(fileKey(of), context(of, null), blob)
  const plain = opened.ok ? unpad(opened.value) : opened
  const decoded = plain.ok ? decodeCbor(plain.value) : plain
  const said =
    decoded.ok && hasExactly(decoded.value, ['v', 'chunks', 'size', 'keepUntil']) ? decoded.value : null
  if (said?.v !== 1 || !Array.isArray(said.chunks)) return err({ type: 'BadFile' })
  const chunks = said.chunks.map(blobIdFrom).filter((id) => id !== null)
  const { size, keepUntil } = said
  const fits = chunks.length === said.chunks.length && size === ref.size && keepUntil === ref.keepUntil
  return fits && chunks.length === Math.ceil(ref.size / CHUNK_BYTES)
    ? ok({ chunks, size: ref.size, keepUntil: ref.keepUntil })
    : err({ type: 'BadFile' })
}

/** Opens the piece at place `index`: a piece of another place or file does not open there. Never throws. */
export const openChunk = (
  blob: Uint8Array,
  index: number,
  of: Place & { readonly size: number },
): Result<Uint8Array, BadFile> => {
  const opened = open(fileKey(of), context(of, index), blob)
  const plain = opened.ok ? unpad(opened.value) : opened
  const expected = Math.min(CHUNK_BYTES, of.size - index * CHUNK_BYTES)
  return plain.ok && plain.value.length === expected ? ok(plain.value) : err({ type: 'BadFile' })
}

/** One word for a document to hold. Letters, digits, `-` and `_`. */
export const textFromFileRef = (ref: FileRef): string =>
  base64urlFromBytes(
    encodeCbor([1, idBytes(ref.id), idBytes(ref.epoch), idBytes(ref.manifest), ref.size, ref.keepUntil]),
  )

/** Inverse of {@link textFromFileRef}; `null` for anything else. Never throws. */
export const fileRefFromText = (text: unknown): FileRef | null => {
  const bytes = typeof text === 'string' && text.length <= 400 ? bytesFromBase64url(text) : null
  const decoded = bytes ? decodeCbor(bytes) : null
  if (!decoded?.ok || !Array.isArray(decoded.value) || decoded.value.length !== 6) return null
  const [v, ...parts] = decoded.value as readonly Cbor[]
  const [id, epoch, manifest] = [fileIdFrom(parts[0]), epochIdFrom(parts[1]), blobIdFrom(parts[2])]
  const [size, keepUntil] = [parts[3], parts[4]]
  if (v !== 1 || !id || !epoch || !manifest || !isUint(size) || size > MAX_FILE_BYTES) return null
  return keepUntil === null || isUint(keepUntil) ? { id, epoch, manifest, size, keepUntil } : null
}

const fileKey = ({ key, coll, id }: Place): SealKey =>
  deriveKey<SealKey>(key, 'file', [idBytes(coll), idBytes(id)])

/** The manifest stands at no place. */
const context = ({ coll, id }: Place, index: number | null) =>
  encodeCbor(['file', idBytes(coll), idBytes(id), index])
