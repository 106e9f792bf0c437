import { base32nopad } from '@scure/base'
import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { addRelayPoint, relayPoints, removeRelayPoint } from '../../src/lib/domain/relay-points.ts'
import type { Rtc, Way } from '../../src/lib/net/types.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import type { Storage } from '../../src/lib/sync/ports.ts'
import { parseCode } from '../../src/lib/wire/code.ts'
import type { Encounter, HostFlow, Space } from '../../src/lib/workspace/types.ts'
import { LiveWorkspace } from '../../src/lib/workspace/workspace.ts'
import { createHandClock } from '../net/hand-clock.ts'
import { settle } from '../net/memory-channel.ts'
import { createMemoryHub } from '../net/memory-hub.ts'
import { createMemoryNetwork } from '../net/memory-rtc.ts'

const POINT = { urls: 'turn:paso.example:3478', username: 'tres', credential: 'llave' }

const world = () => {
  const clock = createHandClock()
  const hub = createMemoryHub(clock)
  const network = createMemoryNetwork()
  const live = async (ms = 3000) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.pass(50)
      for (let turn = 0; turn < 6; turn++) await settle()
    }
  }
  const arrive = (storage: Storage = createMemoryStorage()) => {
    const ways: Way[] = []
    const device = network.rtc()
    const rtc: Rtc = {
      createConnection: (way) => {
        ways.push(way)
        return device.createConnection(way)
      },
    }
    const workspace = new LiveWorkspace({
      storage,
      hub: hub.connect(),
      rtc,
      clock,
      random: systemRandom,
      language: () => 'es',
    })
    return { workspace, storage, ways, device }
  }
  return { live, arrive }
}

const about = { title: 'Las Tres Vertientes', purpose: '', myName: 'Ceiba' }

/** Three found a collective: the shortest way to a space that looks for others. */
const found = async (
  { live, arrive }: ReturnType<typeof world>,
  withPoint: 'with a relay point' | 'without',
) => {
  const phones = [arrive(), arrive(), arrive()]
  const [host, ...guests] = phones
  const notebook = await host!.workspace.lightNotebook(about)
  if (withPoint === 'with a relay point') expectOk(addRelayPoint(notebook.doc.read(), POINT))
  const flow = await host!.workspace.proposeFounding(notebook, { title: about.title, myName: 'Ceiba' })
  const begun = flow.state.read()
  if (begun.step !== 'inviting') throw new Error(begun.step)
  const joining = await Promise.all(
    guests.map(async ({ workspace }, i) => expectOk(await workspace.openLink(begun.link, `G${i}`))),
  )
  await live()
  const now = flow.state.read()
  if (now.step !== 'inviting') throw new Error(now.step)
  for (const { id } of now.guests) flow.confirmWords(id, true)
  for (const guest of joining) guest.confirmWords(true)
  await live()
  flow.proposeGenesis()
  await live()
  flow.signGenesis()
  for (const guest of joining) guest.signGenesis()
  await live(6000)
  const spaces = phones.map(({ workspace }) => workspace.current.read()!)
  return { phones, spaces, links: () => spaces.map(linksOf) }
}
const linksOf = (space: Space): number =>
  space.membership.read().members.flatMap(({ devices }) => devices.filter(({ linked }) => linked)).length
const endOf = (flow: HostFlow): string => {
  const state = flow.state.read()
  return state.step === 'ended' ? state.why : state.step
}
const addressesIn = (encounter: Encounter) => {
  const code = expectOk(parseCode(base32nopad.decode(encounter.code), 'meet'))
  return code.card.candidates.map(({ address }) => address.join('.'))
}

test('a device goes out directly, by no server, until somebody chooses otherwise', async () => {
  const all = world()
  const { phones, links } = await found(all, 'without')
  expect(links()).toEqual([2, 2, 2])
  expect(phones[0]!.workspace.reach.read()).toBe('direct')
  for (const { ways } of phones) for (const way of ways) expect(way).toEqual({ turn: [], reach: 'direct' })
}, 60_000)

test('the relay points of a notebook are those of the collective it becomes, and every connection knows them', async () => {
  const all = world()
  const { phones, spaces } = await found(all, 'with a relay point')
  for (const space of spaces) expect(relayPoints(space.doc.read()).read()).toHaveLength(1)
  const turn = [{ ...POINT, urls: [POINT.urls] }]
  expect(phones[0]!.ways.at(-1)).toEqual({ turn, reach: 'direct' })
}, 60_000)

