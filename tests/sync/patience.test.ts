import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { Patience, type Arrivals } from '../../src/lib/sync/patience.ts'

/** At which of so many looks it asks. */
const asksAt = (looks: number, arrivals: (look: number) => Arrivals): readonly number[] => {
  const patience = new Patience()
  return Array.from({ length: looks }, (_, i) => i).filter((look) => patience.isOut(arrivals(look)))
}

test('nothing comes of what was promised: it asks after one look, and each time after twice as many, up to 32', () => {
  const asked = asksAt(128, () => ({ lacking: 3, came: 0, taken: 0 }))
  expect(asked).toEqual([1, 3, 7, 15, 31, 63, 95, 127])
})

test('who lacks nothing does not ask, nor does anybody while something comes', () => {
  expect(asksAt(50, () => ({ lacking: 0, came: 0, taken: 0 }))).toEqual([])
  expect(asksAt(50, (look) => ({ lacking: 9, came: look, taken: look }))).toEqual([])
})

test('what comes and can be taken makes it patient no longer than at the start', () => {
  const asked = asksAt(24, (look) => ({ lacking: 3, came: look < 16 ? 0 : 8, taken: look < 16 ? 0 : 1 }))
  expect(asked).toEqual([1, 3, 7, 15, 17, 19, 23])
})

test('what comes and cannot be taken does not: it would be sent for nothing all day', () => {
  // Sent whenever it was asked for.
  let came = 0
  const patience = new Patience()
  const asked: number[] = []
  for (let look = 0; look < 2000; look++)
    if (patience.isOut({ lacking: 3, came, taken: 0 })) {
      asked.push(look)
      came += 5
    }
  expect(asked.slice(0, 4)).toEqual([1, 4, 9, 18])
  expect(asked.length).toBeLessThan(70)
})

test.prop([
  fc.array(fc.record({ lacking: fc.nat({ max: 1 }), came: fc.nat({ max: 1 }), taken: fc.nat({ max: 1 }) })),
])('it never asks twice in a row', (looks) => {
  const patience = new Patience()
  let [came, taken, before] = [0, 0, false]
  for (const look of looks) {
    came += look.came
    taken += look.taken
    const asks = patience.isOut({ lacking: look.lacking, came, taken })
    expect(asks && before && look.taken === 0).toBe(false)
    before = asks
  }
})
