import { expect, test } from 'vitest'
import type { MetLink } from '../../src/lib/net/types.ts'
import type { HubAnswer } from '../../src/lib/wire/hub.ts'
import { createApart, type Apart } from './apart.ts'

const HOUR = 3_600_000
/** Between two tries, once a pipe is old. ms. */
const MOST_APART = 600_000
/** Within an hour, whatever happens. */
const MOST_TRIES = 18

const linkOf = ({ mesh }: Apart): MetLink | undefined => mesh.links.read()[0]

/** Two who met in a pipe. `inPipe`: how many ends of one the hub holds. */
const inOnePipe = async () => {
  const apart = createApart()
  await apart.live(20_000)
  const inPipe = () => apart.hub.pipes.held().pipes
  expect(inPipe()).toBe(2)
  return { ...apart, inPipe, pair: [apart.ana, apart.bea] as const }
}

/** How often from now on either device made a connection for the other. */
const counting = (pair: readonly Apart[]) => {
  const before = pair.map(({ rtc }) => rtc.made())
  return () => pair.map(({ rtc }, i) => rtc.made() - before[i]!)
}

test('Ana and Bea’s wifi no longer keeps them apart, and nobody says so: soon they need the hub no more', async () => {
  const { pair, live, setApart, inPipe } = await inOnePipe()
  setApart('together')
  await live(60_000)
  expect(inPipe()).toBe(0)
  for (const one of pair) one.hub.close()
  await live(60_000)
  const heard: Uint8Array[] = []
  linkOf(pair[1])!.receive('records', (message) => heard.push(message))
  linkOf(pair[0])!.send('records', Uint8Array.of(7))
  await live(1000)
  expect(heard).toEqual([Uint8Array.of(7)])
})

test('the same after an hour in the pipe: within ten minutes', async () => {
  const { live, setApart, inPipe } = await inOnePipe()
  await live(HOUR)
  setApart('together')
  await live(MOST_APART)
  expect(inPipe()).toBe(0)
})

test('neither is ever without the other while they leave the pipe, and what is said at that moment is not lost', async () => {
  const { pair, live, setApart, inPipe } = await inOnePipe()
  const [ana, bea] = pair
  const counts: number[] = []
  for (const { mesh } of pair) mesh.links.watch(() => counts.push(mesh.links.read().length))
  const said: number[] = []
  const heard = new Set<number>()
  const listen = () => linkOf(bea)?.receive('records', ([n = 0]) => heard.add(n))
  bea.mesh.links.watch(listen)
  listen()
  // As sync does: whatever was said before goes over a new link as well, for whoever did not hear it.
  const say = (...all: readonly number[]) =>
    all.forEach((n) => linkOf(ana)?.send('records', Uint8Array.of(n)))
  ana.mesh.links.watch(() => say(...said))
  setApart('together')
  for (let n = 0; n < 200; n++) {
    said.push(n)
    say(n)
    await live(250)
  }
  expect(inPipe()).toBe(0)
  expect(counts).toEqual([1, 1])
  expect([...heard].sort((x, y) => x - y)).toEqual(said)
})

test('a wifi that keeps them apart all day: the same pipe all the time, and few tries', async () => {
  const { pair, live } = await inOnePipe()
  const before = linkOf(pair[0])!.id
  for (let hour = 0; hour < 2; hour++) {
    const made = counting(pair)
    await live(HOUR)
    for (const tries of made()) {
      expect(tries).toBeGreaterThanOrEqual(5)
      expect(tries).toBeLessThanOrEqual(MOST_TRIES)
    }
  }
  expect(linkOf(pair[0])!.id).toBe(before)
  expect(linkOf(pair[1])!.id).toBe(before)
}, 120_000)

test('nor more of them when both look at the app every ten seconds, or the hub goes and comes back every minute', async () => {
  for (const happens of ['looks', 'hub'] as const) {
    const { pair, live } = await inOnePipe()
    const made = counting(pair)
    for (let second = 0; second < 3600; second += 10) {
      if (happens === 'looks') for (const { mesh } of pair) mesh.wake()
      else if (second % 60 === 0) for (const { mesh } of pair) mesh.wake()
      await live(10_000)
    }
    for (const tries of made()) expect(tries).toBeLessThanOrEqual(MOST_TRIES)
    expect(linkOf(pair[0])?.peer).toBe(pair[1].own.id)
  }
}, 120_000)

test('whoever looks at the app again need not wait for the next try', async () => {
  const { pair, live, setApart, inPipe } = await inOnePipe()
  await live(HOUR)
  setApart('together')
  for (const { mesh } of pair) mesh.wake()
  await live(10_000)
  expect(inPipe()).toBe(0)
})

test('a direct link is not left for a pipe that comes late', async () => {
  const late: { readonly answer: HubAnswer; readonly to: number }[] = []
  const { ana, bea, hub, live, setApart } = createApart({
    meddle: (answer, to) => {
      if (answer.type !== 'joined') return [answer]
      late.push({ answer, to })
      return []
    },
  })
  for (let tries = 0; tries < 100 && late.length < 2; tries++) await live(250)
  expect(late).toHaveLength(2)
  setApart('together')
  await live(3000)
  const { id } = linkOf(ana)!
  for (const { answer, to } of late) hub.say(to, answer)
  await live(30_000)
  expect(linkOf(ana)!.id).toBe(id)
  expect(linkOf(bea)!.id).toBe(id)
})
