import { expect, test } from 'vitest'
import { broughtOf, markBrought } from '../../src/lib/domain/brought.ts'
import { copyInto, createDocument, rootOf } from '../../src/lib/domain/document.ts'
import { devices, meet } from './two-devices.ts'

const FEED = 'f00d'.repeat(16)
const ITEM = '0123456789abcdef'

test('two who bring late work back at once both say so, and the further one counts', () => {
  const all = devices(2)
  const [ana, bea] = all as [(typeof all)[0], (typeof all)[0]]
  markBrought(ana, { feed: FEED, item: ITEM }, 12)
  markBrought(bea, { feed: FEED, item: ITEM }, 7)
  markBrought(bea, { feed: FEED, item: 'other' }, 3)
  meet(all)
  for (const doc of all) {
    expect([...broughtOf(doc, FEED)].sort()).toEqual([
      [ITEM, 12],
      ['other', 3],
    ])
    expect(broughtOf(doc, 'beef'.repeat(16)).size).toBe(0)
  }
})

test('keys of another shape are nobody’s, and the marks of a notebook stay in it', () => {
  const doc = createDocument()
  for (const key of [
    '',
    '.',
    `${FEED}.${ITEM}`,
    `${FEED}.${ITEM}.-1`,
    `${FEED}.${ITEM}.1e9`,
    `${FEED}..1`,
    `x.${ITEM}.1`,
  ])
    rootOf(doc, 'brought').set(key, true)
  rootOf(doc, 'brought').set(`${FEED}.${ITEM}.${'9'.repeat(400)}`, true)
  expect(broughtOf(doc, FEED).size).toBe(0)
  markBrought(doc, { feed: FEED, item: ITEM }, 1)
  const collective = createDocument()
  copyInto(doc, collective)
  expect(broughtOf(collective, FEED).size).toBe(0)
})
