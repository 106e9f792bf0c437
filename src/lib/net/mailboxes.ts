import { dayOf, type Clock } from '../core/clock.ts'
import { idBytes, type CollId, type DeviceId } from '../core/ids.ts'
import { deriveKey, secretKeyFrom, type SecretKey } from '../crypto/hash.ts'
import { pad, unpad } from '../crypto/pad.ts'
import { open, seal, type SealKey } from '../crypto/seal.ts'
import { BLOB_BYTES, encodeNote, NOTE_BYTES, parseNote, type Note } from '../wire/rendezvous.ts'

/** A place at a hub, under a name only those know who share a secret, and the key of what lies in it. Spec: wire.md §2. */
export type Mailbox = { readonly id: Uint8Array; readonly key: SealKey }

/** What two devices of a collective share: the X25519 secret of their rendezvous keys, and whose mail this is. */
export type PairMail = {
  readonly secret: SecretKey
  readonly coll: CollId
  readonly from: DeviceId
  readonly to: DeviceId
}

/** Where `from` leaves notes for `to` on one day (UTC, since 1970): another place each day and each way. */
export const pairMailbox = ({ secret, coll, from, to }: PairMail, day: number): Mailbox => {
  const context = [idBytes(coll), day, from < to ? 0 : 1]
  return { id: deriveKey(secret, 'rv', context), key: deriveKey<SealKey>(secret, 'rvkey', context) }
}

/** The secret that keeps the device ids of two members out of the sight of anybody else who finds their mailbox. */
export const pairPsk = (secret: SecretKey, coll: CollId): SecretKey =>
  deriveKey(secret, 'psk', [idBytes(coll)])

/** Where guests who hold an invitation leave notes for the host on one day. */
export const hostMailbox = (seed: Uint8Array, day: number): Mailbox => ({
  id: deriveKey(seedKey(seed), 'rv', [day]),
  key: deriveKey<SealKey>(seedKey(seed), 'rvkey', [day]),
})

/** Where the host answers one guest: a place the guest made up, under a key from the invitation. */
export const guestMailbox = (seed: Uint8Array, id: Uint8Array): Mailbox => ({
  id,
  key: deriveKey<SealKey>(seedKey(seed), 'rvkey', [id]),
})

export const invitationPsk = (seed: Uint8Array, context: Uint8Array): SecretKey =>
  deriveKey(seedKey(seed), 'psk', [context])

/** A seed of 16 to 32 bytes as a key of 32: zeros follow. */
const seedKey = (seed: Uint8Array): SecretKey => {
  if (seed.length < 16 || seed.length > 32) throw new Error('an invitation seed has 16 to 32 bytes')
  const key = new Uint8Array(32)
  key.set(seed)
  return secretKeyFrom(key)!
}

/** Clocks of phones differ, and midnight is not an appointment: so close to it both days are open. */
const EDGE_MS = 2 * 60 * 60_000

/** The days whose mailboxes are open now: one, or two near midnight UTC. */
export const openDays = (clock: Clock): readonly number[] => [
  ...new Set([dayOf(clock.now() - EDGE_MS), dayOf(clock.now()), dayOf(clock.now() + EDGE_MS)]),
]

/** A blob of exactly 1024 bytes, whatever the note says. */
export const sealNote = (mailbox: Mailbox, note: Note): Uint8Array => {
  const blob = seal(mailbox.key, mailbox.id, pad(encodeNote(note), NOTE_BYTES))
  if (blob.length !== BLOB_BYTES) throw new Error('a note is longer than a blob')
  return blob
}

/** `null`: not ours, altered, or nothing we understand. Never throws. */
export const openBlob = (mailbox: Mailbox, blob: Uint8Array): Note | null => {
  if (blob.length !== BLOB_BYTES) return null
  const opened = open(mailbox.key, mailbox.id, blob)
  const unpadded = opened.ok ? unpad(opened.value) : opened
  const note = unpadded.ok ? parseNote(unpadded.value) : unpadded
  return note.ok ? note.value : null
}
