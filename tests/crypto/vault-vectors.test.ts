import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { bytesFromHex, hexFromBytes } from '../../src/lib/core/bytes.ts'
import { COST_FLOOR } from '../../src/lib/crypto/argon2.ts'
import { secretKeyFrom } from '../../src/lib/crypto/hash.ts'
import { stretchHere, type Stretch } from '../../src/lib/crypto/stretch.ts'
import { createRowSealer, openVault } from '../../src/lib/crypto/vault.ts'
import { makeVaultVectors, PASSPHRASE } from './make-vault-vectors.ts'
import { createQuickStretch } from './quick-stretch.ts'

type Vectors = {
  readonly key: string
  readonly headers: readonly {
    readonly passphrase: string
    readonly header: string
    readonly expect: 'opens' | 'WrongPassphrase' | 'VaultDamaged'
  }[]
  readonly rows: readonly {
    readonly table: string
    readonly key: string
    readonly value: string
    readonly name: string
    readonly sealed: string
    readonly expect: 'opens' | 'refused'
  }[]
}

const file = new URL('../vectors/vault.json', import.meta.url)

/** Stretches in earnest what opens, and that once; whatever cannot open need not be waited for. */
const quick = createQuickStretch()
let right: Promise<Uint8Array> | null = null
const stretch: Stretch = async (passphrase, salt, cost) => {
  const isRight = passphrase.normalize('NFC') === PASSPHRASE && cost.passes === COST_FLOOR.passes
  if (!isRight) return quick.stretch(passphrase, salt, cost)
  right ??= stretchHere(passphrase, salt, cost)
  return secretKeyFrom((await right).slice())!
}

// Written anew only when something changes on purpose, and then with a new version in front.
if (process.env['MAKE_VECTORS'])
  writeFileSync(file, `${JSON.stringify(await makeVaultVectors(stretch), null, 2)}\n`)

const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors
const bytes = bytesFromHex

test('what this file was made from, made again from the specification, is what it says', async () => {
  expect(JSON.parse(JSON.stringify(await makeVaultVectors(stretch)))).toEqual(vectors)
})

test.each(vectors.headers)('a vault of years ago: $expect', async (vector) => {
  const opened = await openVault({ ...vector, header: bytes(vector.header), stretch })
  expect(opened.ok ? 'opens' : opened.error.type).toBe(vector.expect)
  if (opened.ok) expect(hexFromBytes(opened.value.key)).toBe(vectors.key)
})

test.each(vectors.rows)('a row of years ago $expect: $table $key', (vector) => {
  const rows = createRowSealer({ key: secretKeyFrom(bytes(vectors.key))! })
  const opened = rows.open(vector.table, vector.name, bytes(vector.sealed))
  if (vector.expect === 'refused') return expect(opened).toBe(null)
  expect(opened).toEqual({ key: vector.key, value: bytes(vector.value) })
  expect(rows.name(vector.table, vector.key)).toBe(vector.name)
})
