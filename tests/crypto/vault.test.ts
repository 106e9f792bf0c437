import { fc } from '@fast-check/vitest'
import { expect, test, vi } from 'vitest'
import { hexFromBytes, utf8FromText } from '../../src/lib/core/bytes.ts'
import { decodeCbor, encodeCbor, type Cbor } from '../../src/lib/core/cbor.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { COST_FLOOR } from '../../src/lib/crypto/argon2.ts'
import { generateSecretKey } from '../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import sodium from '../../src/lib/crypto/sodium.ts'
import { stretchHere } from '../../src/lib/crypto/stretch.ts'
import { createRowSealer, createVault, forgetVault, markOf, openVault } from '../../src/lib/crypto/vault.ts'
import { createQuickStretch } from './quick-stretch.ts'

const PASSPHRASE = 'una piedra en el río'
const runs = process.env['SLOW'] ? 2000 : 100

const quick = createQuickStretch()
const make = (passphrase = PASSPHRASE) =>
  createVault({ passphrase, cost: quick.cost, stretch: quick.stretch, random: systemRandom })
const tryOpen = (header: Uint8Array, passphrase = PASSPHRASE) =>
  openVault({ header, passphrase, stretch: quick.stretch })

const wrong = { ok: false, error: { type: 'WrongPassphrase' } }
const damaged = { ok: false, error: { type: 'VaultDamaged' } }

type Fields = { readonly [key: string]: Cbor }
const fieldsOf = (header: Uint8Array) => expectOk(decodeCbor(header)) as Fields
const change = (header: Uint8Array, changes: Fields) => encodeCbor({ ...fieldsOf(header), ...changes })

test('what one passphrase closed, the same one opens', async () => {
  const { header, vault } = await make()
  expect(expectOk(await tryOpen(header)).key).toEqual(vault.key)
})

test('two ways of typing the same letters are one passphrase', async () => {
  const { header } = await make('ma\u00f1ana'.normalize('NFC'))
  expect((await tryOpen(header, 'ma\u00f1ana'.normalize('NFD'))).ok).toBe(true)
})

test('two vaults under one passphrase share nothing that can be seen', async () => {
  const [one, other] = [await make(), await make()]
  expect(one.vault.key).not.toEqual(other.vault.key)
  for (const field of ['salt', 'mark', 'slot'])
    expect(fieldsOf(one.header)[field]).not.toEqual(fieldsOf(other.header)[field])
})

test('the header holds neither the passphrase nor the key, and its mark can be read without them', async () => {
  const { header, vault } = await make()
  const seen = Buffer.from(header)
  expect(seen.includes(PASSPHRASE)).toBe(false)
  expect(seen.includes(Buffer.from(vault.key))).toBe(false)
  expect(markOf(header)).toEqual(fieldsOf(header)['mark'])
  expect(markOf(header)).toHaveLength(16)
})

test('every flipped bit of a header keeps the vault shut', async () => {
  const { header } = await make()
  for (let bit = 0; bit < header.length * 8; bit++) {
    const flipped = header.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    const opened = await tryOpen(flipped)
    expect(opened.ok, `bit ${bit}`).toBe(false)
  }
})

test('whatever stands where the header should be, opening it answers and never throws', async () => {
  const { header } = await make()
  const mangled = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.tuple(fc.nat({ max: header.length }), fc.uint8Array({ maxLength: 20 })).map(([at, more]) => {
      const cut = header.slice(0, at)
      return Uint8Array.from([...cut, ...more])
    }),
    fc
      .record({
        v: fc.constantFrom<Cbor>(0, 1, 2, '1'),
        salt: fc.uint8Array({ maxLength: 20 }),
        mark: fc.uint8Array({ maxLength: 20 }),
        cost: fc.array(fc.oneof(fc.nat(), fc.constantFrom<Cbor>(null, 'x', -1)), { maxLength: 4 }),
        slot: fc.uint8Array({ maxLength: 200 }),
      })
      .map((fields) => encodeCbor(fields)),
  )
  await fc.assert(
    fc.asyncProperty(mangled, async (bytes) => {
      fc.pre(hexFromBytes(bytes) !== hexFromBytes(header))
      expect((await tryOpen(bytes)).ok).toBe(false)
    }),
    { numRuns: runs },
  )
})

test('a header of another version is not guessed at', async () => {
  const { header } = await make()
  expect(await tryOpen(change(header, { v: 2 }))).toEqual(damaged)
  expect(markOf(change(header, { v: 2 }))).toBe(null)
})

test('a slot that opens under a key it was not committed to is refused', async () => {
  // Somebody who controls the disk and one passphrase cannot make a header that opens under two.
  const [one, other] = [await make('la primera'), await make('la segunda')]
  const [slot, theirs] = [
    fieldsOf(one.header)['slot'] as Uint8Array,
    fieldsOf(other.header)['slot'] as Uint8Array,
  ]
  const mixed = Uint8Array.from([...theirs.subarray(0, 32), ...slot.subarray(32)])
  expect(await tryOpen(change(one.header, { slot: mixed }), 'la primera')).toEqual(wrong)
})

