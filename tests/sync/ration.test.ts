import { beforeEach, expect, test } from 'vitest'
import { Ration } from '../../src/lib/sync/ration.ts'
import { TestClock } from '../world/time.ts'

let clock: TestClock
let ration: Ration

beforeEach(() => {
  clock = new TestClock()
  ration = new Ration(clock, { atOnce: 3, each: 1000 })
})

const has = (who: string, times: number) => {
  for (let i = 0; i < times; i++) ration.had(who)
}

test('three are had at once, the next a second later, and so on', () => {
  for (let i = 0; i < 3; i++) {
    expect(ration.wait('Eva')).toBe(0)
    ration.had('Eva')
  }
  expect(ration.wait('Eva')).toBe(1000)
  clock.pass(999)
  expect(ration.wait('Eva')).toBe(1)
  clock.pass(1)
  expect(ration.wait('Eva')).toBe(0)
  ration.had('Eva')
  expect(ration.wait('Eva')).toBe(1000)
})

test('what one has costs nobody else anything', () => {
  has('Eva', 3)
  expect(ration.wait('Dora')).toBe(0)
})

test('who waits long enough may have three at once again, and no more', () => {
  has('Eva', 3)
  clock.pass(3_600_000)
  has('Eva', 2)
  expect(ration.wait('Eva')).toBe(0)
  has('Eva', 1)
  expect(ration.wait('Eva')).toBe(1000)
})

test('a clock that is set back by a year holds nobody up for longer than it ever takes', () => {
  let now = 10 ** 12
  const moved = new Ration({ now: () => now, after: () => () => {} }, { atOnce: 3, each: 1000 })
  for (let i = 0; i < 3; i++) moved.had('Eva')
  now -= 365 * 86_400_000
  expect(moved.wait('Eva')).toBe(1000)
  now += 1000
  expect(moved.wait('Eva')).toBe(0)
})
