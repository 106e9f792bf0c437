import 'fake-indexeddb/auto'
import { openDB } from 'idb'
import { beforeEach, expect, test, vi } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { createRowSealer } from '../../src/lib/crypto/vault.ts'
import { openDisk } from '../../src/lib/store/idb-storage.ts'
import type { Storage } from '../../src/lib/sync/ports.ts'
import { newBrowser, newVault, someDisk } from './disks.ts'

beforeEach(newBrowser)

const bytes = (...values: number[]) => Uint8Array.from(values)
const put = (storage: Storage, key: string, value: number) =>
  storage.commit([{ table: 'meta', key, value: bytes(value) }])

test('Alba’s notebook and the one she shows at a checkpoint lie in one browser and do not mix', async () => {
  const [one, other] = [expectOk(await openDisk('uno')), expectOk(await openDisk('otro'))]
  const [hers, shown] = [one.rows(createRowSealer(newVault())), other.rows(createRowSealer(newVault()))]
  expectOk(await one.writeFront('header', bytes(1)))
  expectOk(await put(hers, 'k', 1))
  expect(expectOk(await other.readFront('header'))).toBe(null)
  expect(await shown.all('meta')).toEqual({ ok: true, value: { rows: [], corrupt: 0 } })
  expectOk(await other.writeFront('header', bytes(2)))
  expectOk(await put(shown, 'k', 2))

  expectOk(await other.erase())
  expect(expectOk(await one.readFront('header'))).toEqual(bytes(1))
  expect(expectOk(await hers.get('meta', 'k'))).toEqual(bytes(1))
  expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(['uno'])
})

/** Runs `work` while the phone dies when the n-th table is about to be emptied, counted from zero. */
const dieAtClear = async <T>(at: number, work: () => Promise<T>): Promise<T> => {
  const { clear } = IDBObjectStore.prototype
  let seen = 0
  const spy = vi.spyOn(IDBObjectStore.prototype, 'clear').mockImplementation(function (this: IDBObjectStore) {
    const request = clear.apply(this)
    if (seen++ === at) this.transaction.abort()
    return request
  })
  try {
    return await work()
  } finally {
    spy.mockRestore()
  }
}

test('wherever erasing is cut short, what is left cannot be opened, unless nothing was erased yet', async () => {
  for (let at = 0; at < 9; at++) {
    newBrowser()
    const sealer = createRowSealer(newVault())
    const disk = await someDisk()
    expectOk(await disk.writeFront('header', bytes(1)))
    expectOk(await put(disk.rows(sealer), 'k', 7))
    expect((await dieAtClear(at, () => disk.erase())).ok, `at ${at}`).toBe(false)
    disk.close()

    const after = await someDisk()
    expect(expectOk(await after.readFront('header'))).toEqual(at === 0 ? bytes(1) : null)
    expect(expectOk(await after.rows(sealer).get('meta', 'k'))).toEqual(bytes(7))
    expectOk(await after.erase())
    expect(await indexedDB.databases()).toEqual([])
  }
})

/** What somebody with the database open in their own tools may leave in it instead of bytes. */
const alien: readonly unknown[] = [
  null,
  7,
  'x'.repeat(100),
  { length: 100 },
  [1, 2],
  new ArrayBuffer(100),
  new Uint16Array(50),
  new Date(0),
]

test('what is not even bytes is one corrupt row more, and hides none of the others', async () => {
  const sealer = createRowSealer(newVault())
  const disk = await someDisk()
  const storage = disk.rows(sealer)
  expectOk(await put(storage, 'a', 1))
  expectOk(await put(storage, 'b', 2))
  const db = await openDB('cuaderno')
  for (const value of alien) {
    await db.put('a', value, sealer.name('meta', 'a'))
    expect(await storage.get('meta', 'a')).toEqual({
      ok: false,
      error: { type: 'StorageCorrupt', table: 'meta' },
    })
    expect(expectOk(await storage.all('meta'))).toEqual({ rows: [['b', bytes(2)]], corrupt: 1 })
  }
  db.close()
})

test('a row filed a second time under a name that only reads the same is not listed twice', async () => {
  const sealer = createRowSealer(newVault())
  const storage = (await someDisk()).rows(sealer)
  expectOk(await put(storage, 'a', 1))
  const db = await openDB('cuaderno')
  const name = sealer.name('meta', 'a')
  await db.put('a', await db.get('a', name), [name])
  await db.put('a', bytes(1), 5)
  db.close()
  expect(expectOk(await storage.all('meta'))).toEqual({ rows: [['a', bytes(1)]], corrupt: 2 })
})

test('a header that is not bytes is a damaged one, not a missing one: nobody founds a notebook over it', async () => {
  const disk = await someDisk()
  const db = await openDB('cuaderno')
  for (const value of alien) {
    await db.put('z', value, 'header')
    expect(expectOk(await disk.readFront('header'))).toEqual(bytes())
  }
  db.close()
})
