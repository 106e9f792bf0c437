import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { generateSecretKey } from '../../src/lib/crypto/hash.ts'
import { createRowSealer } from '../../src/lib/crypto/vault.ts'
import { openDisk } from '../../src/lib/store/idb-storage.ts'
import { keepsRows } from '../conformance/storage.ts'

const fresh = () => {
  const name = `cuaderno ${crypto.randomUUID()}`
  const sealer = createRowSealer({ key: generateSecretKey() })
  return { name, sealer, open: async () => expectOk(await openDisk(name)).rows(sealer) }
}

keepsRows('Chromium', () => Promise.resolve(fresh()))

test('Chromium: erasing ends although another tab has the same database open', async () => {
  const { name } = fresh()
  const [here, there] = [expectOk(await openDisk(name)), expectOk(await openDisk(name))]
  expectOk(await here.writeFront('header', Uint8Array.of(1)))
  expectOk(await here.erase())
  expect((await there.writeFront('header', Uint8Array.of(2))).ok).toBe(false)
  expect((await indexedDB.databases()).map((database) => database.name)).not.toContain(name)
})

test('Chromium: what is kept is the sealed bytes and no more of the memory around them', async () => {
  const { name, sealer } = fresh()
  const disk = expectOk(await openDisk(name))
  const around = new TextEncoder().encode('antes cabecera después')
  expectOk(await disk.writeFront('header', around.subarray(6, 14)))
  expectOk(await disk.rows(sealer).commit([{ table: 'meta', key: 'k', value: around.subarray(6, 14) }]))
  const front = expectOk(await disk.readFront('header'))!
  expect(new TextDecoder().decode(front)).toBe('cabecera')
  expect(front.buffer.byteLength).toBe(8)
})
