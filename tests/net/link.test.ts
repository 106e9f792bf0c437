import { randomBytes } from 'node:crypto'
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../src/lib/core/bytes.ts'
import { createLink } from '../../src/lib/net/link.ts'
import type { OwnedLink } from '../../src/lib/net/types.ts'
import { STREAMS, type StreamName } from '../../src/lib/sync/ports.ts'
import { MAX_CHUNK_BYTES, MAX_MESSAGE_BYTES } from '../../src/lib/wire/frames.ts'
import { createHandClock, type HandClock } from './hand-clock.ts'
import { createMemoryPipe, settle, type MemoryEnds, type MemoryPipe } from './memory-channel.ts'
import { createPerson, knows, shake } from './people.ts'

const [alice, bea] = [createPerson(), createPerson()]

type Pair = {
  readonly a: OwnedLink
  readonly b: OwnedLink
  readonly pipe: MemoryPipe
  readonly clock: HandClock
}

const linked = async (ends: MemoryEnds = {}): Promise<Pair> => {
  const clock = createHandClock()
  const pipe = createMemoryPipe(ends)
  const made: { a?: OwnedLink; b?: OwnedLink } = {}
  shake(pipe.a, { own: alice, judge: knows(bea) }, clock, (met) => {
    if (met.ok) made.a = createLink(pipe.a, met.value, clock)
  })
  shake(pipe.b, { own: bea, judge: knows(alice) }, clock, (met) => {
    if (met.ok) made.b = createLink(pipe.b, met.value, clock)
  })
  await settle()
  return { a: made.a!, b: made.b!, pipe, clock }
}

const collect = ({ link }: OwnedLink): Record<StreamName, Uint8Array[]> => {
  const got: Record<StreamName, Uint8Array[]> = { control: [], live: [], records: [], files: [] }
  for (const stream of STREAMS) link.receive(stream, (message) => got[stream].push(message))
  return got
}

const bytesOf = (length: number, seed: number) =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17 + (i >> 8)) & 255)

describe('what is sent', () => {
  property.prop([
    fc.array(
      fc.record({
        stream: fc.constantFrom(...STREAMS),
        length: fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 15_000, max: 60_000 })),
        seed: fc.nat(255),
        fromBea: fc.boolean(),
        pause: fc.boolean(),
      }),
      { maxLength: 24 },
    ),
  ])('arrives whole and in order in its stream, however messages cross', async (messages) => {
    const pair = await linked()
    const [atAlice, atBea] = [collect(pair.a), collect(pair.b)]
    const [toAlice, toBea] = [empty(), empty()]
    for (const { stream, length, seed, fromBea, pause } of messages) {
      const message = bytesOf(length, seed)
      ;(fromBea ? toAlice : toBea)[stream].push(message)
      ;(fromBea ? pair.b : pair.a).link.send(stream, message)
      if (pause) await settle()
    }
    await settle()
    expect(sameMessages(atBea, toBea)).toBe(true)
    expect(sameMessages(atAlice, toAlice)).toBe(true)
  })

  test('a message of 64 MiB, the largest there is, arrives as it was', { timeout: 120_000 }, async () => {
    const pair = await linked()
    const got = collect(pair.b)
    const message = randomBytes(MAX_MESSAGE_BYTES)
    pair.a.link.send('files', message)
    await settle()
    expect(got.files).toHaveLength(1)
    expect(Buffer.compare(got.files[0]!, message)).toBe(0)
  })

  test('a message over 64 MiB is our own mistake', async () => {
    const { a } = await linked()
    expect(() => a.link.send('files', new Uint8Array(64 * 1024 * 1024 + 1))).toThrow()
  })

  test('before anybody listens it waits, and comes first', async () => {
    const { a, b } = await linked()
    a.link.send('records', bytesOf(3, 1))
    a.link.send('records', bytesOf(4, 2))
    await settle()
    const got: number[] = []
    const stop = b.link.receive('records', (message) => got.push(message.length))
    a.link.send('records', bytesOf(5, 3))
    await settle()
    expect(got).toEqual([3, 4, 5])
    stop()
    a.link.send('records', bytesOf(6, 3))
    await settle()
    expect(got).toEqual([3, 4, 5])
    b.link.receive('records', (message) => got.push(message.length))
    expect(got).toEqual([3, 4, 5, 6])
  })

  test('on the wire nothing is longer than 16 KiB, and small messages have one size', async () => {
    const { a, pipe } = await linked()
    const from = pipe.sent.a.length
    for (const length of [0, 1, 17, 200, 240]) a.link.send('control', bytesOf(length, 1))
    a.link.send('files', bytesOf(100_000, 1))
    await settle()
    const sizes = pipe.sent.a.slice(from).map((m) => m.length)
    expect(Math.max(...sizes)).toBe(MAX_CHUNK_BYTES)
    expect(new Set(sizes.slice(0, 5))).toEqual(new Set([256 + 17]))
  })
})

