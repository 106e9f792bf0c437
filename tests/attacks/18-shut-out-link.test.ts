import { expect, test } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import type { DeviceId } from '../../src/lib/core/ids.ts'
import { createDevice, type OwnDevice } from '../../src/lib/crypto/device.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createGate } from '../../src/lib/net/gate.ts'
import { createSpareRoom } from '../../src/lib/net/spare.ts'
import { createPeer, type Peer } from '../../src/lib/net/peer.ts'
import type { Rtc } from '../../src/lib/net/types.ts'
import { standingOf } from '../../src/lib/workspace/standing.ts'
import { createHandClock } from '../net/hand-clock.ts'
import { settle } from '../net/memory-channel.ts'
import { createMemoryHub } from '../net/memory-hub.ts'
import { createMemoryNetwork } from '../net/memory-rtc.ts'
import { knows } from '../net/people.ts'
import { World, type Person } from '../world/cast.ts'

/** Ana, Bea, Cata and Dora; the others put Cata’s phone out, while it is elsewhere. */
const revoked = async (seed: number): Promise<{ world: World; ana: Person; bea: Person; cata: Person }> => {
  const world = new World(seed)
  const [ana, bea, cata, dora] = (await world.found('Ana', 'Bea', 'Cata', 'Dora')) as [
    Person,
    Person,
    Person,
    Person,
  ]
  world.cut(cata)
  await revokes(world, [ana, bea, dora], cata.device)
  return { world, ana, bea, cata }
}

const revokes = async (
  world: World,
  [first, ...others]: readonly Person[],
  device: DeviceId,
): Promise<void> => {
  const proposal = first!.replica.act({
    type: 'propose',
    proposal: { action: 'revokeDevice', device, frontier: [], annul: [] },
  })
  await world.settle()
  for (const person of others) person.replica.act({ type: 'approve', proposal, seen: [] })
  await world.settle()
  world.clock.pass(10_000)
  await world.settle()
  expect(first!.standingOf(device)).toBeNull()
}

/** As a workspace judges by its ledger: who is not in it, and who was put out. */
const judgeOf =
  ({ replica }: Person) =>
  (id: DeviceId) => {
    const known = replica.state.devices.get(id)
    const standing = known ? standingOf(known, (feed) => replica.feeds.nextSeq(feed)) : null
    return known && standing ? { device: known.device, standing } : null
  }

/** Everything that leaves by the connections of this device, connection by connection. */
const heardFrom = (rtc: Rtc): { readonly rtc: Rtc; readonly sent: Uint8Array[][] } => {
  const sent: Uint8Array[][] = []
  return {
    sent,
    rtc: {
      ...rtc,
      createConnection: (way) => {
        const connection = rtc.createConnection(way) as RTCPeerConnection & { channel: RTCDataChannel }
        const { channel } = connection
        const send = channel.send.bind(channel) as (bytes: Uint8Array) => void
        const here: Uint8Array[] = []
        sent.push(here)
        channel.send = (bytes: unknown) => {
          here.push((bytes as Uint8Array).slice())
          send(bytes as Uint8Array)
        }
        return connection
      },
    },
  }
}

/** Ana and one other look for each other, over connections in memory. */
const seek = (ana: Person, own: OwnDevice) => {
  const clock = createHandClock()
  const hub = createMemoryHub(clock)
  const network = createMemoryNetwork()
  const { rtc, sent } = heardFrom(network.rtc())
  const between = { coll: ana.replica.coll, clock, random: systemRandom }
  const common = { ...between, onChange: () => {}, onSign: () => {}, isNear: () => true, hasRoom: () => true }
  const spares = { spareRoom: createSpareRoom(clock), tellSpare: () => {} }
  const peerOf = (of: Pick<Parameters<typeof createPeer>[0], 'own' | 'rtc' | 'judge' | 'peer'>): Peer =>
    createPeer({ ...common, ...spares, ...of, hub: hub.connect(), gate: createGate(clock) })!
  const anas = ana.replica.own
  const here = peerOf({ own: anas, rtc, judge: judgeOf(ana), peer: { id: own.id, device: own.device } })
  const there = peerOf({
    own,
    rtc: network.rtc(),
    judge: knows(anas),
    peer: { id: anas.id, device: anas.device },
  })
  const lives = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.pass(250)
      for (let turn = 0; turn < 6; turn++) await settle()
    }
  }
  for (const peer of [here, there]) peer.seek()
  return { hub, here, there, sent, lives }
}

