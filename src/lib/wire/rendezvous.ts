import { decodeCbor, encodeCbor, isBytes, type Cbor } from '../core/cbor.ts'
import { err, ok, type Result } from '../core/result.ts'
import { encodeCard, parseCard, type Card } from './cards.ts'
import type { BadMessage } from './sync.ts'

/**
 * What two devices leave for each other in a mailbox, inside a seal. `id`: 16 random bytes of this message alone, so
 * that a second copy is known for one. Spec: wire.md §2.
 */
export type Note =
  /** I would like a link. `reply`: where to answer, from a stranger with an invitation; else `null`. */
  | { readonly type: 'knock'; readonly id: Uint8Array; readonly reply: Uint8Array | null }
  /**
   * My half of connection `session`. `answers`: the id of the knock or the session of the card it answers, so that a
   * card kept back or sent twice finds nobody waiting for it.
   */
  | {
      readonly type: 'card'
      readonly id: Uint8Array
      readonly session: Uint8Array
      readonly answers: Uint8Array
      readonly card: Card
    }
  /** We do not reach each other: meet me in this pipe at the hub (wire.md §12). */
  | { readonly type: 'relay'; readonly id: Uint8Array; readonly pipe: Uint8Array }

export const NOTE_ID_BYTES = 16
export const SESSION_BYTES = 16
export const MAILBOX_BYTES = 32
/** Random, made up for one link. */
export const PIPE_NAME_BYTES = 32
/** Every blob in every mailbox has this size: 24 bytes nonce, the padded note, 16 bytes tag. */
export const BLOB_BYTES = 1024
/** What is left for the note once sealed. The last byte of it is never the note’s: padding has a mark. */
export const NOTE_BYTES = BLOB_BYTES - 40

export const encodeNote = (note: Note): Uint8Array => {
  switch (note.type) {
    case 'knock':
      return encodeCbor([0, note.id, note.reply])
    case 'card':
      return encodeCbor([1, note.id, note.session, note.answers, encodeCard(note.card)])
    case 'relay':
      return encodeCbor([2, note.id, note.pipe])
  }
}

/** Never throws. */
export const parseNote = (bytes: Uint8Array): Result<Note, BadMessage> => {
  const decoded = decodeCbor(bytes)
  const note = decoded.ok && Array.isArray(decoded.value) ? noteFrom(decoded.value as readonly Cbor[]) : null
  return note ? ok(note) : err({ type: 'BadMessage' })
}

const noteFrom = (parts: readonly Cbor[]): Note | null => {
  const [kind, id, a, b, c] = parts
  if (!isBytes(id, NOTE_ID_BYTES)) return null
  if (kind === 0 && parts.length === 3 && (a === null || isBytes(a, MAILBOX_BYTES)))
    return { type: 'knock', id, reply: a }
  if (kind === 2 && parts.length === 3 && isBytes(a, PIPE_NAME_BYTES)) return { type: 'relay', id, pipe: a }
  if (kind !== 1 || parts.length !== 5 || !isBytes(a, SESSION_BYTES) || !(c instanceof Uint8Array))
    return null
  if (!isBytes(b, SESSION_BYTES)) return null
  const card = parseCard(c)
  return card.ok ? { type: 'card', id, session: a, answers: b, card: card.value } : null
}
