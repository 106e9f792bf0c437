import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { createPipes, PIPE_BOUNDS, type PipeBounds } from '../../src/hub/pipes.ts'
import { frameCost, PIPE_WINDOW, type HubAnswer } from '../../src/lib/wire/hub.ts'
import { createHandClock } from '../net/hand-clock.ts'

const name = (n: number) => new Uint8Array(32).fill(n)
const frame = (length: number) => new Uint8Array(length).fill(1)

const begin = (bounds: Partial<PipeBounds> = {}) => {
  const clock = createHandClock()
  const pipes = createPipes(clock, { ...PIPE_BOUNDS, ...bounds })
  const enter = () => {
    const heard: HubAnswer[] = []
    return { ...pipes.enter((answer) => heard.push(answer)), heard }
  }
  return { clock, pipes, enter }
}

test('two who know the same name are joined; a third finds nobody, and waits in vain', () => {
  const { clock, pipes, enter } = begin()
  const [ana, bea, eve] = [enter(), enter(), enter()]
  ana.open(1, name(1))
  bea.open(7, name(1))
  eve.open(3, name(1))
  ana.pass({ type: 'frame', pipe: 1, frame: frame(5) })
  expect(ana.heard).toEqual([{ type: 'joined', pipe: 1 }])
  expect(bea.heard).toEqual([
    { type: 'joined', pipe: 7 },
    { type: 'frame', pipe: 7, frame: frame(5) },
  ])
  clock.pass(PIPE_BOUNDS.waitMs)
  expect(eve.heard).toEqual([{ type: 'close', pipe: 3 }])
  expect(pipes.held()).toEqual({ pipes: 2, waiting: 0 })
})

test('who leaves takes its pipes along, and the others are told', () => {
  const { pipes, enter } = begin()
  const [ana, bea] = [enter(), enter()]
  ana.open(1, name(1))
  bea.open(2, name(1))
  bea.open(3, name(9))
  bea.leave()
  expect(ana.heard.at(-1)).toEqual({ type: 'close', pipe: 1 })
  expect(pipes.held()).toEqual({ pipes: 0, waiting: 0 })
})

test('a flood through a pipe ends the pipe: no more than a window is ever under way', () => {
  const { pipes, enter } = begin()
  const [mallory, ana] = [enter(), enter()]
  mallory.open(1, name(1))
  ana.open(1, name(1))
  for (let n = 0; n < 10_000; n++) mallory.pass({ type: 'frame', pipe: 1, frame: frame(16_384) })
  const passed = ana.heard.filter(({ type }) => type === 'frame').length
  expect(passed * frameCost(frame(16_384))).toBeLessThanOrEqual(PIPE_WINDOW)
  expect(mallory.heard.at(-1)).toEqual({ type: 'close', pipe: 1 })
  expect(ana.heard.at(-1)).toEqual({ type: 'close', pipe: 1 })
  expect(pipes.held().pipes).toBe(0)
})

test('credit for what was never sent ends the pipe', () => {
  const { enter } = begin()
  const [mallory, ana] = [enter(), enter()]
  mallory.open(1, name(1))
  ana.open(1, name(1))
  mallory.pass({ type: 'credit', pipe: 1, cost: PIPE_WINDOW })
  expect(ana.heard.at(-1)).toEqual({ type: 'close', pipe: 1 })
})

test('faster than its rate nobody sends: what is given back comes later, and sending regardless ends the pipe', () => {
  const { clock, enter } = begin({ burst: 64 * 1024, perSecond: 64 * 1024 })
  const [ana, bea] = [enter(), enter()]
  ana.open(1, name(1))
  bea.open(1, name(1))
  const piece = frame(16_384 - 512)
  const round = () => {
    ana.pass({ type: 'frame', pipe: 1, frame: piece })
    bea.pass({ type: 'credit', pipe: 1, cost: frameCost(piece) })
  }
  const credited = () => ana.heard.filter(({ type }) => type === 'credit').length
  for (let n = 0; n < 8; n++) round()
  expect(credited()).toBe(4)
  clock.pass(1000)
  expect(credited()).toBe(8)
  for (let n = 0; n < 40; n++) round()
  expect(ana.heard.at(-1)).toEqual({ type: 'close', pipe: 1 })
})

test('too many pipes are refused, to one and to all', () => {
  const { pipes, enter } = begin({ ofOne: 3, ofAll: 5 })
  const [ana, bea] = [enter(), enter()]
  for (let n = 0; n < 5; n++) ana.open(n, name(n))
  expect(ana.heard).toEqual([3, 4].map((pipe) => ({ type: 'close', pipe })))
  for (let n = 10; n < 15; n++) bea.open(n, name(n))
  expect(pipes.held().pipes).toBe(5)
})

const act = fc.record({
  what: fc.constantFrom('open', 'frame', 'credit', 'close', 'leave', 'wait'),
  who: fc.nat(3),
  pipe: fc.nat(3),
  name: fc.nat(2),
  size: fc.integer({ min: 1, max: 16_384 }),
})

property.prop([fc.array(act, { maxLength: 300 })])(
  'whatever is asked in whatever order, the bounds hold, frames reach the other end alone, and nothing is left',
  (acts) => {
    const bounds = { ofOne: 2, ofAll: 5, waitMs: 1000, burst: 32 * 1024, perSecond: 32 * 1024 }
    const { clock, pipes, enter } = begin(bounds)
    const visitors = Array.from({ length: 4 }, enter)
    for (const { what, who, pipe, name: n, size } of acts) {
      const visitor = visitors[who]!
      const before = visitors.map(({ heard }) => heard.length)
      if (what === 'open') visitor.open(pipe, name(n))
      if (what === 'frame') visitor.pass({ type: 'frame', pipe, frame: frame(size) })
      if (what === 'credit') visitor.pass({ type: 'credit', pipe, cost: 16_384 + size })
      if (what === 'close') visitor.pass({ type: 'close', pipe })
      if (what === 'leave') visitor.leave()
      if (what === 'wait') clock.pass(size)
      if (what === 'frame') {
        const told = visitors.flatMap(({ heard }, i) =>
          heard.slice(before[i]).filter(({ type }) => type === 'frame'),
        )
        expect(told.length).toBeLessThanOrEqual(1)
      }
      expect(pipes.held().pipes).toBeLessThanOrEqual(bounds.ofAll)
    }
    visitors.forEach(({ leave }) => leave())
    clock.pass(60_000)
    expect(pipes.held()).toEqual({ pipes: 0, waiting: 0 })
  },
)
