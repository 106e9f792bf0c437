import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { joined, Valley } from '../feed/valley.ts'

test('attack 10: a record dropped from a chain holds up what follows, says so, and everything resumes when it comes', () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba')
  const [alba, bruna] = [valley.get('Alba'), valley.get('Bruna')]
  const [first, dropped] = [alba.says('uno '), alba.says('dos ')]
  const [third, fourth] = [alba.says('tres '), alba.says('cuatro ')]
  bruna.hear(first, fourth, third)
  expect(bruna.reads()).toBe('uno ')
  expect(bruna.feeds.waiting().gaps).toBe(1)
  expect(bruna.feeds.heads().map(({ seq }) => seq)).toEqual([0])
  const offered = expectOk(bruna.feeds.offer(dropped))
  expect(offered.fresh).toEqual(joined(dropped, third, fourth).records)
  expect(offered.seal).toEqual(fourth.seal)
  bruna.merge()
  expect(bruna.reads()).toBe('uno dos tres cuatro ')
  expect(bruna.feeds.waiting().gaps).toBe(0)
})

test('attack 10: a flood above a gap is bounded, and what was dropped comes in when it is sent again', () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba')
  const [alba, bruna] = [valley.get('Alba'), valley.get('Bruna')]
  const said = Array.from({ length: 200 }, (_, i) => alba.says(`${i} `))
  bruna.hear(...said.slice(1))
  expect(bruna.feeds.waiting()).toEqual({ keys: 0, deps: 0, heads: 0, gaps: 1 })
  bruna.hear(said[0]!)
  const held = bruna.feeds.nextSeq(alba.feed!)
  expect(held).toBeGreaterThan(1)
  expect(held).toBeLessThan(100)
  bruna.hear(joined(...said.slice(held)))
  expect(bruna.reads()).toBe(alba.reads())
})
