import 'fake-indexeddb/auto'
import { beforeEach, expect, test } from 'vitest'
import { encodeCbor, type Cbor } from '../../src/lib/core/cbor.ts'
import type { Disk } from '../../src/lib/store/idb-storage.ts'
import {
  countTry,
  forgetTries,
  FREE_TRIES,
  keepTryLimit,
  readTryLimit,
  triesLeft,
  waitBeforeTrying,
} from '../../src/lib/store/tries.ts'
import { newBrowser, someDisk } from './disks.ts'

const NOON = Date.UTC(2026, 5, 1, 12)

let disk: Disk
beforeEach(async () => {
  newBrowser()
  disk = await someDisk()
})

const tryWrong = async (times: number) => {
  for (let i = 0; i < times; i++) await countTry(disk, NOON)
}

test('the first wrong tries cost nothing: fingers slip', async () => {
  for (let i = 0; i < FREE_TRIES; i++) {
    expect(await waitBeforeTrying(disk, NOON)).toBe(0)
    await tryWrong(1)
  }
  expect(await waitBeforeTrying(disk, NOON)).toBe(2000)
})

test('then each waits twice as long as the one before, up to five minutes', async () => {
  await tryWrong(FREE_TRIES)
  const waits: number[] = []
  for (let i = 0; i < 10; i++) {
    waits.push(await waitBeforeTrying(disk, NOON))
    await tryWrong(1)
  }
  expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1000))
})

test('after a thousand wrong tries it is still five minutes', async () => {
  await disk.writeFront('tries', encodeCbor([5000, NOON]))
  expect(await waitBeforeTrying(disk, NOON)).toBe(300_000)
})

test('the wait passes, and is counted from the last try', async () => {
  await tryWrong(FREE_TRIES + 2)
  expect(await waitBeforeTrying(disk, NOON + 3000)).toBe(5000)
  expect(await waitBeforeTrying(disk, NOON + 8000)).toBe(0)
  expect(await waitBeforeTrying(disk, NOON + 86_400_000)).toBe(0)
})

test('a clock that was set back locks nobody out for longer than the wait itself', async () => {
  await tryWrong(FREE_TRIES + 1)
  expect(await waitBeforeTrying(disk, NOON - 86_400_000)).toBe(4000)
})

test('the right passphrase forgets them', async () => {
  await tryWrong(FREE_TRIES + 5)
  await forgetTries(disk)
  expect(await waitBeforeTrying(disk, NOON)).toBe(0)
})

test('closing the page and coming back forgets nothing', async () => {
  await tryWrong(FREE_TRIES + 1)
  disk.close()
  expect(await waitBeforeTrying(await someDisk(), NOON)).toBe(4000)
})

test('whatever stands where the count should be, it is answered', async () => {
  const rows: readonly Cbor[] = [null, [], [1], ['x', 'y'], [-1, 0], [1, 1, 1], {}, 'x']
  for (const row of rows) {
    await disk.writeFront('tries', encodeCbor(row))
    expect(await waitBeforeTrying(disk, NOON)).toBe(0)
  }
  await disk.writeFront('tries', Uint8Array.of(255, 255))
  expect(await waitBeforeTrying(disk, NOON)).toBe(0)
})

test('unless somebody chose it, no number of wrong tries erases anything', async () => {
  await tryWrong(100)
  expect(await triesLeft(disk)).toBe(null)
})

test('where five was chosen, the fifth wrong try in a row is the last', async () => {
  await keepTryLimit(disk, 5)
  const left: (number | null)[] = []
  for (let i = 0; i < 6; i++) {
    await tryWrong(1)
    left.push(await triesLeft(disk))
  }
  expect(left).toEqual([4, 3, 2, 1, 0, 0])
  await forgetTries(disk)
  expect(await triesLeft(disk)).toBe(5)
  await keepTryLimit(disk, null)
  expect(await triesLeft(disk)).toBe(null)
})

test('a damaged limit erases nothing by accident', async () => {
  for (const row of [0, 1, 4, -5, '5', null, [5], {}] as readonly Cbor[]) {
    await disk.writeFront('limit', encodeCbor(row))
    expect(await readTryLimit(disk)).toBe(null)
  }
  await disk.writeFront('limit', Uint8Array.of(255))
  expect(await readTryLimit(disk)).toBe(null)
})
