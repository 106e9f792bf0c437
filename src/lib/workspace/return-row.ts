import { bytesFromHex } from '../core/bytes.ts'
import { decodeCbor, encodeCbor, hasExactly, isBytes, type Cbor } from '../core/cbor.ts'
import { deviceIdFrom, entryIdFrom, idBytes, type CollId, type DeviceId, type EntryId } from '../core/ids.ts'
import type { WordLanguage } from '../net/words.ts'
import { encodeSpaceRow, parseSpaceRow, type SpaceRow } from './rows.ts'

/** Coming back takes as long as people need, and phones lock meanwhile: what both sides keep until it is decided. */

/** On the phone of whoever comes back. One at a time. */
export type ReturnRow = {
  /** Who they will be there, with keys nobody let in yet. `myName`: what they are called there. */
  readonly as: SpaceRow
  /** The phone of the member who proposes it, and what that member is called. */
  readonly host: DeviceId
  readonly hostName: string
  /** Of the meeting in which both find each other again. It opens no door: only these two phones fit into it. */
  readonly seed: Uint8Array
  readonly language: WordLanguage
}

export const RETURN_KEY = 'return'

export const encodeReturnRow = (row: ReturnRow): Uint8Array =>
  encodeCbor({
    as: encodeSpaceRow(row.as),
    host: idBytes(row.host),
    hostName: row.hostName,
    seed: row.seed,
    language: row.language,
  })

/** `null`: damaged. Never throws. */
export const parseReturnRow = (bytes: Uint8Array): ReturnRow | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !hasExactly(decoded.value, ['as', 'host', 'hostName', 'seed', 'language'])) return null
  const { as, host, hostName, seed, language } = decoded.value as Readonly<Record<string, Cbor>>
  const [row, device] = [as instanceof Uint8Array ? parseSpaceRow(as) : null, deviceIdFrom(host)]
  if (!row || !device || typeof hostName !== 'string' || !isBytes(seed, 16)) return null
  return language === 'es' || language === 'en' ? { as: row, host: device, hostName, seed, language } : null
}

/** On the phone of the member who proposed it: the seed, by proposal. */
export const deskPrefix = (coll: CollId): string => `back/${coll}/`
export const deskKey = (coll: CollId, proposal: EntryId): string => `${deskPrefix(coll)}${proposal}`

export const proposalOfDeskKey = (key: string): EntryId | null => {
  const hex = key.split('/')[2] ?? ''
  return /^[0-9a-f]{64}$/.test(hex) ? entryIdFrom(bytesFromHex(hex)) : null
}
