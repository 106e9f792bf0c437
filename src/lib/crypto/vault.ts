import { decodeCbor, encodeCbor, hasExactly, isBytes, isCborMap } from '../core/cbor.ts'
import { hexFromBytes, textFromUtf8 } from '../core/bytes.ts'
import { Reader } from '../core/cbor-reader.ts'
import type { Random } from '../core/clock.ts'
import { err, ok, type Result } from '../core/result.ts'
import { mayStretch, type StretchCost } from './argon2.ts'
import { deriveKey, forget, generateSecretKey, type SecretKey } from './hash.ts'
import { pad, unpad } from './pad.ts'
import { open, seal, type SealKey } from './seal.ts'
import { openSlot, sealSlot } from './slot.ts'
import type { Stretch } from './stretch.ts'

/** An open vault: the random key under which every row on this device is sealed. Zeroed by {@link forgetVault}. */
export type Vault = { readonly key: SecretKey }

/** Not this vault's passphrase, or an altered header: one answer, so that nobody learns which. */
export type WrongPassphrase = { readonly type: 'WrongPassphrase' }
/** The header is not one of ours, or asks for a stretch we refuse. */
export type VaultDamaged = { readonly type: 'VaultDamaged' }

const SALT_BYTES = 16
const MARK_BYTES = 16
const ROW_PAD = 64

type Header = {
  readonly salt: Uint8Array
  readonly mark: Uint8Array
  readonly cost: StretchCost
  readonly slot: Uint8Array
}

/**
 * A new vault. `header` is what is kept in the clear: salt, cost, a random mark for the lock screen's band, and the slot
 * `commit || seal(KEK, vault key)`, which authenticates all of it. Spec: keys.md §8.
 */
export const createVault = async (of: {
  readonly passphrase: string
  readonly cost: StretchCost
  readonly stretch: Stretch
  readonly random: Random
}): Promise<{ readonly header: Uint8Array; readonly vault: Vault }> => {
  const [salt, mark] = [of.random.bytes(SALT_BYTES), of.random.bytes(MARK_BYTES)]
  const key = generateSecretKey()
  const slot = await sealSlot({ ...of, salt, context: headerContext({ salt, mark, cost: of.cost }), key })
  return { header: encodeHeader({ salt, mark, cost: of.cost, slot }), vault: { key } }
}

/**
 * Opens a vault. Never throws on a hostile header; a lowered cost is refused before any stretching. Rejects only when
 * `stretch` does: this machine has not the memory.
 */
export const openVault = async (of: {
  readonly header: Uint8Array
  readonly passphrase: string
  readonly stretch: Stretch
}): Promise<Result<Vault, WrongPassphrase | VaultDamaged>> => {
  const header = parseHeader(of.header)
  if (!header || !mayStretch(header.cost)) return err({ type: 'VaultDamaged' })
  const { salt, cost, slot } = header
  const key = await openSlot({ ...of, salt, cost, context: headerContext(header), slot })
  return key ? ok({ key }) : err({ type: 'WrongPassphrase' })
}

/** Random bytes of a vault for the lock screen's band, or `null` when the header is not ours. */
export const markOf = (header: Uint8Array): Uint8Array | null => parseHeader(header)?.mark ?? null

/** Overwrites the vault's key and every key made from it. What still wants to write a row afterwards throws, and writes nothing. */
export const forgetVault = (vault: Vault): void => {
  forgotten.add(vault)
  forget(vault.key, ...(made.get(vault) ?? []))
}

const forgotten = new WeakSet<Vault>()
/** Keys of rows, by the vault they came from. */
const made = new WeakMap<Vault, Uint8Array[]>()

export type SealedRows = {
  /** These three throw once the vault is forgotten: a row sealed under a key of zeros would lie open. */
  name(table: string, key: string): string
  seal(table: string, key: string, value: Uint8Array): Uint8Array
  open(
    table: string,
    name: string,
    sealed: Uint8Array,
  ): { readonly key: string; readonly value: Uint8Array } | null
}

/**
 * Rows of a vault: under each table's own subkey, a name that only the key tells apart from chance, and a sealed value
 * bound to table and name, padded. Inside it the row's real key, so that a table can be listed. Spec: keys.md §9.
 */
export const createRowSealer = (vault: Vault): SealedRows => {
  const subkeys = new Map<string, { readonly names: SecretKey; readonly rows: SealKey }>()
  const keysOf = (table: string) => {
    if (forgotten.has(vault)) throw new Error('the vault is locked')
    const known = subkeys.get(table)
    if (known) return known
    const store = deriveKey(vault.key, 'store', table)
    const keys = { names: deriveKey(store, 'row', 'names'), rows: deriveKey<SealKey>(store, 'row', 'rows') }
    forget(store)
    made.set(vault, [...(made.get(vault) ?? []), keys.names, keys.rows])
    subkeys.set(table, keys)
    return keys
  }
  const context = (table: string, name: string) => encodeCbor(['row', table, name, 1])
  const nameOf = (table: string, key: string) => hexFromBytes(deriveKey(keysOf(table).names, 'row', key))
  return {
    name: nameOf,
    seal: (table, key, value) =>
      seal(keysOf(table).rows, context(table, nameOf(table, key)), pad(encodeCbor([key, value]), ROW_PAD)),
    open: (table, name, sealed) => {
      const opened = open(keysOf(table).rows, context(table, name), sealed)
      const bare = opened.ok ? unpad(opened.value) : opened
      if (!bare.ok) return null
      // Views into what was opened: a row may be a whole document.
      const reader = new Reader(bare.value)
      reader.expect(0x82)
      const [key, value] = [textFromUtf8(reader.text()), reader.bytes()]
      return reader.done && key !== null ? { key, value } : null
    },
  }
}

const headerContext = ({ salt, mark, cost }: Omit<Header, 'slot'>): Uint8Array =>
  encodeCbor(['vault', 1, salt, mark, [cost.memoryKiB, cost.passes, cost.lanes]])

const encodeHeader = ({ salt, mark, cost, slot }: Header): Uint8Array =>
  encodeCbor({ v: 1, salt, mark, cost: [cost.memoryKiB, cost.passes, cost.lanes], slot })

const parseHeader = (bytes: Uint8Array): Header | null => {
  const decoded = decodeCbor(bytes)
  if (
    !decoded.ok ||
    !isCborMap(decoded.value) ||
    !hasExactly(decoded.value, ['v', 'salt', 'mark', 'cost', 'slot'])
  )
    return null
  const { v, salt, mark, cost, slot } = decoded.value
  if (v !== 1 || !isBytes(salt, SALT_BYTES) || !isBytes(mark, MARK_BYTES) || !(slot instanceof Uint8Array))
    return null
  if (!Array.isArray(cost) || cost.length !== 3 || cost.some((part) => typeof part !== 'number')) return null
  const [memoryKiB, passes, lanes] = cost as [number, number, number]
  return { salt, mark, cost: { memoryKiB, passes, lanes }, slot }
}
