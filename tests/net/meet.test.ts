import { expect, test } from 'vitest'
import { equalBytes, hexFromBytes } from '../../src/lib/core/bytes.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import type { OwnDevice } from '../../src/lib/crypto/device.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { dayOf } from '../../src/lib/core/clock.ts'
import { hostMailbox, sealNote } from '../../src/lib/net/mailboxes.ts'
import { hostMeeting, joinMeeting } from '../../src/lib/net/meet.ts'
import type { MeetingOptions } from '../../src/lib/net/types.ts'
import { createHandClock, type HandClock } from './hand-clock.ts'
import { createLineHub } from './line-hub.ts'
import { settle } from './memory-channel.ts'
import { createMemoryHub } from './memory-hub.ts'
import { createMemoryNetwork } from './memory-rtc.ts'
import { createPerson } from './people.ts'

const createTable = (seed = systemRandom.bytes(16)) => {
  const clock = createHandClock()
  const hub = createMemoryHub(clock)
  const network = createMemoryNetwork()
  return { hub, ...around(clock, seed, () => ({ hub: hub.connect(), rtc: network.rtc() })) }
}

/** A wifi that keeps its guests apart: no packet goes from one to the other, and all reach one hub. */
const createTableApart = () => {
  const clock = createHandClock()
  const hub = createLineHub(clock)
  const seed = systemRandom.bytes(16)
  return {
    hub,
    ...around(clock, seed, () => ({ hub: hub.connect(), rtc: createMemoryNetwork().rtc() })),
  }
}

const around = <Ways extends Pick<MeetingOptions, 'hub' | 'rtc'>>(
  clock: HandClock,
  seed: Uint8Array,
  ways: () => Ways,
) => {
  const optionsFor = (own: OwnDevice) => ({
    ...ways(),
    clock,
    random: systemRandom,
    own,
    seed,
    context: hash('found', 'a table'),
  })
  const live = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.pass(250)
      for (let turn = 0; turn < 8; turn++) await settle()
    }
  }
  return { optionsFor, live }
}

test('three guests come to one host with the same link, and each knows the host', async () => {
  const { optionsFor, live } = createTable()
  const host = createPerson()
  const guests = [createPerson(), createPerson(), createPerson()]
  const meeting = hostMeeting(optionsFor(host))
  const joined = guests.map((own) => joinMeeting({ ...optionsFor(own), isHost: (id) => id === host.id }))
  await live(3_000)
  const atHost = meeting.guests.read()
  expect(new Set(atHost.map(({ peer }) => peer))).toEqual(new Set(guests.map(({ id }) => id)))
  for (const { link } of joined) {
    const mine = link.read()!
    const theirs = atHost.find(({ id }) => id === mine.id)!
    expect(mine.peer).toBe(host.id)
    expect([mine.standing.read(), theirs.standing.read()]).toEqual(['stranger', 'stranger'])
    expect(mine.introduction.device).toEqual(host.device)
    expect(equalBytes(mine.introduction.exported, theirs.introduction.exported)).toBe(true)
    expect(mine.introduction.th).toEqual(theirs.introduction.th)
    expect(mine.introduction.initiator).toBe(!theirs.introduction.initiator)
  }
})

test('the guest opens the link first, minutes before the host is there', async () => {
  const { optionsFor, live } = createTable()
  const [host, guest] = [createPerson(), createPerson()]
  const joined = joinMeeting({ ...optionsFor(guest), isHost: (id) => id === host.id })
  await live(200_000)
  const meeting = hostMeeting(optionsFor(host))
  await live(12_000)
  expect(joined.link.read()?.peer).toBe(host.id)
  expect(meeting.guests.read()).toHaveLength(1)
})

test('a guest whose link is lost comes back, as the same guest', async () => {
  const { optionsFor, live } = createTable()
  const [host, guest] = [createPerson(), createPerson()]
  const meeting = hostMeeting(optionsFor(host))
  const joined = joinMeeting({ ...optionsFor(guest), isHost: (id) => id === host.id })
  await live(2_000)
  const first = joined.link.read()!
  first.close()
  await live(3_000)
  expect(joined.link.read()?.id).not.toBe(first.id)
  expect(meeting.guests.read().map(({ id }) => id)).toEqual([joined.link.read()?.id])
})

test('another device that answers in the host’s place is refused, whatever seed it holds', async () => {
  const { optionsFor, live } = createTable()
  const [host, guest, eve] = [createPerson(), createPerson(), createPerson()]
  const impostor = hostMeeting(optionsFor(eve))
  const joined = joinMeeting({ ...optionsFor(guest), isHost: (id) => id === host.id })
  await live(60_000)
  expect(joined.link.read()).toBeNull()
  expect(impostor.guests.read()).toEqual([])
})

