import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { deviceIdFrom, type DeviceId } from '../../src/lib/core/ids.ts'
import {
  encodeControlMessage,
  MAX_CONTROL_BYTES,
  MAX_HOPS,
  MAX_PRESENCES,
  MAX_ROSTER,
  parseControlMessage,
  type ControlMessage,
} from '../../src/lib/wire/control.ts'

const device = (n: number): DeviceId => deviceIdFrom(new Uint8Array(32).fill(n))!

const messages: readonly ControlMessage[] = [
  { type: 'roster', linked: [device(1), device(2)], heard: [{ device: device(3), age: 40 }] },
  {
    type: 'note',
    note: {
      from: device(1),
      to: device(2),
      hops: 2,
      mailbox: new Uint8Array(32).fill(4),
      blob: new Uint8Array(1024).fill(5),
    },
  },
  {
    type: 'presence',
    presences: [{ client: 7, payload: Uint8Array.of(1, 2), sig: new Uint8Array(64).fill(6) }],
  },
  {
    type: 'spare',
    card: {
      fingerprint: new Uint8Array(32).fill(7),
      ufrag: 'abcd',
      pwd: 'a'.repeat(22),
      candidates: [{ kind: 'ipv4', address: Uint8Array.of(192, 0, 2, 1), port: 8 }],
    },
  },
]

test('what is written is what the specification says, byte by byte, and is read back', () => {
  const [roster, note, presence, spare] = messages.map((message) =>
    hexFromBytes(encodeControlMessage(message)),
  )
  const id = (n: number) => `5820${`0${n}`.repeat(32)}`
  expect(roster).toBe(`83182082${id(1)}${id(2)}8182${id(3)}1828`)
  expect(note).toBe(`861821${id(1)}${id(2)}02${id(4)}590400${'05'.repeat(1024)}`)
  expect(presence).toBe(`8218228183074201025840${'06'.repeat(64)}`)
  const card = `8501${id(7)}646162636476${'61'.repeat(22)}81830044c000020108`
  expect(spare).toBe(`82182358${(card.length / 2).toString(16)}${card}`)
  for (const message of messages)
    expect(parseControlMessage(encodeControlMessage(message))).toEqual({ ok: true, value: message })
})

test('a list too long, a hop too many, a blob of another size, a message too large: not read', () => {
  const many = Array.from({ length: MAX_ROSTER + 1 }, (_, i) => device(i))
  const note = messages[1] as Extract<ControlMessage, { type: 'note' }>
  const [presence] = (messages[2] as Extract<ControlMessage, { type: 'presence' }>).presences
  const bad: readonly ControlMessage[] = [
    { type: 'roster', linked: many, heard: [] },
    { type: 'roster', linked: [], heard: many.map((id) => ({ device: id, age: 0 })) },
    { type: 'roster', linked: [], heard: [{ device: device(1), age: 86_401 }] },
    { type: 'note', note: { ...note.note, hops: MAX_HOPS + 1 } },
    { type: 'note', note: { ...note.note, blob: new Uint8Array(1023) } },
    { type: 'note', note: { ...note.note, mailbox: new Uint8Array(31) } },
    { type: 'presence', presences: Array.from({ length: MAX_PRESENCES + 1 }, () => presence!) },
    { type: 'presence', presences: [{ ...presence!, payload: new Uint8Array(1537) }] },
    { type: 'presence', presences: [{ ...presence!, sig: new Uint8Array(63) }] },
  ]
  for (const message of bad) expect(parseControlMessage(encodeControlMessage(message)).ok).toBe(false)
  expect(parseControlMessage(new Uint8Array(MAX_CONTROL_BYTES + 1)).ok).toBe(false)
})

test('cut off after any byte it is not read', () => {
  for (const message of messages) {
    const bytes = encodeControlMessage(message)
    for (let length = 0; length < bytes.length; length++)
      expect(parseControlMessage(bytes.subarray(0, length)).ok).toBe(false)
  }
})

property.prop([fc.constantFrom(...messages), fc.nat(), fc.nat(7)])(
  'with any bit flipped it is not read, or is another message with one spelling; nothing throws',
  (message, at, bit) => {
    const bytes = encodeControlMessage(message)
    bytes[at % bytes.length]! ^= 1 << bit
    const parsed = parseControlMessage(bytes)
    if (parsed.ok) expect(encodeControlMessage(parsed.value)).toEqual(bytes)
  },
)

property.prop([fc.uint8Array({ maxLength: 200 })])('any bytes at all: nothing throws', (bytes) => {
  const parsed = parseControlMessage(bytes)
  if (parsed.ok) expect(encodeControlMessage(parsed.value)).toEqual(bytes)
})