describe('lanes', () => {
  test('a vote does not wait behind a video: control overtakes, files come last', async () => {
    const { a, b, pipe } = await linked()
    const order: string[] = []
    for (const stream of STREAMS) b.link.receive(stream, () => order.push(stream))
    let stuffed = true
    pipe.a.buffered = () => (stuffed ? Number.POSITIVE_INFINITY : 0) // the channel takes no more for now
    for (const stream of [...STREAMS].reverse()) a.link.send(stream, bytesOf(40_000, 1))
    let drained = false
    void a.link.drained().then(() => (drained = true))
    a.link.send('files', bytesOf(400_000, 1))
    let drainedLater = false
    void a.link.drained().then(() => (drainedLater = true))
    await settle()
    expect(order).toEqual([])
    expect([drained, drainedLater]).toEqual([true, false])
    stuffed = false
    a.link.send('control', bytesOf(1, 1))
    await settle()
    expect(order).toEqual(['control', 'control', 'live', 'records', 'files', 'files'])
    expect(drainedLater).toBe(true)
  })

  test('what is narrow carries neither presence nor files, in either direction', async () => {
    const { a, b } = await linked()
    const [got, back] = [collect(b), collect(a)]
    a.setStanding('narrow')
    for (const stream of STREAMS) {
      a.link.send(stream, bytesOf(10, 1))
      b.link.send(stream, bytesOf(10, 1))
    }
    await settle()
    for (const messages of [got, back])
      expect(STREAMS.map((stream) => messages[stream].length)).toEqual([1, 0, 1, 0])
    expect(a.link.standing.read()).toBe('narrow')
    a.setStanding('full')
    b.link.send('live', bytesOf(10, 1))
    await settle()
    expect(back.live).toHaveLength(1)
  })

  test('a suspension that finds records still waiting ends the link: they do not go out', async () => {
    for (const stream of ['live', 'records', 'files'] as const) {
      const { a, b, pipe } = await linked()
      const got = collect(b)
      let room = 3 // frames, then the channel takes no more
      pipe.a.buffered = () => (room-- > 0 ? 0 : Number.POSITIVE_INFINITY)
      a.link.send(stream, bytesOf(100_000, 1))
      const before = pipe.sent.a.length
      a.setStanding('narrow')
      await settle()
      expect([a.link.ending(), b.link.ending()]).toEqual(['closed here', 'closed there'])
      expect(pipe.sent.a.length - before).toBe(1) // the closing mark
      expect(got[stream]).toEqual([])
    }
  })
})

