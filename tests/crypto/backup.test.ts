import { readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesFromHex, concatBytes, hexFromBytes, utf8FromText } from '../../src/lib/core/bytes.ts'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { COST_FLOOR } from '../../src/lib/crypto/argon2.ts'
import { looksLikeBackup, MAX_BACKUP_BYTES, openBackup, sealBackup } from '../../src/lib/crypto/backup.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { stretchHere } from '../../src/lib/crypto/stretch.ts'
import {
  fileOf,
  LONG,
  LONG_PADDED,
  makeBackupVectors,
  PASSPHRASE,
  PAYLOAD,
  type Changes,
} from './make-backup-vectors.ts'
import { createQuickStretch } from './quick-stretch.ts'

const path = new URL('../vectors/backup.json', import.meta.url)
const { stretch, asked, cost } = createQuickStretch()

// Written anew only when something changes on purpose, and then with a new version in front.
if (process.env['MAKE_VECTORS'])
  writeFileSync(path, `${JSON.stringify(await makeBackupVectors(stretchHere), null, 2)}\n`)

const vectors = JSON.parse(readFileSync(path, 'utf8')) as {
  readonly passphrase: string
  readonly payload: string
  readonly file: string
  readonly long: { readonly hash: string }
}

const opens = async (file: Uint8Array, passphrase = PASSPHRASE) => {
  const opened = await openBackup({ file, passphrase, stretch })
  return opened.ok ? 'opens' : opened.error.type
}
const short = (changes?: Changes) => fileOf(stretch, { payload: PAYLOAD, length: 4096 }, changes)
const long = (changes?: Changes) => fileOf(stretch, { payload: LONG, length: LONG_PADDED }, changes)

test('a copy of years ago opens with its phrase, and is what the page says', async () => {
  expect(JSON.parse(JSON.stringify(await makeBackupVectors(stretchHere)))).toEqual(vectors)
  const file = bytesFromHex(vectors.file)
  const opened = await openBackup({ file, passphrase: PASSPHRASE.normalize('NFD'), stretch: stretchHere })
  expect(hexFromBytes(expectOk(opened))).toBe(vectors.payload)
})

test('what is sealed here opens as it was, and as the page says: short, long, and of nothing', async () => {
  for (const payload of [new Uint8Array(), PAYLOAD, LONG, new Uint8Array(65_535), new Uint8Array(65_536)]) {
    const file = expectOk(
      await sealBackup({ payload, passphrase: PASSPHRASE, cost, stretch, random: systemRandom }),
    )
    expect(expectOk(await openBackup({ file, passphrase: PASSPHRASE, stretch }))).toEqual(payload)
  }
  expect(expectOk(await openBackup({ file: await long(), passphrase: PASSPHRASE, stretch }))).toEqual(LONG)
})

test('two copies of the same have nothing in common but their mark, version, cost and size', async () => {
  const of = { payload: LONG, passphrase: PASSPHRASE, cost, stretch, random: systemRandom }
  const [one, two] = [expectOk(await sealBackup(of)), expectOk(await sealBackup(of))]
  expect(one.length).toBe(two.length)
  const same = one.filter((byte, i) => byte === two[i]).length
  // One byte in 256 is the same by chance.
  expect(same).toBeLessThan(one.length / 256 + 60 + 8 * Math.sqrt(one.length / 256))
})

test('another phrase, none, or an altered header: one answer', async () => {
  const file = await short()
  for (const phrase of ['', 'nueve cantaros bajo la ceiba', `${PASSPHRASE} `, PASSPHRASE.toUpperCase()])
    expect(await opens(file, phrase)).toBe('WrongBackupPhrase')
})

test('every bit of a file counts: with one changed it opens nowhere, and nothing throws', async () => {
  const file = await short()
  const said = new Set<string>()
  for (let at = 0; at < file.length; at += at < 200 ? 1 : 37) {
    const altered = file.slice()
    altered[at]! ^= 1 << (at % 8)
    said.add(await opens(altered))
  }
  expect([...said].sort()).toEqual(['BackupDamaged', 'NewerBackup', 'NotABackup', 'WrongBackupPhrase'].sort())
})

