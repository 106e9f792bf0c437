import { expect, test } from 'vitest'
import { parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { ANSWER_MS, Asked } from '../../src/lib/workspace/asked.ts'
import { createHandClock } from '../net/hand-clock.ts'
import { World } from '../world/cast.ts'

const links = Array.from({ length: 20 }, (_, n) => ({ id: `${n}` }))
const begun = () => {
  const clock = createHandClock()
  return { clock, asked: new Asked<'song' | 'poem'>(clock) }
}
/** Asks over each link over which it may. */
const askAll = (asked: Asked<'song' | 'poem'>): number =>
  links.filter((link) => {
    const may = asked.mayAsk(link, 'song')
    if (may) asked.note(link, ['song'])
    return may
  }).length

test('one neighbour is asked, and twice as many each time nobody gives it', () => {
  const { clock, asked } = begun()
  const each = Array.from({ length: 4 }, () => {
    const now = askAll(asked)
    clock.pass(ANSWER_MS)
    return now
  })
  expect(each).toEqual([1, 2, 4, 8])
})

test('a neighbour that goes away keeps nobody waiting', () => {
  const { asked } = begun()
  asked.note(links[0]!, ['song'])
  expect(asked.mayAsk(links[1]!, 'song')).toBe(false)
  expect(asked.elsewhere(links[1]!)).toEqual(['song'])
  expect(asked.elsewhere(links[0]!)).toEqual([])
  asked.end(links[0]!)
  expect(asked.mayAsk(links[1]!, 'song')).toBe(true)
})

test('what comes by itself is asked of nobody for a moment, and what is here is forgotten', () => {
  const { clock, asked } = begun()
  asked.comes('song')
  expect(askAll(asked)).toBe(0)
  clock.pass(ANSWER_MS)
  expect(askAll(asked)).toBeGreaterThan(0)
  expect(asked.keep((what) => what === 'poem')).toBe(false)
  expect(asked.mayAsk(links[5]!, 'song')).toBe(true)
})

test('a clock that is set back leaves nothing waiting', () => {
  const { clock, asked } = begun()
  clock.pass(3_600_000)
  asked.note(links[0]!, ['song'])
  clock.pass(-1_800_000)
  expect(asked.mayAsk(links[1]!, 'song')).toBe(true)
})

test('six who wrote apart meet all at once: all have all acts, and nobody is sent the beginning again', async () => {
  const world = new World(6)
  const people = await world.found('Alba', 'Bruna', 'Ceiba', 'Dalia', 'Elva', 'Flor')
  for (const person of people) world.cut(person)
  for (const person of people) await person.writes(`${person.name} `)
  for (const person of people) person.replica.act({ type: 'merge' })
  await world.settle()
  const genesis = people[0]!.replica.entriesSince([])[0]!.length
  world.network.sent.splice(0)
  world.connectAll()
  await world.settle()
  const sent = world.network.sent.flatMap(({ message }) => {
    const parsed = parseSyncMessage(message)
    return parsed.ok && parsed.value.type === 'entries' ? parsed.value.entries : []
  })
  for (const { replica } of people)
    expect(replica.entriesSince([])).toHaveLength(people[0]!.replica.entriesSince([]).length)
  expect(sent.filter(({ length }) => length === genesis)).toEqual([])
})
