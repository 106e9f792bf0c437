import { expect, test } from 'vitest'
import { bytesFromHex, hexFromBytes, utf8FromText } from '../../src/lib/core/bytes.ts'
import { systemClock, type Clock } from '../../src/lib/core/clock.ts'
import { collIdFrom } from '../../src/lib/core/ids.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import { parseHubRequest } from '../../src/lib/wire/hub.ts'
import type { Tap } from '../../src/hub/tap.ts'
import { linkOf, wake } from '../hub/devices.ts'
import { openHub, roundTrip, visit, type OpenHub } from '../hub/open-hub.ts'
import { createPerson } from '../net/people.ts'

const coll = collIdFrom(hash('led', 'Las Tres Vertientes'))!
const DAY_MS = 86_400_000
const NOON = Date.UTC(2026, 5, 1, 12)

const people = [createPerson(), createPerson()] as const

/** Everything the hub is given and gives, HTTP heads included, as one string of bytes. */
const createRecord = () => {
  const requests: string[] = []
  const frames: Uint8Array[] = []
  const tap: Tap = {
    request: (head) => void requests.push(head),
    frame: (_, frame) => void frames.push(frame),
    close: () => Promise.resolve(),
  }
  return {
    tap,
    frames,
    holds: (bytes: Uint8Array) => occurs(bytes, [...requests.map(utf8FromText), ...frames]),
  }
}

const occurs = (needle: Uint8Array, all: readonly Uint8Array[]): boolean =>
  all.some((bytes) => Buffer.from(bytes).includes(Buffer.from(needle)))

/** The clock as if it were another day: rendezvous names depend on the day. */
const clockOn = (noon: number): Clock => {
  const began = systemClock.now()
  return { ...systemClock, now: () => noon + systemClock.now() - began }
}

const meetThrough = async (hub: OpenHub, clock: Clock): Promise<void> => {
  const [ana, bea] = people.map((own) => wake({ hub, coll, people, own, clock }))
  await linkOf(ana!, bea!)
  ana!.stop()
  bea!.stop()
}

const spellings = (bytes: Uint8Array): readonly Uint8Array[] => [
  bytes,
  utf8FromText(hexFromBytes(bytes)),
  utf8FromText(Buffer.from(bytes).toString('base64').replace(/=*$/, '')),
  utf8FromText(Buffer.from(bytes).toString('base64url')),
]

test('attack 4: all the hub saw of a meeting holds no collective id, no device id, no key, no connection description', async () => {
  const record = createRecord()
  const hub = await openHub({ tap: record.tap })
  await meetThrough(hub, clockOn(NOON))

  const telling = [
    ...spellings(bytesFromHex(coll)),
    ...people.flatMap(({ id, device }) => [
      ...spellings(bytesFromHex(id)),
      ...spellings(device.signPk),
      ...spellings(device.rvPk),
      ...spellings(device.kemPk.slice(0, 32)),
    ]),
    ...['Tres Vertientes', 'candidate', 'fingerprint', 'ice-ufrag', '127.0.0.1 ', '.local'].map(utf8FromText),
  ]
  expect(record.frames.length).toBeGreaterThanOrEqual(6)
  expect(
    telling.filter((bytes) => record.holds(bytes)).map((bytes) => Buffer.from(bytes).toString('latin1')),
  ).toEqual([])

  // The search itself works: a mailbox that somebody named after a person would be found.
  const careless = await visit(hub)
  careless.say({
    type: 'put',
    mailbox: bytesFromHex(people[0].id),
    blob: utf8FromText('a=fingerprint:sha-256'),
  })
  await roundTrip(careless)
  expect(telling.filter((bytes) => record.holds(bytes))).toHaveLength(2)
})

test('attack 4: no mailbox of one day is used on another, and blobs differ in nothing but what is sealed', async () => {
  const days = []
  for (const noon of [NOON, NOON + DAY_MS]) {
    const record = createRecord()
    const hub = await openHub({ tap: record.tap })
    await meetThrough(hub, clockOn(noon))
    const requests = record.frames.flatMap((frame) => {
      const request = parseHubRequest(frame)
      return request.ok ? [request.value] : []
    })
    days.push({
      mailboxes: new Set(
        requests.flatMap((request) => ('mailbox' in request ? [hexFromBytes(request.mailbox)] : [])),
      ),
      sizes: new Set(requests.flatMap((request) => (request.type === 'put' ? [request.blob.length] : []))),
    })
  }
  const [first, second] = days
  expect(first!.mailboxes.size).toBeGreaterThanOrEqual(2)
  expect([...first!.mailboxes].filter((name) => second!.mailboxes.has(name))).toEqual([])
  expect([...first!.sizes, ...second!.sizes]).toEqual([1024, 1024])
})
