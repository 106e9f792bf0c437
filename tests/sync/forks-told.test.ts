import { beforeEach, expect, test } from 'vitest'
import type { DeviceId } from '../../src/lib/core/ids.ts'
import {
  gaveFork,
  holdingsMoved,
  onMessage,
  type Effect,
  type Holdings,
  type LinkState,
} from '../../src/lib/sync/engine.ts'
import { ForksTold } from '../../src/lib/sync/forks-told.ts'
import type { Standing } from '../../src/lib/sync/ports.ts'
import { TestClock } from '../world/time.ts'
import { at, begun, feed, holdings, id } from './holdings.ts'

const peer = id<DeviceId>(2)
const head = at(5)

let clock: TestClock
let told: ForksTold
/** What is known of the feed’s forks. */
let fork: string | null

beforeEach(() => {
  clock = new TestClock()
  told = new ForksTold(clock)
  fork = null
})

const holdingsOn = (link: string): Holdings => ({
  ...holdings,
  forkToTell: () => (fork && told.mayTell({ id: link, peer }, feed, { fork, isPeers: false }) ? fork : null),
})

const served = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.type === 'serve' ? [[effect.feed, effect.from]] : []))

/** A link on which both have agreed, and the peer holds what is held here. */
const linked = (
  link: string,
  standing: Standing = 'full',
): { state: LinkState; effects: readonly Effect[] } => {
  const by = holdingsOn(link)
  return onMessage(begun(standing, by).state, { type: 'have', heads: [head] }, by)
}

test('who learns that a feed is forked sends whoever holds it all of it, once, though both say the same', () => {
  const before = linked('a')
  expect(served(before.effects)).toEqual([])
  fork = 'at 3'
  const tells = holdingsMoved(before.state, holdingsOn('a'))
  expect(served(tells.effects)).toEqual([[feed, 0]])
  expect(served(holdingsMoved(tells.state, holdingsOn('a')).effects)).toEqual([])
})

test('a keeper is told, and a device that is paused is not', () => {
  const [keeper, paused] = [linked('a', 'sealed'), linked('b', 'narrow')]
  fork = 'at 3'
  expect(served(holdingsMoved(keeper.state, holdingsOn('a')).effects)).toEqual([[feed, 0]])
  expect(served(holdingsMoved(paused.state, holdingsOn('b')).effects)).toEqual([])
})

/** On this link all of it was sent, and what came of it: `ms` later the peer said something. */
const sentOn = (link: string, ms: number, isPeers = false) => {
  const way = { id: link, peer }
  told.begins(way, feed, { fork: fork!, isPeers })
  told.sent(way, feed)
  clock.pass(ms)
  told.heard(way)
}

test('the link died before it can have come: the next one carries it again', () => {
  fork = 'at 3'
  expect(served(linked('a').effects)).toEqual([[feed, 0]])
  sentOn('a', 5000)
  told.ended({ id: 'a', peer })
  expect(served(linked('b').effects)).toEqual([[feed, 0]])
})

test('not all of it was sent, because there was a pause: it goes again', () => {
  fork = 'at 3'
  told.begins({ id: 'a', peer }, feed, { fork, isPeers: false })
  expect(served(linked('a').effects)).toEqual([])
  told.brokeOff({ id: 'a', peer }, feed)
  expect(served(linked('a').effects)).toEqual([[feed, 0]])
})

test('the peer was heard long after it was sent: no later link carries it again', () => {
  fork = 'at 3'
  sentOn('a', 30_000)
  told.ended({ id: 'a', peer })
  expect(served(linked('b').effects)).toEqual([])
  // Another device of the same person was not.
  const other = { id: 'c', peer: id<DeviceId>(3) }
  expect(told.mayTell(other, feed, { fork: 'at 3', isPeers: false })).toBe(true)
})

test('whoever was told of one is told of another that shows lower down, on the same link', () => {
  fork = 'at 3'
  const before = linked('a')
  sentOn('a', 30_000)
  fork = 'at 1,at 3'
  const tells = holdingsMoved(before.state, holdingsOn('a'))
  expect(served(tells.effects)).toEqual([[feed, 0]])
  expect(served(holdingsMoved(tells.state, holdingsOn('a')).effects)).toEqual([])
})

test('what a peer has shown itself, behind all it was sent, it is not told', () => {
  fork = 'at 3'
  const { state } = linked('a')
  fork = 'at 1,at 3'
  const shown = gaveFork(state, feed, { before: 'at 3', now: fork })
  expect(served(holdingsMoved(shown, holdingsOn('a')).effects)).toEqual([])
  // What came otherwise in between, it does not know.
  fork = 'at 0,at 1,at 3'
  const more = gaveFork(state, feed, { before: 'at 1,at 3', now: fork })
  expect(served(holdingsMoved(more, holdingsOn('a')).effects)).toEqual([[feed, 0]])
})

test('attack 50: a phone shows one fork after the other: all of its feed goes three times at once, then ever more seldom', () => {
  const way = { id: 'a', peer }
  for (const isPeers of [false, true]) {
    let times = 0
    for (let minute = 0; minute < 600; minute++)
      for (let again = 0; again < 10; again++) {
        fork = `at ${minute} ${again}`
        if (told.mayTell(way, feed, { fork, isPeers })) {
          times += 1
          told.begins(way, feed, { fork, isPeers })
          told.sent(way, feed)
        }
        clock.pass(6000)
      }
    expect(times).toBeLessThan(30)
    // And whoever waits long enough hears of the last, too.
    clock.pass(32 * 60_000)
    expect(told.mayTell(way, feed, { fork: 'the last', isPeers })).toBe(true)
  }
})

test('who let go of what it was sent is told once more; who says so again and again, ever more seldom', () => {
  const way = { id: 'a', peer }
  fork = 'at 3'
  sentOn('a', 30_000)
  told.letGo(way)
  expect(served(linked('a').effects)).toEqual([[feed, 0]])
  let times = 0
  for (let second = 0; second < 3600; second++) {
    if (told.mayTell(way, feed, { fork, isPeers: false })) {
      times += 1
      told.begins(way, feed, { fork, isPeers: false })
      told.sent(way, feed)
    }
    clock.pass(1000)
    told.letGo(way)
  }
  expect(times).toBeLessThan(10)
})