test('nobody chooses relay points alone where there is none, and nothing changes', async () => {
  const { arrive } = world()
  const { workspace } = arrive()
  await workspace.lightNotebook(about)
  expect(await workspace.setReach('relayed')).toEqual({ ok: false, error: { type: 'NoRelayPoint' } })
  expect(workspace.reach.read()).toBe('direct')
})

test('the choice ends what was made openly, and what follows is made through relay points alone', async () => {
  const all = world()
  const { phones, links, spaces } = await found(all, 'with a relay point')
  await all.live(30_000)
  const [mine] = phones
  const before = mine!.ways.length
  expect(await mine!.workspace.setReach('relayed')).toMatchObject({ ok: true })
  expect(mine!.device.open()).toBe(0)
  await all.live(30_000)
  expect(links()).toEqual([2, 2, 2])
  expect(mine!.ways.length).toBeGreaterThan(before)
  for (const way of mine!.ways.slice(before)) expect(way.reach).toBe('relayed')
  for (const { ways } of phones.slice(1)) expect(ways.every(({ reach }) => reach === 'direct')).toBe(true)
  const shown = expectOk(await spaces[0]!.encounter())
  expect(addressesIn(shown)).toEqual(['203.0.113.7'])
  shown.stop()
  const open = expectOk(await spaces[1]!.encounter())
  expect(addressesIn(open)).toContain('192.0.2.2')
  open.stop()
}, 60_000)

test('when the last relay point is taken away, such a device meets nobody rather than openly', async () => {
  const all = world()
  const { phones, spaces } = await found(all, 'with a relay point')
  expectOk(await phones[0]!.workspace.setReach('relayed'))
  const doc = spaces[0]!.doc.read()
  removeRelayPoint(doc, relayPoints(doc).read()[0]!.id)
  await all.live(1000)
  const before = phones[0]!.ways.length
  for (const way of phones[0]!.ways) expect(way.reach === 'relayed' && way.turn.length === 0).toBe(false)
  phones[0]!.workspace.wake()
  await all.live(10_000)
  expect(phones[0]!.ways.length).toBe(before)
  expect(await spaces[0]!.encounter()).toEqual({ ok: false, error: { type: 'NoRelayPoint' } })
  expect(endOf(await spaces[0]!.invite())).toBe('only relayed')
}, 60_000)

test('it is remembered in the vault, from before the first connection on', async () => {
  const { arrive } = world()
  const first = arrive()
  const notebook = await first.workspace.lightNotebook(about)
  expectOk(addRelayPoint(notebook.doc.read(), POINT))
  await first.workspace.flush()
  expectOk(await first.workspace.setReach('relayed'))
  const again = arrive(first.storage)
  await again.workspace.restore()
  expect(again.workspace.reach.read()).toBe('relayed')
  expectOk(await again.workspace.setReach('direct'))
  const third = arrive(first.storage)
  await third.workspace.restore()
  expect(third.workspace.reach.read()).toBe('direct')
})

test('what was remembered and cannot be read any more is taken for the careful choice', async () => {
  const { arrive } = world()
  const storage = createMemoryStorage()
  await storage.commit([{ table: 'meta', key: 'device/reach', value: Uint8Array.of(255, 0, 1) }])
  const { workspace } = arrive(storage)
  await workspace.restore()
  expect(workspace.reach.read()).toBe('relayed')
})

test('a newcomer has no relay point yet: through those alone nobody comes in, and it says so', async () => {
  const { arrive } = world()
  const [host, guest] = [arrive(), arrive()]
  const notebook = await host.workspace.lightNotebook(about)
  const flow = await host.workspace.proposeFounding(notebook, { title: '', myName: 'Ceiba' })
  const inviting = flow.state.read()
  if (inviting.step !== 'inviting') throw new Error(inviting.step)
  const own = await guest.workspace.lightNotebook(about)
  expectOk(addRelayPoint(own.doc.read(), POINT))
  expectOk(await guest.workspace.setReach('relayed'))
  const joining = expectOk(await guest.workspace.openLink(inviting.link, 'Jícara'))
  expect(joining.state.read()).toEqual({ step: 'ended', why: 'only relayed' })
  expect(guest.ways).toEqual([])
  expect(endOf(await guest.workspace.proposeFounding(own, { title: '', myName: 'J' }))).toBe('inviting')
})