/** How many messages of which size Ana sent on each connection that came about. */
const shapes = (sent: readonly (readonly Uint8Array[])[]) =>
  [
    ...new Set(sent.filter((one) => one.length > 0).map((one) => one.map(({ length }) => length).join())),
  ].sort()

/** Long enough for Ana to have been the one who begins and the one who answers, which chance decides. */
const answers = async (ana: Person, own: OwnDevice) => {
  const seeking = seek(ana, own)
  for (let minutes = 0; minutes < 100 && shapes(seeking.sent).length < 2; minutes++)
    await seeking.lives(60_000)
  expect(seeking.here.link()).toBeNull()
  expect(seeking.there.link()).toBeNull()
  return seeking
}

test('attack 18: a revoked phone and one that nobody knows get the same answer, which names no act', async () => {
  const { ana, bea, cata } = await revoked(183)
  const [known, unknown] = [
    await answers(ana, cata.replica.own),
    await answers(ana, createDevice(systemRandom)),
  ]
  // One word each, whoever began: the first, or the answer to it. Nothing after the other has said who it is.
  expect(shapes(known.sent)).toEqual(shapes(unknown.sent))
  for (const one of [...known.sent, ...unknown.sent]) expect(one.length).toBeLessThanOrEqual(1)
  const said = [
    ...known.sent.flat(),
    ...unknown.sent.flat(),
    ...[known, unknown].flatMap(({ hub }) => hub.log.map(({ blob }) => blob)),
  ]
    .map(hexFromBytes)
    .join('|')
  for (const { id } of ana.replica.ledger.topological()) expect(said).not.toContain(id)
  for (const { id } of ana.replica.state.feeds.values()) expect(said).not.toContain(id)
  // The same Ana, asked in the same way by Bea, has more to say.
  const beas = seek(ana, bea.replica.own)
  await beas.lives(20_000)
  expect(beas.there.link()?.peer).toBe(ana.device)
  expect(Math.max(...beas.sent.map(({ length }) => length))).toBeGreaterThan(1)
}, 120_000)

test('attack 18: a phone that is linked while it is revoked: the link ends with the ledger’s word, and nothing more is said on it', async () => {
  const world = new World(184)
  const [ana, bea, cata, dora] = (await world.found('Ana', 'Bea', 'Cata', 'Dora')) as [
    Person,
    Person,
    Person,
    Person,
  ]
  const seeking = seek(ana, cata.replica.own)
  await seeking.lives(20_000)
  expect(seeking.here.link()?.peer).toBe(cata.device)
  world.cut(cata)
  await revokes(world, [ana, bea, dora], cata.device)
  const ended = await farewell(seeking, () => seeking.here.rejudge())
  expect(seeking.here.link()).toBeNull()
  expect(seeking.there.link()).toBeNull()
  // As any link ends, whatever the reason: one sealed goodbye, which says nothing but that.
  const beas = seek(ana, bea.replica.own)
  await beas.lives(20_000)
  expect(ended).toEqual(await farewell(beas, () => beas.here.link()!.close()))
  expect(ended).toHaveLength(1)
}, 60_000)

/** The sizes of what Ana still sends on a link that ends so, though she has more to say. */
const farewell = async ({ here, sent, lives }: ReturnType<typeof seek>, end: () => void) => {
  const before = sent.map(({ length }) => length)
  const link = here.link()!
  end()
  link.send('records', new Uint8Array(100))
  await lives(250)
  return before.flatMap((from, i) => sent[i]!.slice(from).map(({ length }) => length))
}
