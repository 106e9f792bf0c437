import { expect, test } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import type { DeviceId, FeedId } from '../../src/lib/core/ids.ts'
import { parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { Flights, LONGEST_MS, STALLED_MS } from '../../src/lib/workspace/flights.ts'
import { createHandClock } from '../net/hand-clock.ts'
import { World } from '../world/cast.ts'

const id = <T extends string>(n: number) => hexFromBytes(new Uint8Array(32).fill(n)) as T
const [ana, bea, eve] = [1, 2, 3].map((n) => ({ id: `${n}`, peer: id<DeviceId>(n) })) as [Way, Way, Way]
type Way = { readonly id: string; readonly peer: DeviceId }
const [song, poem] = [id<FeedId>(8), id<FeedId>(9)]
const says = (seq: number, ...feeds: FeedId[]) => new Map(feeds.map((feed) => [feed, seq]))

const begun = () => {
  const clock = createHandClock()
  const here = new Map<FeedId, number>()
  return { clock, here, flights: new Flights(clock, (feed) => here.get(feed) ?? 0) }
}

test('six who wrote apart meet all at once, and each record goes to each of them about once', async () => {
  const world = new World(6)
  const people = await world.found('Alba', 'Bruna', 'Ceiba', 'Dalia', 'Elva', 'Flor')
  for (const person of people) world.cut(person)
  for (const person of people) await person.writes(`${person.name} `)
  await world.settle()
  world.network.sent.splice(0)
  world.connectAll()
  await world.settle()
  for (let seconds = 0; seconds < 60; seconds += 5) {
    world.clock.pass(5000)
    await world.settle()
  }
  for (const reader of people)
    for (const { name } of people) expect(reader.reads(), reader.name).toContain(`${name} `)
  const records = world.network.sent.flatMap(({ message }) => {
    const parsed = parseSyncMessage(message)
    return parsed.ok && parsed.value.type === 'segment' ? parsed.value.records : []
  })
  expect(records.length).toBeLessThanOrEqual(1.5 * 6 * 5)
})

test('what Ana brings is not asked of Bea, and what only Bea has is', () => {
  const { flights } = begun()
  flights.begin(ana, says(5, song))
  expect(flights.comesOtherwise(bea, says(5, song))).toBe(true)
  expect(flights.comesOtherwise(bea, says(5, poem))).toBe(false)
  expect(flights.comesOtherwise(ana, says(5, song))).toBe(false)
})

test('once it is here, or Ana is gone, Bea is told', () => {
  const { flights, here } = begun()
  flights.begin(ana, says(5, song))
  expect(flights.comesOtherwise(bea, null)).toBe(true)
  here.set(song, 6)
  expect(flights.comesOtherwise(bea, null)).toBe(false)
  flights.begin(ana, says(9, song))
  expect(flights.comesOtherwise(bea, null)).toBe(true)
  flights.end(ana)
  expect(flights.comesOtherwise(bea, null)).toBe(false)
})

test('Eve promises and sends nothing: she is waited for once, and not again until she delivers', () => {
  const { flights, clock } = begun()
  flights.begin(eve, says(1e9, song))
  expect(flights.comesOtherwise(bea, says(5, song))).toBe(true)
  clock.pass(STALLED_MS + 1)
  expect(flights.comesOtherwise(bea, says(5, song))).toBe(false)
  flights.begin(eve, says(1e9, song, poem))
  expect(flights.comesOtherwise(bea, says(5, song))).toBe(false)
})

test('Eve sends a crumb now and then and comes back over new links: half a minute is all she holds up', () => {
  const { flights, clock } = begun()
  for (let waited = 0; waited <= LONGEST_MS; waited += 3000) {
    const link = { ...eve, id: `eve ${waited}` }
    flights.begin(link, says(1e9, song))
    flights.moved(link)
    clock.pass(3000)
    if (waited + 3000 < LONGEST_MS) expect(flights.comesOtherwise(bea, says(5, song))).toBe(true)
    if (waited < LONGEST_MS) flights.end(link)
  }
  expect(flights.comesOtherwise(bea, says(5, song))).toBe(false)
})