test('without the seed nobody meets, and the hub reads nothing', async () => {
  const { hub, optionsFor, live } = createTable()
  const [host, guest] = [createPerson(), createPerson()]
  const meeting = hostMeeting(optionsFor(host))
  const joined = joinMeeting({
    ...optionsFor(guest),
    seed: systemRandom.bytes(32),
    isHost: (id) => id === host.id,
  })
  await live(60_000)
  expect(joined.link.read()).toBeNull()
  expect(meeting.guests.read()).toEqual([])
  expect(new Set(hub.log.map(({ blob }) => blob.length))).toEqual(new Set([1024]))
  const traffic = hub.log.map(({ blob }) => hexFromBytes(blob)).join('|')
  expect(traffic).not.toContain(guest.id)
})

test('after the meeting nothing is left open', async () => {
  const { optionsFor, live } = createTable()
  const [host, guest] = [createPerson(), createPerson()]
  const [hostSide, guestSide] = [optionsFor(host), optionsFor(guest)]
  const meeting = hostMeeting(hostSide)
  const joined = joinMeeting({ ...guestSide, isHost: (id) => id === host.id })
  await live(2_000)
  meeting.stop()
  joined.stop()
  await live(2_000)
  expect([hostSide.rtc.open(), guestSide.rtc.open()]).toEqual([0, 0])
  expect(joined.link.read()).toBeNull()
})

test('their wifi keeps them apart: three guests come to the host through the hub, each in a pipe of its own', async () => {
  const { hub, optionsFor, live } = createTableApart()
  const host = createPerson()
  const guests = [createPerson(), createPerson(), createPerson()]
  const meeting = hostMeeting(optionsFor(host))
  const joined = guests.map((own) => joinMeeting({ ...optionsFor(own), isHost: (id) => id === host.id }))
  await live(30_000)
  const atHost = meeting.guests.read()
  expect(new Set(atHost.map(({ peer }) => peer))).toEqual(new Set(guests.map(({ id }) => id)))
  for (const { link } of joined) {
    const mine = link.read()!
    const theirs = atHost.find(({ id }) => id === mine.id)!
    expect(equalBytes(mine.introduction.exported, theirs.introduction.exported)).toBe(true)
    expect([mine.introduction.initiator, theirs.introduction.initiator]).toEqual([true, false])
    const heard: Uint8Array[] = []
    theirs.receive('control', (message) => heard.push(message))
    mine.send('control', Uint8Array.of(7))
    await live(500)
    expect(heard).toEqual([Uint8Array.of(7)])
  }
  expect(hub.pipes.held()).toEqual({ pipes: 6, waiting: 0 })
  // What is passed on through pipes is lost with the hub, and comes back with it.
  joined[0]!.link.read()!.close()
  await live(30_000)
  expect(joined[0]!.link.read()?.peer).toBe(host.id)
  expect(meeting.guests.read()).toHaveLength(3)
  meeting.stop()
  for (const { stop } of joined) stop()
  await live(2000)
  expect(hub.pipes.held()).toEqual({ pipes: 0, waiting: 0 })
})

test('a guest asks for no pipe to a host that was not heard', async () => {
  const { hub, optionsFor, live } = createTableApart()
  const joined = joinMeeting({ ...optionsFor(createPerson()), isHost: () => true })
  await live(120_000)
  expect(hub.asked.filter(({ request }) => request.type === 'open')).toEqual([])
  joined.stop()
})

test('another device in the host’s place is refused in a pipe too, and is not tried there at every knock', async () => {
  const { hub, optionsFor, live } = createTableApart()
  const [host, eve] = [createPerson(), createPerson()]
  const impostor = hostMeeting(optionsFor(eve))
  const joined = joinMeeting({ ...optionsFor(createPerson()), isHost: (id) => id === host.id })
  await live(600_000)
  expect([joined.link.read(), impostor.guests.read()]).toEqual([null, []])
  const opened = hub.asked.filter(({ request }) => request.type === 'open').length
  expect(opened).toBeGreaterThan(4)
  expect(opened).toBeLessThan(2 * 48)
  joined.stop()
  impostor.stop()
})

test('many pipes are asked for with one invitation: the host stands in a few, and who comes next is met', async () => {
  const { hub, optionsFor, live } = createTableApart()
  const [host, guest] = [createPerson(), createPerson()]
  const hosting = optionsFor(host)
  const meeting = hostMeeting(hosting)
  const flooder = optionsFor(createPerson())
  await live(1000)
  for (let n = 0; n < 40; n++) {
    const pipe = systemRandom.bytes(32)
    const mailbox = hostMailbox(hosting.seed, dayOf(hosting.clock.now()))
    flooder.hub.put(mailbox.id, sealNote(mailbox, { type: 'relay', id: systemRandom.bytes(16), pipe }))
  }
  await live(2000)
  expect(hub.pipes.held().waiting).toBeGreaterThan(0)
  expect(hub.pipes.held().waiting).toBeLessThanOrEqual(8)
  const joined = joinMeeting({ ...optionsFor(guest), isHost: (id) => id === host.id })
  await live(60_000)
  expect(joined.link.read()?.peer).toBe(host.id)
  joined.stop()
  meeting.stop()
})