test('cut anywhere, or with something behind it, it is said to be damaged, without stretching', async () => {
  const file = await long()
  const before = asked.length
  for (const length of [11, 60, 150, 200, 65_000, 66_000, file.length - 40, file.length - 1])
    expect({ length, said: await opens(file.subarray(0, length)) }).toEqual({ length, said: 'BackupDamaged' })
  expect(await opens(concatBytes(file, Uint8Array.of(0)))).toBe('BackupDamaged')
  expect(asked.length).toBe(before)
})

test('chunks cannot be swapped, repeated, left out, taken from another copy, or ended early', async () => {
  const other = expectOk(
    await sealBackup({ payload: LONG, passphrase: PASSPHRASE, cost, stretch, random: systemRandom }),
  )
  const meddled: readonly Changes[] = [
    { chunks: ([a, b, c]) => [b!, a!, c!] },
    { chunks: ([a, , c]) => [a!, a!, c!] },
    { chunks: ([a, , c]) => [a!, c!] },
    { chunks: ([a, b]) => [a!, b!] },
    { chunks: ([a, b, c]) => [a!, b!, c!, c!] },
    { chunks: ([a, , c]) => [a!, other.slice(-a!.length - c!.length, -c!.length), c!] },
    { isLast: (index) => index === 0 },
    { isLast: () => false },
    { isLast: () => true },
  ]
  for (const changes of meddled) expect(await opens(await long(changes))).toBe('BackupDamaged')
})

test('declared sizes and costs are bounded before a byte is made room for, and none is believed', async () => {
  const before = asked.length
  const floor = [COST_FLOOR.memoryKiB, COST_FLOOR.passes, COST_FLOOR.lanes]
  for (const size of [
    0,
    4095,
    4097,
    MAX_BACKUP_BYTES,
    MAX_BACKUP_BYTES + 1,
    2 ** 40,
    Number.MAX_SAFE_INTEGER,
  ])
    expect({ size, said: await opens(await short({ size })) }).toEqual({ size, said: 'BackupDamaged' })
  for (const wrong of [
    [floor[0]! - 1, floor[1]!, 1],
    [2 ** 31, 3, 1],
    [floor[0]!, 2, 1],
    [floor[0]!, 2 ** 30, 1],
    [floor[0]!, 3, 2],
    [floor[0]!, 3],
  ])
    expect({ wrong, said: await opens(await short({ cost: wrong })) }).toEqual({
      wrong,
      said: 'BackupDamaged',
    })
  // Only the making of these files stretched.
  expect(asked.length - before).toBe(13)
})

test('a later version says so; an earlier one there never was', async () => {
  expect(await opens(await short({ version: 2 }))).toBe('NewerBackup')
  expect(await opens(await short({ version: 23 }))).toBe('NewerBackup')
  expect(await opens(await short({ version: 0 }))).toBe('BackupDamaged')
})

test('files of others are told apart from copies, and a carried file is called by its name', async () => {
  const carried = utf8FromText('age-encryption.org/v1\n-> mlkem768x25519 …')
  expect(await opens(carried)).toBe('CarriedNotBackup')
  const code = utf8FromText('HTTPS://LUMBRE/#/UNIRME?C=AAECAwQF')
  const picture = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70, 73, 70)
  for (const file of [
    new Uint8Array(),
    code,
    picture,
    encodeCbor({ v: 1 }),
    await short({ magic: new Uint8Array(8) }),
  ])
    expect(await opens(file)).toBe('NotABackup')
  expect(looksLikeBackup(await short()).ok).toBe(true)
})

test('whatever the bytes, there is an answer', async () => {
  const start = (await short()).subarray(0, 140)
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 400 }),
      fc.nat(139),
      fc.boolean(),
      async (noise, keep, isOurs) => {
        const file = isOurs ? concatBytes(start.subarray(0, keep), noise) : noise
        expect(await opens(file)).not.toBe('opens')
        looksLikeBackup(file)
      },
    ),
  )
})
