import { decodeCbor, encodeCbor, type Cbor } from '../core/cbor.ts'
import { idBytes, type DeviceId, type EntryId, type MemberId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { deviceIdOf, type Device, type OwnDevice } from '../crypto/device.ts'
import { sign, verify } from '../crypto/sign.ts'
import { bodyFromAct } from './acts.ts'
import {
  cborFromEntry,
  encodeEntry,
  ENTRY_VERSION,
  entryIdOf,
  parseEntry,
  type BadEntry,
  type ParsedEntry,
} from './entry.ts'
import type { Entry, Founder, Policy } from './types.ts'

/** A genesis that nobody, or not everybody, has signed yet. */
export type GenesisDraft = {
  readonly id: EntryId
  readonly author: DeviceId
  readonly entry: Entry
  readonly founders: readonly Founder[]
  /** `enc(entry)`: what the founders pass round before they sign. */
  readonly bytes: Uint8Array
}

export type BadGenesis =
  | BadEntry
  | { readonly type: 'BadSignature' }
  | { readonly type: 'SameFounderTwice' }
  | { readonly type: 'NotThisGenesis' }

/** What the founders are going to sign. The author is one of them. */
export const createGenesis = (of: {
  readonly author: DeviceId
  readonly founders: readonly { readonly member: MemberId; readonly device: Device }[]
  readonly nonce: Uint8Array
  readonly policy: Policy
}): GenesisDraft => {
  const founders = of.founders.map(({ member, device }) => ({ member, device, deviceId: deviceIdOf(device) }))
  const body = bodyFromAct({ type: 'genesis', founders, nonce: of.nonce, policy: of.policy })
  const entry: Entry = {
    v: ENTRY_VERSION,
    coll: null,
    type: 'genesis',
    author: of.author,
    own: null,
    parents: [],
    body,
  }
  return { id: entryIdOf(entry), author: of.author, entry, founders, bytes: encodeCbor(cborFromEntry(entry)) }
}

/** Reads what another founder passed round. Never throws. */
export const parseGenesisDraft = (bytes: Uint8Array): Result<GenesisDraft, BadGenesis> => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok) return err({ type: 'BadEntry' })
  // A draft is an entry with no signatures; the reader of entries asks for one a founder, so give it blanks.
  const blanks = Array.from({ length: founderCount(decoded.value) }, () => new Uint8Array(64))
  const parsed = parseEntry(encodeCbor([decoded.value, blanks]))
  if (!parsed.ok) return parsed
  const { entry, act, id } = parsed.value
  if (act?.type !== 'genesis') return err({ type: 'BadEntry' })
  const sound = checkFounders(entry, act.founders)
  return sound ? err(sound) : ok({ id, author: entry.author, entry, founders: act.founders, bytes })
}

/** One founder's consent: `SIG("led", id)`. That is the binding of its device to its member. */
export const signGenesis = (own: OwnDevice, draft: GenesisDraft): Uint8Array =>
  sign(own.signSk, 'led', idBytes(draft.id))

/** The finished genesis, signatures in the order of the founders. */
export const assembleGenesis = (
  draft: GenesisDraft,
  sigs: readonly Uint8Array[],
): Result<ParsedEntry, BadGenesis> => checkGenesis(encodeEntry(draft.entry, sigs))

/** Checks a finished genesis: shape, distinct founders, every signature. Never throws. */
export const checkGenesis = (wire: Uint8Array): Result<ParsedEntry, BadGenesis> => {
  const read = readGenesis(wire)
  if (!read.ok) return read
  const { act, id, sigs } = read.value
  const signed =
    act?.type === 'genesis' &&
    act.founders.every(({ device }, i) => verify(device.signPk, 'led', idBytes(id), sigs[i]!))
  return signed ? read : err({ type: 'BadSignature' })
}

/** Reads back a genesis whose signatures were verified when it came: shape and distinct founders. Never throws. */
export const readGenesis = (wire: Uint8Array): Result<ParsedEntry, BadGenesis> => {
  const parsed = parseEntry(wire)
  if (!parsed.ok) return parsed
  const { act, entry } = parsed.value
  if (act?.type !== 'genesis') return err({ type: 'BadEntry' })
  const unsound = checkFounders(entry, act.founders)
  return unsound ? err(unsound) : parsed
}

const checkFounders = (entry: Entry, founders: readonly Founder[]): BadGenesis | null => {
  const members = new Set(founders.map(({ member }) => member))
  const devices = new Set(founders.map(({ deviceId }) => deviceId))
  if (members.size !== founders.length || devices.size !== founders.length)
    return { type: 'SameFounderTwice' }
  return devices.has(entry.author) ? null : { type: 'BadEntry' }
}

const founderCount = (value: Cbor): number => {
  const body = (value as { body?: { founders?: unknown } } | null)?.body
  return Array.isArray(body?.founders) ? Math.min(body.founders.length, 120) : 0
}
