import 'fake-indexeddb/auto'
import { beforeEach, expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { openDisk } from '../../src/lib/store/idb-storage.ts'
import { findProfiles, PROFILE_NAMES, type ProfileName } from '../../src/lib/store/profiles.ts'
import { newBrowser, someDisk } from './disks.ts'

beforeEach(newBrowser)

const make = async (name: ProfileName, header: Uint8Array) => {
  const disk = expectOk(await openDisk(name))
  expectOk(await disk.writeFront('header', header))
  disk.close()
}
const names = async () => (await findProfiles()).map(({ name }) => name)

test('a vault made when there could be only one is the first of them', async () => {
  const disk = await someDisk()
  expectOk(await disk.writeFront('header', Uint8Array.of(1)))
  disk.close()
  expect(await findProfiles()).toEqual([{ name: PROFILE_NAMES[0], header: Uint8Array.of(1) }])
})

test('an empty browser has none, and looking makes none', async () => {
  expect(await names()).toEqual([])
  expect(await indexedDB.databases()).toEqual([])
})

test('each is found by its own header, in the order of their names, and what is not ours is not', async () => {
  await make('cuaderno-3', Uint8Array.of(3))
  await make('cuaderno', Uint8Array.of(1))
  indexedDB.open('cuaderno-viejo')
  expect(await findProfiles()).toEqual([
    { name: 'cuaderno', header: Uint8Array.of(1) },
    { name: 'cuaderno-3', header: Uint8Array.of(3) },
  ])
})

test('one that was begun and left, or erased, is none', async () => {
  expectOk(await openDisk('cuaderno-2')).close()
  await make('cuaderno', Uint8Array.of(1))
  await make('cuaderno-3', Uint8Array.of(3))
  const third = expectOk(await openDisk('cuaderno-3'))
  expectOk(await third.erase())
  expect(await names()).toEqual(['cuaderno'])
})

test('a browser that does not say which databases it has is asked for each by name', async () => {
  await make('cuaderno-2', Uint8Array.of(2))
  Object.assign(indexedDB, { databases: undefined })
  expect(await names()).toEqual(['cuaderno-2'])
})
