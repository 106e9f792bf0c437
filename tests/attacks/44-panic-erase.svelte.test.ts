import { expect, test } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createRowSealer, createVault, forgetVault } from '../../src/lib/crypto/vault.ts'
import { openDisk, type Disk } from '../../src/lib/store/idb-storage.ts'
import { createQuickStretch } from '../crypto/quick-stretch.ts'

const ROWS = 2000

/** A vault with years in it, on the disk of a real browser. */
const lived = async (): Promise<{
  readonly disk: Disk
  readonly name: string
  readonly writes: () => Promise<boolean>
}> => {
  const name = `erased ${crypto.randomUUID()}`
  const disk = expectOk(await openDisk(name))
  const { cost, stretch } = createQuickStretch()
  const { header, vault } = await createVault({
    passphrase: 'una piedra',
    cost,
    stretch,
    random: systemRandom,
  })
  expectOk(await disk.writeFront('header', header))
  const storage = disk.rows(createRowSealer(vault))
  const row = (i: number) => ({ table: 'records' as const, key: `r${i}`, value: systemRandom.bytes(500) })
  expectOk(await storage.commit(Array.from({ length: ROWS }, (_, i) => row(i))))
  return {
    disk,
    name,
    // The app forgets the key as soon as the slot is gone.
    writes: async () => {
      forgetVault(vault)
      return (await storage.commit([row(ROWS)])).ok
    },
  }
}

test('attack 44: the one slot that holds the key is gone in less than 50 ms, however much the vault holds', async () => {
  const took: number[] = []
  // The machine of a test is busy with other things: the best of a few is what the erasing itself needs.
  for (let i = 0; i < 6 && !took.some((ms) => ms < 50); i++) {
    const { disk } = await lived()
    const start = performance.now()
    expectOk(await disk.eraseFront())
    took.push(performance.now() - start)
    expect(expectOk(await disk.readFront('header'))).toBe(null)
    expectOk(await disk.erase())
  }
  expect(Math.min(...took)).toBeLessThan(50)
})

test('attack 44: with the slot gone nothing more is written, and a dump holds no row at all', async () => {
  const { disk, name, writes } = await lived()
  expectOk(await disk.eraseFront())
  expect(await writes()).toBe(false)
  expectOk(await disk.erase())
  expect((await indexedDB.databases()).map((each) => each.name)).not.toContain(name)
})

test('attack 44: what a dump catches between slot and rows is noise: each row differs from the next, and no header says how', async () => {
  const { disk, name } = await lived()
  expectOk(await disk.eraseFront())
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open(name)
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(new Error('no database'))
  })
  const all = (table: string) =>
    new Promise<readonly unknown[]>((resolve) => {
      const asked = db.transaction(table).objectStore(table).getAll()
      asked.onsuccess = () => resolve(asked.result as readonly unknown[])
    })
  expect(await all('z')).toEqual([])
  const rows = (await all('c')) as readonly Uint8Array[]
  expect(rows).toHaveLength(ROWS)
  expect(new Set(rows.map((row) => hexFromBytes(row.subarray(0, 24)))).size).toBe(ROWS)
  db.close()
  expectOk(await disk.erase())
})
