import { err, ok, type Result } from '../core/result.ts'
import type { OpenFailed, SealKey } from './seal.ts'
import sodium from './sodium.ts'

/** Bytes a sealed chunk is longer than its plaintext. */
export const CHUNK_OVERHEAD = 17
export const STREAM_HEADER_BYTES = 24

export type Chunk = { readonly plaintext: Uint8Array; readonly final: boolean }

/** One direction of an ordered, sealed stream (libsodium `secretstream_xchacha20poly1305`). */
export interface SealedStream {
  readonly header: Uint8Array
  /** Seals the next chunk. `final` ends the stream; `rekey` replaces the key after this chunk. */
  push(plaintext: Uint8Array, mark?: 'final' | 'rekey'): Uint8Array
}

export interface OpenedStream {
  /** Opens the next chunk. One that was lost, repeated, reordered or altered fails, and so does all after it, or after the end. */
  pull(chunk: Uint8Array): Result<Chunk, OpenFailed>
}

export const createSealedStream = (key: SealKey): SealedStream => {
  const { state, header } = sodium.crypto_secretstream_xchacha20poly1305_init_push(key)
  const tags = {
    final: sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL,
    rekey: sodium.crypto_secretstream_xchacha20poly1305_TAG_REKEY,
    none: sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE,
  }
  return {
    header,
    push: (plaintext, mark) =>
      sodium.crypto_secretstream_xchacha20poly1305_push(state, plaintext, null, tags[mark ?? 'none']),
  }
}

/** `OpenFailed` when the header has the wrong length. */
export const openSealedStream = (key: SealKey, header: Uint8Array): Result<OpenedStream, OpenFailed> => {
  if (header.length !== STREAM_HEADER_BYTES) return err({ type: 'OpenFailed' })
  const state = sodium.crypto_secretstream_xchacha20poly1305_init_pull(header, key)
  let over = false
  return ok({
    pull: (chunk) => {
      if (over || chunk.length < CHUNK_OVERHEAD) return err({ type: 'OpenFailed' })
      try {
        const opened = sodium.crypto_secretstream_xchacha20poly1305_pull(state, chunk, null)
        if (opened) {
          const final = opened.tag === sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
          over = final
          return ok({ plaintext: opened.message, final })
        }
      } catch {
        // the same one error as below
      }
      over = true
      return err({ type: 'OpenFailed' })
    },
  })
}
