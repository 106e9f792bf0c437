import { concatBytes, hexFromBytes, utf8FromText } from '../../src/lib/core/bytes.ts'
import { encodeCbor, type Cbor } from '../../src/lib/core/cbor.ts'
import { COST_FLOOR } from '../../src/lib/crypto/argon2.ts'
import { deriveKey, hash, secretKeyFrom } from '../../src/lib/crypto/hash.ts'
import { pad } from '../../src/lib/crypto/pad.ts'
import { sealWith, type SealKey } from '../../src/lib/crypto/seal.ts'
import type { Stretch } from '../../src/lib/crypto/stretch.ts'

// Written out from the specification, not with the code under test: what vault.ts does is done here a second time.

const hex = hexFromBytes
export const PASSPHRASE = 'una piedra en el río'
const vaultKey = secretKeyFrom(hash('state', 'vault'))!
const fixed = (what: string, length: number) => hash('state', what).slice(0, length)

type Row = { readonly table: string; readonly key: string; readonly value: string }

/** A header and rows as they may lie on somebody’s disk for years, and some that must not open. */
export const makeVaultVectors = async (stretch: Stretch): Promise<unknown> => ({
  about: 'A vault as docs/spec/keys.md §8 and §9 have it. Bytes are hex.',
  key: hex(vaultKey),
  headers: await headers(stretch),
  rows: rows(),
})

const headers = async (stretch: Stretch) => {
  const { memoryKiB, passes, lanes } = COST_FLOOR
  const [salt, mark] = [fixed('salt', 16), fixed('mark', 16)]
  const kek = deriveKey(await stretch(PASSPHRASE, salt, COST_FLOOR), 'slot', null)
  const of = (cost: readonly Cbor[], changes: { readonly [key: string]: Cbor } = {}) => {
    const context = encodeCbor(['vault', 1, salt, mark, cost])
    const nonce = fixed('nonce', 24)
    const sealed = sealWith(deriveKey<SealKey>(kek, 'slot', 'seal'), nonce, context, vaultKey)
    const slot = concatBytes(deriveKey(kek, 'slotcommit', context), nonce, sealed)
    return hex(encodeCbor({ v: 1, salt, mark, cost, slot, ...changes }))
  }
  const floor = [memoryKiB, passes, lanes]
  const base = { passphrase: PASSPHRASE, header: of(floor) }
  return [
    { ...base, expect: 'opens' },
    { ...base, passphrase: PASSPHRASE.normalize('NFD'), expect: 'opens' },
    { ...base, passphrase: 'una piedra en el rio', expect: 'WrongPassphrase' },
    { ...base, passphrase: '', expect: 'WrongPassphrase' },
    { ...base, header: of(floor, { mark: fixed('another', 16) }), expect: 'WrongPassphrase' },
    { ...base, header: of([memoryKiB, passes + 1, lanes]), expect: 'WrongPassphrase' },
    { ...base, header: of([memoryKiB - 1, passes, lanes]), expect: 'VaultDamaged' },
    { ...base, header: of([memoryKiB, passes - 1, lanes]), expect: 'VaultDamaged' },
    { ...base, header: of([memoryKiB, passes, lanes + 1]), expect: 'VaultDamaged' },
    { ...base, header: of([2 ** 32, passes, lanes]), expect: 'VaultDamaged' },
    { ...base, header: of([memoryKiB, passes]), expect: 'VaultDamaged' },
    { ...base, header: of(floor, { v: 2 }), expect: 'VaultDamaged' },
    { ...base, header: of(floor, { more: 1 }), expect: 'VaultDamaged' },
    { ...base, header: `${of(floor)}00`, expect: 'VaultDamaged' },
    { ...base, header: '', expect: 'VaultDamaged' },
  ]
}

const rows = () => {
  const known: readonly Row[] = [
    { table: 'meta', key: '', value: '' },
    { table: 'records', key: 'feed/7', value: hex(utf8FromText('El agua es de todas.')) },
    { table: 'keys', key: 'ñ 🌊', value: 'ab'.repeat(1500) },
  ]
  const [first] = known
  const good = known.map((row) => ({ ...row, ...lying(row.table, row.key, plain(row)), expect: 'opens' }))
  const bad = (why: string, sealed: ReturnType<typeof lying>, table = first!.table) => ({
    ...first,
    table,
    ...sealed,
    expect: 'refused',
    why,
  })
  const another = lying('meta', 'another', plain(first!))
  return [
    ...good,
    bad('the row of another name', { ...another, name: good[0]!.name }),
    bad('the row of another table', lying('meta', '', plain(first!)), 'heads'),
    bad('not padded', lying('meta', '', encodeCbor(['', new Uint8Array()]))),
    bad('padded with nothing inside', lying('meta', '', pad(new Uint8Array(), 64))),
    bad('a key that is bytes', lying('meta', '', pad(encodeCbor([new Uint8Array(), new Uint8Array()]), 64))),
    bad('a value that is text', lying('meta', '', pad(encodeCbor(['', '']), 64))),
    bad('three parts', lying('meta', '', pad(encodeCbor(['', new Uint8Array(), 1]), 64))),
    bad('without its tag', { ...good[0]!, sealed: good[0]!.sealed.slice(0, -2) }),
    bad('nothing', { ...good[0]!, sealed: '' }),
  ]
}

const plain = ({ key, value }: Row) => pad(encodeCbor([key, Uint8Array.from(Buffer.from(value, 'hex'))]), 64)

/** Name and sealed bytes of a row whose inside is `plaintext`. */
const lying = (table: string, key: string, plaintext: Uint8Array) => {
  const store = deriveKey(vaultKey, 'store', table)
  const name = hex(deriveKey(deriveKey(store, 'row', 'names'), 'row', key))
  const nonce = fixed(`nonce ${table} ${key}`, 24)
  const context = encodeCbor(['row', table, name, 1])
  const sealed = sealWith(deriveKey<SealKey>(store, 'row', 'rows'), nonce, context, plaintext)
  return { name, sealed: hex(concatBytes(nonce, sealed)) }
}
