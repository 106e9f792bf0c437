import { expect, test } from 'vitest'
import { equalBytes } from '../../src/lib/core/bytes.ts'
import type { MetLink } from '../../src/lib/net/types.ts'
import { joinHubs } from '../../src/lib/net/hubs.ts'
import { createApart } from './apart.ts'
import { createHandClock } from './hand-clock.ts'
import { createLineHub } from './line-hub.ts'

const linkOf = ({ mesh }: { mesh: { links: { read(): readonly MetLink[] } } }) => mesh.links.read()[0]

test('Ana and Bea’s wifi keeps them apart: they meet through the hub, and each knows it is the other', async () => {
  const { ana, bea, hub, live } = createApart()
  await live(20_000)
  expect(linkOf(ana)?.peer).toBe(bea.own.id)
  expect(linkOf(bea)?.id).toBe(linkOf(ana)?.id)
  expect(hub.pipes.held()).toEqual({ pipes: 2, waiting: 0 })
})

test('a megabyte goes through a pipe whole, however small its window', async () => {
  const { ana, bea, live } = createApart()
  await live(20_000)
  const heard: Uint8Array[] = []
  linkOf(bea)!.receive('records', (message) => heard.push(message))
  const big = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7) % 251)
  linkOf(ana)!.send('records', big)
  linkOf(ana)!.send('control', Uint8Array.of(1))
  await live(3000)
  expect(heard.map((message) => equalBytes(message, big))).toEqual([true])
})

test('when the hub goes the link is cut off, and made again when it is back', async () => {
  const { ana, bea, live } = createApart()
  await live(20_000)
  const before = linkOf(ana)!
  bea.hub.close()
  await live(1000)
  expect(before.ending()).not.toBeNull()
  expect(ana.mesh.links.read()).toEqual([])
  bea.comesBack()
  await live(60_000)
  expect(linkOf(ana)?.peer).toBe(bea.own.id)
})

test('nobody asks for a pipe to somebody who was not heard: a collective may have many who sleep', async () => {
  const { bea, hub, live } = createApart()
  bea.mesh.stop()
  await live(300_000)
  expect(hub.asked.filter(({ request }) => request.type === 'open')).toEqual([])
})

test('over two hubs at once both sides end in the same pipe, and the other is let go', async () => {
  const clock = createHandClock()
  const [one, two] = [createLineHub(clock), createLineHub(clock)]
  const { ana, bea, live } = createApart({ clock, connect: () => joinHubs([one.connect(), two.connect()]) })
  await live(20_000)
  expect(linkOf(ana)?.id).toBe(linkOf(bea)?.id)
  const heard: Uint8Array[] = []
  linkOf(bea)!.receive('control', (message) => heard.push(message))
  linkOf(ana)!.send('control', Uint8Array.of(5))
  await live(1000)
  expect(heard).toEqual([Uint8Array.of(5)])
  expect(one.pipes.held().pipes + two.pipes.held().pipes).toBe(2)
})
