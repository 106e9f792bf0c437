import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { concatBytes } from '../../src/lib/core/bytes.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { openLogStorage, type LogStorage } from '../../src/keeper/log-storage.ts'
import { keepsRows } from '../conformance/storage.ts'
import { seededRandom } from '../world/time.ts'

const folders: string[] = []
const opened: LogStorage[] = []
afterAll(async () => {
  for (const storage of opened) storage.close()
  for (const storage of opened) await storage.closed()
  for (const folder of folders) rmSync(folder, { recursive: true })
})

const freshFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'keeper-log-'))
  folders.push(folder)
  return folder
}

const openAt = async (folder: string): Promise<LogStorage> => {
  const storage = (await openLogStorage(folder, systemRandom)) ?? expect.fail('no log of ours')
  opened.push(storage)
  return storage
}

keepsRows('the log of a keeper', () => {
  const folder = freshFolder()
  return Promise.resolve({ open: () => openAt(folder) })
})

const bytes = (n: number) => Uint8Array.of(n, n, n)
const rowsOf = async (storage: LogStorage) =>
  expectOk(await storage.all('records')).rows.map(([key, value]) => `${key} ${value[0]}`)

/** A log of so many commits of two rows each, and how long it was after each. */
const written = async (commits: number) => {
  const folder = freshFolder()
  const storage = await openAt(folder)
  const ends = [storage.size]
  for (let n = 0; n < commits; n++) {
    expectOk(
      await storage.commit([
        { table: 'records', key: `${n} a`, value: bytes(n) },
        { table: 'records', key: `${n} b`, value: bytes(n) },
      ]),
    )
    ends.push(storage.size)
  }
  storage.close()
  await storage.closed()
  return { folder, path: join(folder, 'log'), ends, whole: readFileSync(join(folder, 'log')) }
}

const upTo = (commits: number) =>
  Array.from({ length: commits }, (_, n) => [`${n} a ${n}`, `${n} b ${n}`]).flat()

test('wherever the power goes while it writes, exactly the whole commits before are there, and it goes on from them', async () => {
  const { folder, path, ends, whole } = await written(5)
  for (let length = ends[0]!; length <= whole.length; length += 3) {
    writeFileSync(path, whole.subarray(0, length))
    const complete = ends.filter((end) => end <= length).length - 1
    const storage = await openAt(folder)
    expect(await rowsOf(storage)).toEqual(upTo(complete))
    expect(statSync(path).size).toBe(ends[complete])
    expectOk(await storage.commit([{ table: 'records', key: 'z', value: bytes(9) }]))
    storage.close()
    await storage.closed()
    const again = await openAt(folder)
    expect(await rowsOf(again)).toEqual([...upTo(complete), 'z 9'])
    again.close()
    await again.closed()
  }
})

test('a log whose head was torn is told from a log; looking at one changes nothing', async () => {
  const { folder, path, whole } = await written(3)
  writeFileSync(path, whole.subarray(0, 10))
  expect(await openLogStorage(folder, systemRandom)).toBeNull()
  writeFileSync(path, whole.subarray(0, whole.length - 1))
  const looking = (await openLogStorage(folder, systemRandom, 'look'))!
  expect(await rowsOf(looking)).toEqual(upTo(2))
  expect(await looking.commit([{ table: 'records', key: 'x', value: null }])).toMatchObject({ ok: false })
  expect(statSync(path).size).toBe(whole.length - 1)
  looking.close()
})

test('a flipped byte in the middle costs its own commit and none behind it', async () => {
  const { folder, path, ends, whole } = await written(4)
  for (let at = ends[1]!; at < ends[2]!; at++) {
    const damaged = Buffer.from(whole)
    damaged[at]! ^= 0x10
    writeFileSync(path, damaged)
    const storage = await openAt(folder)
    expect(await rowsOf(storage)).toEqual(upTo(4).filter((row) => !row.startsWith('1 ')))
    expect(storage.damaged).toBe(1)
    storage.close()
    await storage.closed()
  }
})

test('a commit hidden inside a row is never taken for one, not even when the row around it is torn', async () => {
  const evil = await written(1)
  const planted = evil.whole.subarray(evil.ends[0])
  const folder = freshFolder()
  const storage = await openAt(folder)
  const end = storage.size
  const value = concatBytes(bytes(1), planted, new Uint8Array(100))
  expectOk(await storage.commit([{ table: 'records', key: 'bait', value }]))
  storage.close()
  await storage.closed()
  const path = join(folder, 'log')
  const whole = readFileSync(path)
  writeFileSync(path, whole.subarray(0, whole.length - 50))
  const after = await openAt(folder)
  expect(await rowsOf(after)).toEqual([])
  expect(after.size).toBe(end)
  after.close()
})

test('written anew, a log holds what is needed and not a byte of what was deleted', async () => {
  const folder = freshFolder()
  const storage = await openAt(folder)
  const secret = Buffer.from('what was let go of')
  expectOk(await storage.commit([{ table: 'boxes', key: 'old', value: secret }]))
  expectOk(await storage.commit([{ table: 'records', key: 'kept', value: bytes(4) }]))
  expectOk(await storage.commit([{ table: 'boxes', key: 'old', value: null }]))
  expect(readFileSync(join(folder, 'log')).includes(secret)).toBe(true)
  const reading = storage.get('records', 'kept')
  expectOk(await storage.compact())
  expect(expectOk(await reading)).toEqual(bytes(4))
  expect(readFileSync(join(folder, 'log')).includes(secret)).toBe(false)
  expectOk(await storage.commit([{ table: 'records', key: 'later', value: bytes(5) }]))
  storage.close()
  await storage.closed()
  const again = await openAt(folder)
  expect(await rowsOf(again)).toEqual(['kept 4', 'later 5'])
  again.close()
})

test('any bytes at all in the place of a log make nothing throw', async () => {
  const random = seededRandom(12)
  const { folder, path, ends, whole } = await written(2)
  for (let round = 0; round < 30; round++) {
    const noise = random.bytes(400)
    writeFileSync(path, round % 2 ? noise : concatBytes(whole.subarray(0, ends[0]), noise))
    const storage = await openLogStorage(folder, systemRandom)
    if (storage) {
      expect(await rowsOf(storage)).toEqual([])
      storage.close()
      await storage.closed()
    }
  }
})
