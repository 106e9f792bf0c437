import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { createInbox } from '../../src/lib/net/inbox.ts'
import { createOutbox } from '../../src/lib/net/outbox.ts'
import { STREAMS } from '../../src/lib/sync/ports.ts'
import {
  encodeFrame,
  FIRST_PIECE_BYTES,
  MAX_FRAME_BYTES,
  NEXT_PIECE_BYTES,
  parseFrame,
  type Frame,
} from '../../src/lib/wire/frames.ts'

const piece = (over: Partial<Extract<Frame, { type: 'piece' }>>): Frame => ({
  type: 'piece',
  stream: 2,
  last: true,
  total: 3,
  bytes: Uint8Array.of(1, 2, 3),
  ...over,
})

test('a frame is one of seven sizes, and says what was put into it', () => {
  const sizes = new Set<number>()
  for (const length of [0, 1, 252, 253, 1000, 2000, 4000, 8000, NEXT_PIECE_BYTES]) {
    const frame = piece({ total: null, bytes: new Uint8Array(length).fill(7) })
    const encoded = encodeFrame(frame)
    sizes.add(encoded.length)
    expect(expectOk(parseFrame(encoded))).toEqual(frame)
  }
  const full = piece({ total: 100_000, last: false, bytes: new Uint8Array(FIRST_PIECE_BYTES) })
  sizes.add(encodeFrame(full).length)
  expect([...sizes].sort((x, y) => x - y)).toEqual([256, 512, 1024, 2048, 4096, 8192, MAX_FRAME_BYTES])
  expect(expectOk(parseFrame(encodeFrame({ type: 'beat' })))).toEqual({ type: 'beat' })
})

test('what is no frame is refused', () => {
  const bad = [
    [],
    [0, 3, 0],
    [4, 3, 0, 0, 0, 0, 0, 0],
    [0, 4, 0, 0],
    [0, 2, 0, 5, 1, 2],
    [0, 1, 0, 0, 0, 0],
    [0, 3, 0, 2, 0, 0, 0, 1, 1, 2],
    [0, 1, 0, 1, 4, 0, 0, 1, 9],
    [255, 0, 0, 0],
    [255, 3, 0, 1, 0],
  ]
  for (const bytes of bad) expect(parseFrame(Uint8Array.from(bytes))).toMatchObject({ ok: false })
  expect(parseFrame(new Uint8Array(MAX_FRAME_BYTES + 1))).toMatchObject({ ok: false })
})

property.prop([fc.uint8Array({ maxLength: 64 })])(
  'any bytes are a frame or none, and never thrown',
  (bytes) => {
    const parsed = parseFrame(bytes)
    if (parsed.ok) createInbox(1000).take(parsed.value)
  },
)

test('pieces that do not make a message end the link', () => {
  const cases: readonly (readonly Frame[])[] = [
    [piece({ total: null })], // begins in the middle
    [piece({ last: false, total: 9 }), piece({ last: false, total: 9 })], // begins twice
    [piece({ total: 4 })], // ends early
    [piece({ last: false, total: 4 }), piece({ total: null })], // longer than said
    [piece({ last: false, total: 3 })], // whole, and does not end
    [piece({ last: false, total: 9, bytes: new Uint8Array(0) })], // says nothing
    [piece({ last: false, total: 1001 })], // more than is allowed
  ]
  for (const frames of cases) {
    const inbox = createInbox(1000)
    const results = frames.map((frame) => inbox.take(frame))
    expect(results.at(-1)).toEqual({ ok: false, error: { type: 'BadFrame' } })
    expect(results.slice(0, -1).every(({ ok }) => ok)).toBe(true)
  }
})

test('unfinished messages of all streams together are bounded, and finished ones cost nothing', () => {
  const inbox = createInbox(1000)
  const begin = (stream: number) =>
    inbox.take(piece({ stream, last: false, total: 1000, bytes: new Uint8Array(400) }))
  for (let i = 0; i < 10; i++)
    expect(inbox.take(piece({ total: 900, bytes: new Uint8Array(900) })).ok).toBe(true)
  expect([0, 1, 2].map((stream) => begin(stream).ok)).toEqual([true, true, false])
})

property.prop([
  fc.array(
    fc.record({
      stream: fc.constantFrom(...STREAMS),
      length: fc.oneof(fc.nat(40), fc.integer({ min: 16_000, max: 50_000 })),
    }),
    { maxLength: 12 },
  ),
])('what the outbox cuts, the inbox makes whole; a higher lane is never behind a lower one', (messages) => {
  const [outbox, inbox] = [createOutbox(), createInbox(1_000_000)]
  for (const { stream, length } of messages) outbox.push(stream, new Uint8Array(length))
  expect(outbox.waiting()).toBe(messages.reduce((total, { length }) => total + length, 0))
  const arrived: string[] = []
  for (let frame = outbox.next(); frame; frame = outbox.next()) {
    const result = expectOk(inbox.take(expectOk(parseFrame(encodeFrame(frame)))))
    if (result) arrived.push(`${result.stream} ${result.message.length}`)
  }
  const byLane = STREAMS.flatMap((stream) => messages.filter((message) => message.stream === stream))
  expect(arrived).toEqual(byLane.map(({ stream, length }) => `${stream} ${length}`))
  expect(outbox.waiting()).toBe(0)
})
