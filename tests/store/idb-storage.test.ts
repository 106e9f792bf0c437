import 'fake-indexeddb/auto'
import { openDB } from 'idb'
import { beforeEach, expect, test, vi } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { createRowSealer, forgetVault } from '../../src/lib/crypto/vault.ts'
import { openDisk } from '../../src/lib/store/idb-storage.ts'
import { TABLES, type Write } from '../../src/lib/sync/ports.ts'
import { keepsRows } from '../conformance/storage.ts'
import { dump, meddle, newBrowser, newVault, someDisk } from './disks.ts'

beforeEach(newBrowser)

keepsRows('IndexedDB', () => {
  newBrowser()
  const sealer = createRowSealer(newVault())
  return Promise.resolve({ open: async () => (await someDisk()).rows(sealer) })
})

const bytes = (...values: number[]) => Uint8Array.from(values)
const failed = { ok: false, error: { type: 'StorageFailed' } }

/** What one keystroke writes: a record, its seal and the head of the feed. */
const keystroke = (n: number): readonly Write[] => [
  { table: 'records', key: `feed/${n}`, value: bytes(1, n) },
  { table: 'heads', key: 'feed', value: bytes(2, n) },
  { table: 'snapshots', key: 'main', value: bytes(3, n) },
  { table: 'ledger', key: `e${n}`, value: bytes(4, n) },
]

/** The phone dies at the n-th request of a transaction, counted from zero: `true` when it came so far. */
const dieAtRequest = async (at: number, work: () => Promise<unknown>): Promise<boolean> => {
  const { put } = IDBObjectStore.prototype
  let seen = 0
  const spy = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
    this: IDBObjectStore,
    ...args: Parameters<typeof put>
  ) {
    const request = put.apply(this, args)
    if (seen++ === at) this.transaction.abort()
    return request
  })
  await work()
  spy.mockRestore()
  return seen > at
}

test('wherever in a keystroke the phone dies, all of it is there or nothing is', async () => {
  for (let at = 0; at < keystroke(0).length; at++) {
    newBrowser()
    const sealer = createRowSealer(newVault())
    const disk = await someDisk()
    const storage = disk.rows(sealer)
    expectOk(await storage.commit(keystroke(1)))
    let outcome: unknown
    const died = await dieAtRequest(at, async () => (outcome = await storage.commit(keystroke(2))))
    expect(died).toBe(true)
    expect(outcome).toEqual(failed)
    disk.close()

    const after = (await someDisk()).rows(sealer)
    for (const { table, key, value } of keystroke(1))
      expect(expectOk(await after.get(table, key))).toEqual(value)
    expect(expectOk(await after.get('records', 'feed/2'))).toBe(null)
    expect(expectOk(await after.get('ledger', 'e2'))).toBe(null)
    expectOk(await after.commit(keystroke(2)))
    for (const { table, key, value } of keystroke(2))
      expect(expectOk(await after.get(table, key))).toEqual(value)
  }
})

test('a disk that is full says so and keeps what it had; the next keystroke may fit again', async () => {
  const storage = (await someDisk()).rows(createRowSealer(newVault()))
  expectOk(await storage.commit(keystroke(1)))
  const { put } = IDBObjectStore.prototype
  let room = 2
  const spy = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
    this: IDBObjectStore,
    ...args: Parameters<typeof put>
  ) {
    if (room-- <= 0) throw new DOMException('no more room', 'QuotaExceededError')
    return put.apply(this, args)
  })
  expect(await storage.commit(keystroke(2))).toEqual(failed)
  spy.mockRestore()
  expect(expectOk(await storage.get('records', 'feed/2'))).toBe(null)
  expect(expectOk(await storage.get('heads', 'feed'))).toEqual(bytes(2, 1))
  expectOk(await storage.commit(keystroke(3)))
  expect(expectOk(await storage.get('heads', 'feed'))).toEqual(bytes(2, 3))
})

test('every write waits until it is on the disk, not only in the browser’s hands', async () => {
  const asked: unknown[] = []
  const { transaction } = IDBDatabase.prototype
  const spy = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
    this: IDBDatabase,
    ...args: Parameters<typeof transaction>
  ) {
    if (args[1] === 'readwrite') asked.push(args[2]?.durability)
    return transaction.apply(this, args)
  })
  const disk = await someDisk()
  await disk.writeFront('header', bytes(1))
  await disk.rows(createRowSealer(newVault())).commit(keystroke(1))
  spy.mockRestore()
  expect(asked).toEqual(['strict', 'strict'])
})

