import { err, ok, type Result } from '../core/result.ts'
import type { BadMessage } from './sync.ts'

/**
 * What one sealed chunk of a link carries: a piece of a message of one stream, or a sign of life. Spec: wire.md §5.
 *
 *     byte 0      stream 0–3 in the order of STREAMS, or 255 for a sign of life
 *     byte 1      1: first piece, 2: last piece, 3: the whole message
 *     bytes 2–3   length of the piece
 *     bytes 4–7   in a first piece: length of the whole message
 *     …           the piece, then zeros up to the next bucket
 */
export type Frame =
  | { readonly type: 'beat' }
  | {
      readonly type: 'piece'
      /** Index into STREAMS. */
      readonly stream: number
      readonly last: boolean
      /** Length of the whole message in bytes in a first piece, else `null`. */
      readonly total: number | null
      readonly bytes: Uint8Array
    }

/** What a data channel carries without trouble in every engine. */
export const MAX_CHUNK_BYTES = 16_384
/** The plaintext of a full chunk: its seal takes 17 bytes. */
export const MAX_FRAME_BYTES = MAX_CHUNK_BYTES - 17
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024

const BEAT = 255
const FIRST = 1
const LAST = 2
const HEAD_BYTES = 4
const TOTAL_BYTES = 4
const STREAM_COUNT = 4
/** Sizes an observer can see. A keystroke, a heartbeat and a short vote all look like the first. */
const BUCKETS = [256, 512, 1024, 2048, 4096, 8192, MAX_FRAME_BYTES]

/** Bytes of a message that fit into its first frame, and into each later one. */
export const FIRST_PIECE_BYTES = MAX_FRAME_BYTES - HEAD_BYTES - TOTAL_BYTES
export const NEXT_PIECE_BYTES = MAX_FRAME_BYTES - HEAD_BYTES

/** Padded to one of seven sizes. Throws when a piece is longer than a frame: our bug. */
export const encodeFrame = (frame: Frame): Uint8Array => {
  if (frame.type === 'beat') return head(HEAD_BYTES, BEAT, FIRST | LAST, 0)
  const { stream, last, total, bytes } = frame
  const start = total === null ? HEAD_BYTES : HEAD_BYTES + TOTAL_BYTES
  const flags = (total === null ? 0 : FIRST) | (last ? LAST : 0)
  const encoded = head(start + bytes.length, stream, flags, bytes.length)
  if (total !== null) new DataView(encoded.buffer).setUint32(HEAD_BYTES, total)
  encoded.set(bytes, start)
  return encoded
}

/** Never throws. Call only on bytes that were authenticated. */
export const parseFrame = (encoded: Uint8Array): Result<Frame, BadMessage> => {
  const bad = err({ type: 'BadMessage' })
  if (encoded.length < HEAD_BYTES || encoded.length > MAX_FRAME_BYTES) return bad
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  const [stream, flags, length] = [view.getUint8(0), view.getUint8(1), view.getUint16(2)]
  if (stream === BEAT) return flags === (FIRST | LAST) && length === 0 ? ok({ type: 'beat' }) : bad
  if (stream >= STREAM_COUNT || flags > (FIRST | LAST)) return bad
  const first = (flags & FIRST) !== 0
  const start = first ? HEAD_BYTES + TOTAL_BYTES : HEAD_BYTES
  if (encoded.length < start + length) return bad
  const total = first ? view.getUint32(HEAD_BYTES) : null
  if (total !== null && (total > MAX_MESSAGE_BYTES || length > total)) return bad
  const bytes = encoded.subarray(start, start + length)
  return ok({ type: 'piece', stream, last: (flags & LAST) !== 0, total, bytes })
}

const head = (needed: number, stream: number, flags: number, length: number): Uint8Array => {
  const size = BUCKETS.find((bucket) => bucket >= needed)
  if (size === undefined) throw new Error('a piece is longer than a frame')
  const encoded = new Uint8Array(size)
  const view = new DataView(encoded.buffer)
  view.setUint8(0, stream)
  view.setUint8(1, flags)
  view.setUint16(2, length)
  return encoded
}