describe('the end of a link', () => {
  test('closing is said, and told once', async () => {
    const { a, b } = await linked()
    let told = 0
    b.link.closed(() => told++)
    a.link.send('control', bytesOf(1, 1))
    const got = collect(b)
    a.link.close()
    a.link.send('control', bytesOf(1, 1))
    await settle()
    expect([a.link.ending(), b.link.ending(), told]).toEqual(['closed here', 'closed there', 1])
    expect(got.control).toHaveLength(1) // said before the end
    b.link.closed(() => told++)
    expect(told).toBe(2)
    await a.link.drained()
  })

  test('a wire that goes without a word is a cut, not an end', async () => {
    const { a, b, pipe } = await linked()
    pipe.cut()
    expect([a.link.ending(), b.link.ending()]).toEqual(['cut off', 'cut off'])
  })

  test('twelve seconds of silence end it; signs of life every five keep it', async () => {
    let lost = false
    const { a, b, clock } = await linked({ fromB: (bytes) => (lost ? null : [bytes]) })
    for (let i = 0; i < 20; i++) {
      clock.pass(5_000)
      await settle()
    }
    expect([a.link.ending(), b.link.ending()]).toEqual([null, null])
    lost = true
    clock.pass(11_000)
    await settle()
    expect(a.link.ending()).toBeNull()
    clock.pass(2_000)
    await settle()
    expect(a.link.ending()).toBe('silent')
    expect(b.link.ending()).toBe('closed there')
  })

  test('after a long sleep of the page, what came meanwhile is read before the other side is called silent', async () => {
    const { a, b, clock } = await linked()
    const got = collect(a)
    b.link.send('records', bytesOf(5, 1)) // on its way while the page of Alice sleeps
    let asleep = 60_000
    const now = clock.now
    clock.now = () => now() + asleep
    clock.pass(12_000)
    expect(a.link.ending()).toBeNull()
    await settle()
    expect(got.records).toHaveLength(1)
    asleep += 60_000
    clock.pass(3_000)
    await settle()
    clock.pass(3_000)
    await settle()
    expect(a.link.ending()).toBeNull()
  })

  test('an altered, repeated, swapped or lost frame ends it: nothing after it is believed', async () => {
    const meddlings = {
      altered: (m: Uint8Array) => [m.map((byte, i) => (i === 100 ? byte ^ 1 : byte))],
      repeated: (m: Uint8Array) => [m, m],
      lost: () => null,
      shortened: (m: Uint8Array) => [m.subarray(0, m.length - 1)],
      lengthened: (m: Uint8Array) => [concatBytes(m, Uint8Array.of(0))],
      emptied: () => [new Uint8Array(0)],
    }
    for (const [name, meddle] of Object.entries(meddlings)) {
      let armed = false
      const { a, b } = await linked({
        fromA: (bytes) => (armed ? ((armed = false), meddle(bytes)) : [bytes]),
      })
      const got = collect(b)
      a.link.send('control', bytesOf(1, 1))
      await settle()
      armed = true
      a.link.send('control', bytesOf(2, 1))
      a.link.send('control', bytesOf(3, 1))
      await settle()
      expect([name, b.link.ending()]).toEqual([name, 'broken'])
      expect(got.control.map((m) => m.length)).toEqual(name === 'repeated' ? [1, 2] : [1])
    }
  })

  test('the key of a direction is replaced after ten minutes, and nobody notices', async () => {
    const { a, b, clock } = await linked()
    const got = collect(b)
    for (let minute = 0; minute < 25; minute++) {
      a.link.send('records', bytesOf(500, minute))
      for (let i = 0; i < 12; i++) {
        clock.pass(5_000)
        await settle()
      }
    }
    expect(got.records).toHaveLength(25)
    expect(b.link.ending()).toBeNull()
  })
})

const empty = (): Record<StreamName, Uint8Array[]> => ({ control: [], live: [], records: [], files: [] })

/** Byte by byte, and faster than `toEqual` on megabytes. */
const sameMessages = (got: Record<StreamName, Uint8Array[]>, sent: Record<StreamName, Uint8Array[]>) =>
  STREAMS.every(
    (stream) =>
      got[stream].length === sent[stream].length &&
      got[stream].every((message, i) => Buffer.compare(message, sent[stream][i]!) === 0),
  )