test('a locked vault writes and reads nothing more, least of all under a key of zeros', async () => {
  const vault = newVault()
  const storage = (await someDisk()).rows(createRowSealer(vault))
  expectOk(await storage.commit([{ table: 'meta', key: 'known', value: bytes(1) }]))
  const before = await dump()
  forgetVault(vault)
  expect(vault.key.every((byte) => byte === 0)).toBe(true)
  // One table whose keys were in use, one that was never touched.
  expect(await storage.commit([{ table: 'meta', key: 'late', value: bytes(2) }])).toEqual(failed)
  expect(await storage.commit([{ table: 'keys', key: 'late', value: bytes(2) }])).toEqual(failed)
  expect(await storage.get('meta', 'known')).toEqual(failed)
  expect(await storage.all('meta')).toEqual(failed)
  expect(await dump()).toEqual(before)
})

test('rows of another vault do not open: they are counted, and not taken for ours', async () => {
  const disk = await someDisk()
  await disk.rows(createRowSealer(newVault())).commit([{ table: 'meta', key: 'a', value: bytes(1) }])
  const other = disk.rows(createRowSealer(newVault()))
  expect(expectOk(await other.get('meta', 'a'))).toBe(null)
  expect(await other.all('meta')).toEqual({ ok: true, value: { rows: [], corrupt: 1 } })
})

test('a row that somebody altered, swapped or moved is called corrupt and spoils no other', async () => {
  const sealer = createRowSealer(newVault())
  const disk = await someDisk()
  const storage = disk.rows(sealer)
  await storage.commit([
    { table: 'meta', key: 'a', value: bytes(1) },
    { table: 'meta', key: 'b', value: bytes(2) },
    { table: 'keys', key: 'a', value: bytes(3) },
  ])
  const rows = await dump()
  const find = (table: string, name: string) => rows.find(([t, n]) => t === table && n === name)![2]
  const [a, b, k] = [sealer.name('meta', 'a'), sealer.name('meta', 'b'), sealer.name('keys', 'a')]
  const corrupt = { ok: false, error: { type: 'StorageCorrupt', table: 'meta' } }
  const altered = find('a', a).slice()
  altered[altered.length - 1]! ^= 1
  for (const instead of [altered, find('a', b), find('e', k), find('a', a).subarray(0, 39), bytes()]) {
    await meddle('a', a, instead)
    expect(await storage.get('meta', 'a')).toEqual(corrupt)
    const listed = expectOk(await storage.all('meta'))
    expect(listed).toEqual({ rows: [['b', bytes(2)]], corrupt: 1 })
  }
  await meddle('a', a, find('a', a))
  expect(expectOk(await storage.get('meta', 'a'))).toEqual(bytes(1))
})

test('the header and the count of tries are there before any key is', async () => {
  const disk = await someDisk()
  expect(expectOk(await disk.readFront('header'))).toBe(null)
  expectOk(await disk.writeFront('header', bytes(1, 2)))
  expectOk(await disk.writeFront('tries', bytes(9)))
  expectOk(await disk.writeFront('tries', null))
  disk.close()
  const again = await someDisk()
  expect(expectOk(await again.readFront('header'))).toEqual(bytes(1, 2))
  expect(expectOk(await again.readFront('tries'))).toBe(null)
})

test('erasing takes the header before anything else, and in the end everything', async () => {
  const disk = await someDisk()
  await disk.writeFront('header', bytes(1))
  await disk.rows(createRowSealer(newVault())).commit(keystroke(1))
  const cleared: string[] = []
  const { clear } = IDBObjectStore.prototype
  const spy = vi.spyOn(IDBObjectStore.prototype, 'clear').mockImplementation(function (this: IDBObjectStore) {
    cleared.push(this.name)
    return clear.apply(this)
  })
  expectOk(await disk.erase())
  spy.mockRestore()
  expect(cleared[0]).toBe('z')
  expect(cleared.length).toBe(TABLES.length + 1)
  expect(await indexedDB.databases()).toEqual([])
})

test('erasing ends although another tab has the same database open, and that tab can write no more', async () => {
  const [here, there] = [await someDisk(), await someDisk()]
  await here.writeFront('header', bytes(1))
  expectOk(await here.erase())
  expect(await there.writeFront('header', bytes(2))).toEqual(failed)
  expect(await dump()).toEqual([])
})

test('erasing ends although another tab never lets go of the database: what that tab still sees is empty', async () => {
  const disk = await someDisk()
  await disk.writeFront('header', bytes(1))
  await disk.rows(createRowSealer(newVault())).commit(keystroke(1))
  const stubborn = await openDB('cuaderno')
  expectOk(await disk.erase())
  for (const table of stubborn.objectStoreNames) expect(await stubborn.count(table)).toBe(0)
  stubborn.close()
})

