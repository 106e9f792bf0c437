import { expect, test } from 'vitest'
import type { CollId, DeviceId } from '../../src/lib/core/ids.ts'
import { Intake } from '../../src/lib/workspace/intake.ts'
import { intakeKey } from '../../src/lib/workspace/rows.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'

const MIB = 2 ** 20
const DAY_MS = 24 * 3_600_000
const coll = 'c0'.repeat(32) as CollId
const eve = 'e1'.repeat(32) as DeviceId
const ana = 'a1'.repeat(32) as DeviceId
const NOW = 1_770_000_000_000

test('of one device 64 MiB come at once and 8 more with each day; a clock set back takes nothing away', () => {
  const intake = new Intake(coll)
  expect(intake.isBeyond(eve, 64 * MIB, NOW)).toBe(false)
  expect(intake.isBeyond(eve, 64 * MIB + 1, NOW)).toBe(true)
  intake.note(eve, NOW)
  expect(intake.isBeyond(eve, 64 * MIB + 1, NOW + DAY_MS - 1)).toBe(true)
  expect(intake.isBeyond(eve, 72 * MIB, NOW + DAY_MS)).toBe(false)
  expect(intake.isBeyond(eve, 72 * MIB + 1, NOW + DAY_MS)).toBe(true)
  expect(intake.isBeyond(eve, 64 * MIB, NOW - 9 * DAY_MS)).toBe(false)
  expect(intake.isBeyond(ana, 65 * MIB, NOW + 9 * DAY_MS)).toBe(true)
})

test('a clock that was years ahead when it began, and was set right, holds nobody’s words back for years', () => {
  const intake = new Intake(coll)
  intake.note(eve, NOW + 900 * DAY_MS)
  expect(intake.isBeyond(eve, 65 * MIB, NOW)).toBe(true)
  expect(intake.note(eve, NOW)).not.toEqual([])
  expect(intake.isBeyond(eve, 72 * MIB, NOW + DAY_MS)).toBe(false)
  // By a clock that was set back no more comes at once.
  expect(intake.isBeyond(eve, 65 * MIB, NOW + DAY_MS - 1)).toBe(true)
})

test('since when a device is beyond is read back after a start; with an agreement it begins anew; a damaged row is none', async () => {
  const intake = new Intake(coll)
  const storage = createMemoryStorage()
  await storage.commit([...intake.note(ana, NOW - DAY_MS), ...intake.note(eve, NOW)])
  expect(intake.note(eve, NOW + DAY_MS)).toEqual([])
  const again = new Intake(coll)
  await again.restore(storage)
  expect(again.devices.read()).toEqual([ana, eve])
  expect(again.isBeyond(ana, 80 * MIB, NOW + DAY_MS)).toBe(false)
  await storage.commit(again.lookAgain((device) => (device === eve ? 65 * MIB : 0)))
  expect(again.devices.read()).toEqual([eve])
  expect(again.lookAgain(() => 65 * MIB)).toEqual([])
  const row = await storage.get('meta', intakeKey(coll))
  const bytes = row.ok ? row.value! : new Uint8Array()
  for (let i = 0; i < bytes.length; i++)
    for (const value of [bytes.subarray(0, i), bytes.map((byte, at) => (at === i ? byte ^ 0x55 : byte))]) {
      await storage.commit([{ table: 'meta', key: intakeKey(coll), value }])
      const damaged = new Intake(coll)
      await damaged.restore(storage)
      expect(damaged.devices.read().length).toBeLessThanOrEqual(1)
    }
})
