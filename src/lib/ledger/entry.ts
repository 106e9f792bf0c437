import { decodeCbor, encodeCbor, hasExactly, isUint, type Cbor } from '../core/cbor.ts'
import { collIdFrom, deviceIdFrom, entryIdFrom, idBytes, type EntryId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { hash } from '../crypto/hash.ts'
import { SIGNATURE_BYTES } from '../crypto/sign.ts'
import { actFromBody, isKnownType, MAX_FOUNDERS } from './acts.ts'
import { listOf, sortedIds } from './pieces.ts'
import type { Entry, SignedEntry } from './types.ts'

/** Wrong for ever, whoever looks: these bytes are no entry of ours. */
export type BadEntry = { readonly type: 'BadEntry' } | { readonly type: 'EntryTooLarge' }

export const ENTRY_VERSION = 1
export const MAX_PARENTS = 1024
export const MAX_BODY_BYTES = 16 * 1024
export const MAX_GENESIS_BYTES = 256 * 1024
const ENVELOPE_BYTES = 128 + MAX_PARENTS * 34

/** `{v, coll, type, author, own, parents, body}`: this envelope is the same in every version. Spec: ledger.md §4. */
const ENVELOPE = ['v', 'coll', 'type', 'author', 'own', 'parents', 'body'] as const

export const cborFromEntry = (entry: Entry): Cbor => ({
  v: entry.v,
  coll: entry.coll && idBytes(entry.coll),
  type: entry.type,
  author: idBytes(entry.author),
  own: entry.own && idBytes(entry.own),
  parents: entry.parents.map(idBytes),
  body: entry.body,
})

/** `id = H("led", entry)`. Signatures are outside it. */
export const entryIdOf = (entry: Entry): EntryId => entryIdFrom(hash('led', cborFromEntry(entry)))!

/** `enc([entry, [signature, …]])`. */
export const encodeEntry = (entry: Entry, sigs: readonly Uint8Array[]): Uint8Array =>
  encodeCbor([cborFromEntry(entry), sigs])

export type ParsedEntry = SignedEntry & { readonly sigs: readonly Uint8Array[] }

/**
 * Reads one entry: canonical bytes, a well-formed envelope, sizes within limits, and, for a type and version known here,
 * a well-formed body. Signatures are checked against the graph, later. Never throws.
 */
export const parseEntry = (wire: Uint8Array): Result<ParsedEntry, BadEntry> => {
  if (wire.length > MAX_GENESIS_BYTES + ENVELOPE_BYTES + MAX_FOUNDERS * 66)
    return err({ type: 'EntryTooLarge' })
  const decoded = decodeCbor(wire)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 2)
    return err({ type: 'BadEntry' })
  const [value, sigValues] = decoded.value as readonly Cbor[]
  const sigs = listOf(
    sigValues,
    (sig) => (sig instanceof Uint8Array && sig.length === SIGNATURE_BYTES ? sig : null),
    MAX_FOUNDERS,
  )
  const entry = entryFromCbor(value)
  if (!entry || !sigs) return err({ type: 'BadEntry' })
  const known = entry.v === ENTRY_VERSION && isKnownType(entry.type)
  const genesis = known && entry.type === 'genesis'
  const bodyBytes = encodeCbor(entry.body).length
  if (bodyBytes > (genesis ? MAX_GENESIS_BYTES : MAX_BODY_BYTES)) return err({ type: 'EntryTooLarge' })
  const act = known && isKnownType(entry.type) ? actFromBody(entry.type, entry.body) : null
  if (known && !act) return err({ type: 'BadEntry' })
  if (genesis !== (entry.coll === null) || genesis !== (entry.parents.length === 0))
    return err({ type: 'BadEntry' })
  if (genesis && entry.own !== null) return err({ type: 'BadEntry' })
  if (sigs.length !== (act?.type === 'genesis' ? act.founders.length : 1)) return err({ type: 'BadEntry' })
  return ok({ id: entryIdOf(entry), entry, wire, act, sigs })
}

/** What a signature is over: `SIG("led", id)`. */
export const signedBytes = (id: EntryId): Cbor => idBytes(id)

const entryFromCbor = (value: unknown): Entry | null => {
  if (!hasExactly(value, ENVELOPE)) return null
  const { v, type } = value
  const [coll, author, own] = [collIdFrom(value.coll), deviceIdFrom(value.author), entryIdFrom(value.own)]
  const parents = sortedIds(listOf(value.parents, entryIdFrom, MAX_PARENTS))
  if (!isUint(v) || v < 1 || typeof type !== 'string' || !/^[a-zA-Z0-9-]{1,32}$/.test(type)) return null
  if (!author || !parents || (value.coll !== null && !coll) || (value.own !== null && !own)) return null
  if (own && parents.length === 0) return null
  return { v, coll, type, author, own, parents, body: value.body! }
}
