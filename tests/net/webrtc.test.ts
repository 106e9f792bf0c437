import { randomBytes } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { collIdFrom } from '../../src/lib/core/ids.ts'
import { systemClock } from '../../src/lib/core/clock.ts'
import type { Watched } from '../../src/lib/core/watched.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createMesh } from '../../src/lib/net/mesh.ts'
import { hostMeeting, joinMeeting } from '../../src/lib/net/meet.ts'
import type { Mesh, MetLink, Rtc } from '../../src/lib/net/types.ts'
import { createMemoryHub } from './memory-hub.ts'
import { createNodeRtc } from './node-rtc.ts'
import { createPerson, knows } from './people.ts'

const coll = collIdFrom(hash('led', 'real connections'))!
const meshes: Mesh[] = []
afterAll(() => meshes.forEach((mesh) => mesh.stop()))

/** Devices with real ICE, DTLS and SCTP on this machine, and a hub in memory. */
const meet = (count: number, rtc: () => Rtc = createNodeRtc): readonly Mesh[] => {
  const hub = createMemoryHub(systemClock)
  const people = Array.from({ length: count }, createPerson)
  const all = people.map((own) => {
    const judge = knows(...people)
    const mesh = createMesh({
      coll,
      own,
      hub: hub.connect(),
      rtc: rtc(),
      clock: systemClock,
      random: systemRandom,
      judge,
    })
    mesh.setPeers(people.map(({ id, device }) => ({ id, device })))
    return mesh
  })
  meshes.push(...all)
  return all
}

/** Resolves when a watched value is as it should be. */
const until = <T>(source: Watched<T>, holds: (value: T) => boolean): Promise<T> =>
  new Promise((resolve) => {
    const look = () => {
      if (!holds(source.read())) return
      stop()
      resolve(source.read())
    }
    const stop = source.watch(look)
    queueMicrotask(look)
  })

/** The one link of a device, when it is another than `before`. */
const onlyLink = async ({ links }: Mesh, before?: string): Promise<MetLink> => {
  const all = await until(links, (now) => now.length === 1 && now[0]!.id !== before)
  return all[0]!
}

const received = (link: MetLink, stream: 'records' | 'control' | 'files') =>
  new Promise<Uint8Array>((resolve) => link.receive(stream, resolve))

test('two devices meet over real WebRTC, and 5 MB go both ways at once', async () => {
  const [alice, bea] = meet(2)
  const [toBea, toAlice] = await Promise.all([onlyLink(alice!), onlyLink(bea!)])
  const message = new Uint8Array(randomBytes(5_000_000))
  const [atBea, atAlice] = [received(toAlice, 'records'), received(toBea, 'records')]
  toBea.send('records', message)
  toAlice.send('records', message)
  expect(Buffer.compare(await atBea, message)).toBe(0)
  expect(Buffer.compare(await atAlice, message)).toBe(0)
  expect(toBea.id).toBe(toAlice.id)
}, 20_000)

test('while 60 MB of files go out, a word on control does not wait for them', async () => {
  const [alice, bea] = meet(2)
  const [toBea, toAlice] = await Promise.all([onlyLink(alice!), onlyLink(bea!)])
  const order: string[] = []
  const file = received(toAlice, 'files').then(() => order.push('file'))
  const word = received(toAlice, 'control').then(() => order.push('word'))
  // So much that a lost packet of the word is sent again long before the end.
  toBea.send('files', new Uint8Array(60_000_000))
  toBea.send('control', Uint8Array.of(1))
  await Promise.all([file, word])
  expect(order).toEqual(['word', 'file'])
}, 60_000)

test('four devices make six links; one goes away without a word and is found again', async () => {
  const all = meet(4)
  await Promise.all(all.map(({ links }) => until(links, (now) => now.length === 3)))
  const before = new Set(all.flatMap(({ links }) => links.read().map(({ id }) => id)))
  expect(before.size).toBe(6)
  const [alice, bea] = all
  const link = alice!.links.read()[0]!
  const other = all.find(
    ({ links }) => links !== alice!.links && links.read().some(({ id }) => id === link.id),
  )!
  const lost = new Promise<void>((resolve) =>
    other.links
      .read()
      .find(({ id }) => id === link.id)!
      .closed(resolve),
  )
  link.close()
  await lost
  await Promise.all(all.map(({ links }) => until(links, (now) => now.length === 3)))
  const after = new Set(all.flatMap(({ links }) => links.read().map(({ id }) => id)))
  expect([...after].filter((id) => !before.has(id))).toHaveLength(1)
  expect(bea!.links.read()).toHaveLength(3)
}, 30_000)

test('a connection cut below the link is noticed and made again', async () => {
  const made: RTCPeerConnection[] = []
  const rtc = (): Rtc => ({
    createConnection: (way) => {
      const connection = createNodeRtc().createConnection(way)
      made.push(connection)
      return connection
    },
  })
  const [alice, bea] = meet(2, rtc)
  const [first] = await Promise.all([onlyLink(alice!), onlyLink(bea!)])
  const gone = new Promise<void>((resolve) => first.closed(resolve))
  for (const connection of made) connection.close()
  await gone
  expect(first.ending()).toBe('cut off')
  const [again] = await Promise.all([onlyLink(alice!, first.id), onlyLink(bea!, first.id)])
  expect(again.peer).toBe(first.peer)
}, 30_000)

test('a guest with an invitation meets the host over real WebRTC, on the same secret', async () => {
  const hub = createMemoryHub(systemClock)
  const [host, guest] = [createPerson(), createPerson()]
  const seed = systemRandom.bytes(16)
  const common = {
    rtc: createNodeRtc(),
    clock: systemClock,
    random: systemRandom,
    seed,
    context: hash('found', 1),
  }
  const meeting = hostMeeting({ ...common, hub: hub.connect(), own: host })
  const joined = joinMeeting({ ...common, hub: hub.connect(), own: guest, isHost: (id) => id === host.id })
  const mine = (await until(joined.link, (link) => link !== null))!
  const [theirs] = await until(meeting.guests, (guests) => guests.length === 1)
  expect(theirs!.introduction.exported).toEqual(mine.introduction.exported)
  const heard = received(theirs!, 'control')
  mine.send('control', Uint8Array.of(1, 2, 3))
  expect(await heard).toEqual(Uint8Array.of(1, 2, 3))
  joined.stop()
  await until(meeting.guests, (guests) => guests.length === 0)
  meeting.stop()
}, 20_000)
