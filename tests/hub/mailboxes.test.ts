import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { Bucket } from '../../src/hub/bucket.ts'
import { BOUNDS, createMailboxes, type Bounds, type Watcher } from '../../src/hub/mailboxes.ts'
import { createHandClock } from '../net/hand-clock.ts'

const box = (name: number): Uint8Array => new Uint8Array(32).fill(name)
const say = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)

const createReader = (): Watcher & { readonly heard: number[][] } => {
  const heard: number[][] = []
  return { heard, deliver: (_, blob) => void heard.push([...blob]) }
}

const begin = (bounds: Partial<Bounds> = {}) => {
  const clock = createHandClock()
  return { clock, mailboxes: createMailboxes(clock, { ...BOUNDS, ...bounds }) }
}

test('what Bea puts reaches Ana who watches, and nobody who watches another box', () => {
  const { mailboxes } = begin()
  const [ana, carla] = [createReader(), createReader()]
  mailboxes.watch(ana, box(1))
  mailboxes.watch(carla, box(2))
  mailboxes.put(box(1), say(7))
  expect([ana.heard, carla.heard]).toEqual([[[7]], []])
})

test('Ana comes a minute late and still gets it, once; two minutes late there is nothing', () => {
  const { clock, mailboxes } = begin()
  mailboxes.put(box(1), say(7))
  clock.pass(60_000)
  const ana = createReader()
  mailboxes.watch(ana, box(1))
  mailboxes.watch(ana, box(1))
  expect(ana.heard).toEqual([[7]])
  clock.pass(60_000)
  const carla = createReader()
  mailboxes.watch(carla, box(1))
  expect(carla.heard).toEqual([])
  mailboxes.sweep()
  expect(mailboxes.held()).toEqual({ mailboxes: 0, bytes: 0, watched: 2 })
})

test('a box holds the last eight', () => {
  const { mailboxes } = begin()
  for (let n = 0; n < 20; n++) mailboxes.put(box(1), say(n))
  const ana = createReader()
  mailboxes.watch(ana, box(1))
  expect(ana.heard.flat()).toEqual([12, 13, 14, 15, 16, 17, 18, 19])
})

test('who has stopped watching, or left, hears nothing and takes no room', () => {
  const { mailboxes } = begin()
  const [ana, bea] = [createReader(), createReader()]
  for (const reader of [ana, bea]) mailboxes.watch(reader, box(1))
  mailboxes.unwatch(ana, box(1))
  mailboxes.unwatch(ana, box(1))
  mailboxes.leave(bea)
  mailboxes.put(box(1), say(7))
  expect([ana.heard, bea.heard]).toEqual([[], []])
  expect(mailboxes.held().watched).toBe(0)
  mailboxes.watch(ana, box(1))
  expect(ana.heard).toEqual([[7]])
})

test('one who watches too many boxes is told so, and may watch again after letting one go', () => {
  const { mailboxes } = begin({ watchedByOne: 3 })
  const ana = createReader()
  expect([1, 2, 3, 4].map((name) => mailboxes.watch(ana, box(name)))).toEqual([true, true, true, false])
  mailboxes.unwatch(ana, box(1))
  expect(mailboxes.watch(ana, box(4))).toBe(true)
})

test('when room runs out the box untouched for longest goes first', () => {
  const { mailboxes } = begin({ mailboxes: 2 })
  for (const name of [1, 2, 1, 3]) mailboxes.put(box(name), say(name))
  const ana = createReader()
  for (const name of [1, 2, 3]) mailboxes.watch(ana, box(name))
  expect(ana.heard).toEqual([[1], [1], [3]])
})

const act = fc.record({
  what: fc.constantFrom('watch', 'unwatch', 'put', 'leave', 'wait', 'sweep'),
  who: fc.nat(3),
  box: fc.nat(6),
  size: fc.nat(64),
})

property.prop([fc.array(act, { maxLength: 200 })])(
  'whatever is asked in whatever order, the bounds hold and the counts are right',
  (acts) => {
    const bounds = { blobsPerMailbox: 2, mailboxes: 3, bytes: 128, watchedByOne: 3, watchedByAll: 6 }
    const { clock, mailboxes } = begin(bounds)
    const readers = Array.from({ length: 4 }, createReader)
    const watching = readers.map(() => new Set<number>())
    for (const { what, who, box: name, size } of acts) {
      const reader = readers[who]!
      if (what === 'watch' && mailboxes.watch(reader, box(name))) watching[who]!.add(name)
      if (what === 'unwatch') {
        mailboxes.unwatch(reader, box(name))
        watching[who]!.delete(name)
      }
      if (what === 'leave') {
        mailboxes.leave(reader)
        watching[who]!.clear()
      }
      if (what === 'wait') clock.pass(size * 4_000)
      if (what === 'sweep') mailboxes.sweep()
      if (what === 'put') {
        const before = readers.map(({ heard }) => heard.length)
        mailboxes.put(box(name), new Uint8Array(size))
        const told = readers.map(({ heard }, i) => heard.length - before[i]!)
        expect(told).toEqual(watching.map((names) => (names.has(name) ? 1 : 0)))
      }
      const held = mailboxes.held()
      expect(held.watched).toBe(watching.reduce((sum, names) => sum + names.size, 0))
      expect(held.watched).toBeLessThanOrEqual(bounds.watchedByAll)
      expect(held.mailboxes).toBeLessThanOrEqual(bounds.mailboxes)
      expect(held.bytes).toBeLessThanOrEqual(bounds.bytes)
    }
    clock.pass(BOUNDS.keptMs)
    mailboxes.sweep()
    readers.forEach((reader) => mailboxes.leave(reader))
    expect(mailboxes.held()).toEqual({ mailboxes: 0, bytes: 0, watched: 0 })
  },
)

test('a bucket allows a burst, then its rate, and never more than a burst after a long rest', () => {
  const clock = createHandClock()
  const bucket = new Bucket({ burst: 3, perSecond: 2 }, clock)
  const taken = () => Array.from({ length: 10 }, () => bucket.take()).filter(Boolean).length
  expect(taken()).toBe(3)
  clock.pass(1_000)
  expect(taken()).toBe(2)
  clock.pass(3_600_000)
  expect(taken()).toBe(3)
})