test('Enter pressed on an empty field is a wrong passphrase, to the real stretching too', async () => {
  const { header } = await make()
  expect(await openVault({ header, passphrase: '', stretch: stretchHere })).toEqual(wrong)
})

test('a machine without the memory is not told that its passphrase was wrong', async () => {
  const { header } = await make()
  const stretch = () => Promise.reject(new Error('not enough memory to stretch'))
  await expect(openVault({ header, passphrase: PASSPHRASE, stretch })).rejects.toThrow('memory')
})

test('the floor is RFC 9106’s: 64 MiB, three passes', () => {
  expect(COST_FLOOR).toEqual({ memoryKiB: 65_536, passes: 3, lanes: 1 })
})

// ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((key) => !key.startsWith('\ufeff'))
const value = fc.uint8Array({ maxLength: 3000 })

test('opening a row gives back its key and what was sealed', () => {
  const rows = createRowSealer({ key: generateSecretKey() })
  fc.assert(
    fc.property(text, text, value, (table, key, bytes) => {
      const sealed = rows.seal(table, key, bytes)
      expect(rows.open(table, rows.name(table, key), sealed)).toEqual({ key, value: bytes })
    }),
    { numRuns: runs },
  )
})

test('a row opens in its table, under its name, in its vault, and nowhere else', () => {
  const [rows, others] = [
    createRowSealer({ key: generateSecretKey() }),
    createRowSealer({ key: generateSecretKey() }),
  ]
  const sealed = rows.seal('ledger', 'a', utf8FromText('x'))
  const name = rows.name('ledger', 'a')
  expect(rows.open('ledger', name, sealed)).not.toBe(null)
  expect(rows.open('ledger', rows.name('ledger', 'b'), sealed)).toBe(null)
  expect(rows.open('records', name, sealed)).toBe(null)
  expect(rows.open('records', rows.name('records', 'a'), sealed)).toBe(null)
  expect(others.open('ledger', name, sealed)).toBe(null)
  expect(rows.open('ledger', name.toUpperCase(), sealed)).toBe(null)
})

test('every flipped bit of a row is noticed', () => {
  const rows = createRowSealer({ key: generateSecretKey() })
  const sealed = rows.seal('keys', 'k', utf8FromText('corta'))
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = sealed.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    expect(rows.open('keys', rows.name('keys', 'k'), flipped)).toBe(null)
  }
})

test('names are the same each time, differ by key, table and vault, and hold none of them', () => {
  const vault = { key: generateSecretKey() }
  const [rows, again] = [createRowSealer(vault), createRowSealer(vault)]
  const name = rows.name('meta', 'space/Las Tres Vertientes')
  expect(again.name('meta', 'space/Las Tres Vertientes')).toBe(name)
  expect(name).toMatch(/^[0-9a-f]{64}$/)
  const others = [
    rows.name('meta', 'space/otra'),
    rows.name('keys', 'space/Las Tres Vertientes'),
    createRowSealer({ key: generateSecretKey() }).name('meta', 'space/Las Tres Vertientes'),
  ]
  expect(new Set([name, ...others]).size).toBe(4)
})

test('the same row sealed twice looks like two different ones, of one length with others about as long', () => {
  const rows = createRowSealer({ key: generateSecretKey() })
  const sealed = (length: number) => rows.seal('meta', 'k', new Uint8Array(length))
  expect(sealed(5)).not.toEqual(sealed(5))
  const lengths = new Set(Array.from({ length: 50 }, (_, i) => sealed(i).length))
  expect(lengths.size).toBe(1)
  expect(new Set(Array.from({ length: 2000 }, (_, i) => sealed(i).length)).size).toBeLessThan(40)
})

test('forgetting a vault overwrites its key and every key made from it', async () => {
  const { header, vault } = await make()
  const rows = createRowSealer(vault)
  const hashed = vi.spyOn(sodium, 'crypto_generichash')
  const sealed = rows.seal('meta', 'k', utf8FromText('x'))
  const names = [rows.name('meta', 'k'), rows.name('keys', 'k')]
  const made = hashed.mock.results.map(({ value }) => value as Uint8Array)
  hashed.mockRestore()
  forgetVault(vault)
  expect(vault.key).toEqual(new Uint8Array(32))
  // Of each table three, of which none is left: nothing that was derived stays in memory but the names of rows.
  const left = made.map((bytes) => hexFromBytes(bytes)).filter((hex) => !names.includes(hex))
  expect(left).toEqual(Array.from({ length: 6 }, () => '00'.repeat(32)))
  expect(() => rows.seal('meta', 'k', utf8FromText('x'))).toThrow('locked')
  expect(() => rows.name('keys', 'k')).toThrow('locked')
  expect(() => createRowSealer(vault).seal('meta', 'k', utf8FromText('x'))).toThrow('locked')
  // Not gone: the passphrase opens it again.
  const back = createRowSealer(expectOk(await tryOpen(header)))
  expect(back.open('meta', back.name('meta', 'k'), sealed)).toEqual({ key: 'k', value: utf8FromText('x') })
})
