import { expect, test } from 'vitest'
import { equalBytes, hexFromBytes } from '../../src/lib/core/bytes.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import type { OwnDevice } from '../../src/lib/crypto/device.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { hostMeeting, joinMeeting } from '../../src/lib/net/meet.ts'
import { createHandClock } from './hand-clock.ts'
import { settle } from './memory-channel.ts'
import { createMemoryHub } from './memory-hub.ts'
import { createMemoryNetwork } from './memory-rtc.ts'
import { createPerson } from './people.ts'

const createTable = (seed = systemRandom.bytes(16)) => {
  const clock = createHandClock()
  const hub = createMemoryHub(clock)
  const network = createMemoryNetwork()
  const optionsFor = (own: OwnDevice) => ({
    hub: hub.connect(),
    rtc: network.rtc(),
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
  return { hub, optionsFor, live }
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
