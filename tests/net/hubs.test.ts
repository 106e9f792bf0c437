import { expect, test } from 'vitest'
import { equalBytes } from '../../src/lib/core/bytes.ts'
import { collIdFrom } from '../../src/lib/core/ids.ts'
import { Cell } from '../../src/lib/core/watched.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { joinHubs } from '../../src/lib/net/hubs.ts'
import { createMesh } from '../../src/lib/net/mesh.ts'
import type { Hub, Mesh } from '../../src/lib/net/types.ts'
import { createHandClock, type HandClock } from './hand-clock.ts'
import { settle } from './memory-channel.ts'
import { createMemoryHub } from './memory-hub.ts'
import { createMemoryNetwork } from './memory-rtc.ts'
import { createPerson, knows } from './people.ts'

/** A hub that does at once what it is asked. */
const createPlainHub = () => {
  const handlers = new Map<string, Set<(blob: Uint8Array) => void>>()
  const state = new Cell<'open' | 'searching' | 'closed'>('open')
  const put: string[] = []
  const hub: Hub = {
    state,
    subscribe: (mailbox, handler) => {
      const name = String(mailbox[0])
      handlers.set(name, (handlers.get(name) ?? new Set()).add(handler))
      return () => void handlers.get(name)?.delete(handler)
    },
    put: (mailbox, blob) => void put.push(`${mailbox[0]} ${blob[0]}`),
    close: () => state.set('closed'),
  }
  return {
    hub,
    state,
    put,
    deliver: (name: number, blob: Uint8Array) =>
      [...(handlers.get(String(name)) ?? [])].forEach((handler) => handler(blob)),
    watched: () => [...handlers.values()].reduce((sum, { size }) => sum + size, 0),
  }
}
const mailbox = (n: number) => new Uint8Array(32).fill(n)
const blob = (n: number) => new Uint8Array(64).fill(n)

test('what is put goes to every hub, and what comes from several is heard once', () => {
  const [a, b] = [createPlainHub(), createPlainHub()]
  const joined = joinHubs([a.hub, b.hub])
  joined.put(mailbox(1), blob(7))
  expect([a.put, b.put]).toEqual([['1 7'], ['1 7']])
  const heard: number[] = []
  joined.subscribe(mailbox(1), ([first]) => heard.push(first!))
  a.deliver(1, blob(7))
  b.deliver(1, blob(7))
  b.deliver(1, blob(8))
  a.deliver(1, blob(8))
  expect(heard).toEqual([7, 8])
})

test('a hub cannot pass a forgery off as the copy of what another one brings', () => {
  const [honest, forging] = [createPlainHub(), createPlainHub()]
  const joined = joinHubs([honest.hub, forging.hub])
  const heard: Uint8Array[] = []
  joined.subscribe(mailbox(1), (one) => heard.push(one))
  const sent = systemRandom.bytes(1024)
  for (let at = 0; at < sent.length; at += 97) {
    const forged = sent.slice()
    forged[at]! ^= 1
    forging.deliver(1, forged)
  }
  honest.deliver(1, sent)
  expect(heard.some((one) => equalBytes(one, sent))).toBe(true)
})

test('one is open: all are; and whoever watches hears of each that opens', () => {
  const [a, b] = [createPlainHub(), createPlainHub()]
  b.state.set('searching')
  const joined = joinHubs([a.hub, b.hub])
  const states: string[] = []
  joined.state.watch(() => states.push(joined.state.read()))
  b.state.set('open') // somebody may be found there and nowhere else
  a.state.set('searching')
  b.state.set('searching')
  a.state.set('open')
  expect(states).toEqual(['open', 'searching', 'open'])
})

test('without any hub there is nothing to wait for, and one that is added is asked for everything', () => {
  const joined = joinHubs([])
  expect(joined.state.read()).toBe('closed')
  const heard: number[] = []
  joined.subscribe(mailbox(1), ([first]) => heard.push(first!))
  const late = createPlainHub()
  joined.add(late.hub)
  joined.add(late.hub)
  expect(joined.state.read()).toBe('open')
  late.deliver(1, blob(3))
  expect(heard).toEqual([3])
  expect(late.watched()).toBe(1)
  joined.remove(late.hub)
  late.deliver(1, blob(4))
  expect([heard, late.watched(), joined.state.read(), late.state.read()]).toEqual([[3], 0, 'closed', 'open'])
})

test('who stops listening is asked for nowhere, and closing closes every hub', () => {
  const [a, b] = [createPlainHub(), createPlainHub()]
  const joined = joinHubs([a.hub, b.hub])
  const stop = joined.subscribe(mailbox(1), () => {})
  joined.subscribe(mailbox(2), () => {})
  stop()
  expect([a.watched(), b.watched()]).toEqual([1, 1])
  joined.close()
  expect([a.watched(), b.watched(), a.state.read(), b.state.read()]).toEqual([0, 0, 'closed', 'closed'])
  expect(joined.state.read()).toBe('closed')
  joined.add(createPlainHub().hub)
  expect(joined.state.read()).toBe('closed')
})

const coll = collIdFrom(hash('led', 'several hubs'))!

/** Devices of one collective on one wifi, each with the hubs it can reach. */
const meetBy = (clock: HandClock, hubsOf: readonly (readonly Hub[])[]): readonly Mesh[] => {
  const network = createMemoryNetwork()
  const people = hubsOf.map(createPerson)
  return people.map((own, i) => {
    const mesh = createMesh({
      coll,
      own,
      hub: joinHubs(hubsOf[i]!),
      rtc: network.rtc(),
      clock,
      random: systemRandom,
      judge: knows(...people),
    })
    mesh.setPeers(people.map(({ id, device }) => ({ id, device })))
    return mesh
  })
}
const live = async (clock: HandClock, ms: number) => {
  for (let passed = 0; passed < ms; passed += 100) {
    await settle()
    clock.pass(100)
  }
  await settle()
}
const linked = (meshes: readonly Mesh[]) => meshes.map(({ links }) => links.read().length)

test('Ana and Bea have two hubs, one goes down, and they find each other by the other', async () => {
  const clock = createHandClock()
  const [first, second] = [createMemoryHub(clock), createMemoryHub(clock)]
  const atFirst = [first.connect(), first.connect()]
  const meshes = meetBy(
    clock,
    atFirst.map((hub) => [hub, second.connect()]),
  )
  await live(clock, 5000)
  expect(linked(meshes)).toEqual([1, 1])

  for (const hub of atFirst) hub.setReachable(false)
  await live(clock, 1000)
  expect(linked(meshes)).toEqual([1, 1]) // a link needs no hub

  const [lost] = meshes[0]!.links.read()
  lost!.close()
  await live(clock, 10_000)
  expect(linked(meshes)).toEqual([1, 1])
  expect(meshes[0]!.links.read()[0]!.id).not.toBe(lost!.id)
  for (const mesh of meshes) mesh.stop()
})

test('Ana reaches one hub, Bea the other, Cora both: each finds Cora, and through her the other', async () => {
  const clock = createHandClock()
  const [first, second] = [createMemoryHub(clock), createMemoryHub(clock)]
  const meshes = meetBy(clock, [[first.connect()], [second.connect()], [first.connect(), second.connect()]])
  await live(clock, 10_000)
  expect(linked(meshes)).toEqual([2, 2, 2])
  for (const mesh of meshes) mesh.stop()
})
