import { expect, test } from 'vitest'
import { createAutoLock } from '../../src/lib/ui/auto-lock.ts'
import type { LockRules } from '../../src/lib/workspace/types.ts'
import { createHandClock } from '../net/hand-clock.ts'

const MINUTE = 60_000

const opened = (rules: LockRules = { afterMinutes: 5, onLeaving: 'wait' }) => {
  const clock = createHandClock()
  const now = { rules, locked: 0 }
  const autoLock = createAutoLock({ rules: () => now.rules, clock, lock: () => void (now.locked += 1) })
  return { clock, now, autoLock }
}

test('untouched for five minutes it locks, and not before', () => {
  const { clock, now } = opened()
  clock.pass(5 * MINUTE - 1)
  expect(now.locked).toBe(0)
  clock.pass(1)
  expect(now.locked).toBe(1)
})

test('each touch begins the time anew', () => {
  const { clock, now, autoLock } = opened()
  for (let i = 0; i < 10; i++) {
    clock.pass(4 * MINUTE)
    autoLock.touched()
  }
  expect(now.locked).toBe(0)
  clock.pass(5 * MINUTE)
  expect(now.locked).toBe(1)
})

test('a shorter time that is chosen meanwhile holds at once', () => {
  const { clock, now, autoLock } = opened({ afterMinutes: 60, onLeaving: 'wait' })
  clock.pass(2 * MINUTE)
  now.rules = { afterMinutes: 1, onLeaving: 'wait' }
  autoLock.look()
  expect(now.locked).toBe(1)
})

test('left for another app it waits, or locks at once where that was chosen', () => {
  const waits = opened()
  waits.autoLock.left()
  expect(waits.now.locked).toBe(0)
  const locks = opened({ afterMinutes: 60, onLeaving: 'lock' })
  locks.autoLock.left()
  expect(locks.now.locked).toBe(1)
})

test('a phone that slept through its timers locks at the first touch, and the touch wins no time', () => {
  const clock = createHandClock()
  const asleep = { now: clock.now, after: () => () => {} }
  let locked = 0
  const autoLock = createAutoLock({
    rules: () => ({ afterMinutes: 5, onLeaving: 'wait' }),
    clock: asleep,
    lock: () => void (locked += 1),
  })
  clock.pass(9 * MINUTE)
  autoLock.touched()
  expect(locked).toBe(1)
})

test('once stopped it locks nothing', () => {
  const { clock, now, autoLock } = opened()
  autoLock.stop()
  clock.pass(60 * MINUTE)
  expect(now.locked).toBe(0)
})