test('a vault written before there were tables for files and circles opens, keeps what it has, and takes files', async () => {
  const sealer = createRowSealer(newVault())
  const before = await openDB('cuaderno', 1, {
    upgrade: (db) => {
      for (const letter of [...'abcdefgh', 'z']) db.createObjectStore(letter)
    },
  })
  await before.put('z', bytes(9), 'header')
  await before.put('a', sealer.seal('meta', 'k', bytes(7)), sealer.name('meta', 'k'))
  before.close()
  const disk = await someDisk()
  const storage = disk.rows(sealer)
  expect(expectOk(await disk.readFront('header'))).toEqual(bytes(9))
  expect(expectOk(await storage.get('meta', 'k'))).toEqual(bytes(7))
  expectOk(await storage.commit([{ table: 'blobs', key: 'f', value: bytes(8) }]))
  expect(expectOk(await storage.get('blobs', 'f'))).toEqual(bytes(8))
})

test('after it is closed, every question is answered with a failure, none with an exception', async () => {
  const disk = await someDisk()
  const storage = disk.rows(createRowSealer(newVault()))
  storage.close()
  expect(await storage.get('meta', 'a')).toEqual(failed)
  expect(await storage.all('meta')).toEqual(failed)
  expect(await storage.commit(keystroke(1))).toEqual(failed)
  expect(await disk.readFront('header')).toEqual(failed)
  expect(await disk.writeFront('header', bytes(1))).toEqual(failed)
})

test('a browser that gives no database is told apart from one that does', async () => {
  const spy = vi.spyOn(indexedDB, 'open').mockImplementation(() => {
    throw new DOMException('not in this window', 'SecurityError')
  })
  expect(await openDisk('cuaderno')).toEqual(failed)
  spy.mockRestore()
})

test('a vault that gives way to another: old front and rows are gone, one row is left, wherever the phone dies', async () => {
  const header = bytes(9, 9)
  // One put for the front, one for the row: before the last of them nothing has happened.
  for (const at of [0, 1, 2]) {
    newBrowser()
    const [before, after] = [newVault(), newVault()]
    const [old, next] = [createRowSealer(before), createRowSealer(after)]
    const disk = await someDisk()
    expectOk(await disk.writeFront('header', bytes(1)))
    expectOk(await disk.writeFront('tries', bytes(2)))
    expectOk(await disk.rows(old).commit(keystroke(1)))
    const row = { table: 'meta', key: 'printed' } as const
    const died = await dieAtRequest(at, () => disk.replace({ ...row, header, value: bytes(5), sealer: next }))
    expect(died).toBe(at < 2)
    expect(expectOk(await disk.readFront('header'))).toEqual(died ? bytes(1) : header)
    expect(expectOk(await disk.readFront('tries'))).toEqual(died ? bytes(2) : null)
    expect(expectOk(await disk.rows(old).get('records', 'feed/1'))).toEqual(bytes(1, 1))
    if (died) continue
    forgetVault(before)
    expectOk(await disk.keepOnly({ ...row, sealer: next }))
    expect(expectOk(await disk.rows(next).get('meta', 'printed'))).toEqual(bytes(5))
    for (const table of TABLES)
      expect(expectOk(await disk.rows(next).all(table))).toEqual({
        rows: table === 'meta' ? [['printed', bytes(5)]] : [],
        corrupt: 0,
      })
  }
})

test('of rows in the very table of the one that stays, those before and after it go, too', async () => {
  const sealer = createRowSealer(newVault())
  const disk = await someDisk()
  const many = Array.from({ length: 20 }, (_, n): Write => ({ table: 'meta', key: `k${n}`, value: bytes(n) }))
  expectOk(await disk.rows(sealer).commit(many))
  expectOk(await disk.keepOnly({ table: 'meta', key: 'k7', sealer }))
  expect(expectOk(await disk.rows(sealer).all('meta')).rows).toEqual([['k7', bytes(7)]])
})

test('a whole vault is there at once or not at all, and never over another one', async () => {
  const vault = newVault()
  const sealer = createRowSealer(vault)
  const header = bytes(9, 9, 9)
  const rows = [...keystroke(1), ...keystroke(2).slice(0, 1)]
  for (let at = 0; at < rows.length; at++) {
    newBrowser()
    const disk = await someDisk()
    let outcome: unknown
    const died = await dieAtRequest(at, async () => (outcome = await disk.begin(header, sealer, rows)))
    expect(died).toBe(true)
    expect(outcome).toEqual(failed)
    disk.close()
    expect(await dump()).toEqual([])
  }
  newBrowser()
  const disk = await someDisk()
  // What an erasing that was interrupted left behind goes.
  expectOk(await disk.rows(createRowSealer(newVault())).commit(keystroke(7)))
  expectOk(await disk.begin(header, sealer, rows))
  expect(expectOk(await disk.readFront('header'))).toEqual(header)
  const records = expectOk(await disk.rows(sealer).all('records'))
  expect(records.rows.map(([key]) => key)).toEqual(['feed/1', 'feed/2'])
  expect(records.corrupt).toBe(0)
  const before = await dump()
  expect(await disk.begin(bytes(1), createRowSealer(newVault()), keystroke(3))).toEqual(failed)
  expect(await dump()).toEqual(before)
  disk.close()
})
