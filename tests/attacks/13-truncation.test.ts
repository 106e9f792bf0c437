import { expect, test } from 'vitest'
import { deriveKey, secretKeyFrom } from '../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import type { SealKey } from '../../src/lib/crypto/seal.ts'
import type { FrameChannel } from '../../src/lib/net/channel.ts'
import type { Met } from '../../src/lib/net/handshake.ts'
import { createLink } from '../../src/lib/net/link.ts'
import { createHandClock } from '../net/hand-clock.ts'
import { createMemoryPipe, settle, type Meddle } from '../net/memory-channel.ts'
import { createPerson, shakeBoth, knows } from '../net/people.ts'

const [alice, bea] = [createPerson(), createPerson()]
const secret = secretKeyFrom(systemRandom.bytes(32))!
const [fromAlice, fromBea] = [
  deriveKey<SealKey>(secret, 'link I', []),
  deriveKey<SealKey>(secret, 'link R', []),
]

const met = (own: 'alice' | 'bea'): Met => ({
  standing: 'full',
  th: new Uint8Array(32),
  exported: secret,
  peer: own === 'alice' ? bea.id : alice.id,
  device: own === 'alice' ? bea.device : alice.device,
  initiator: own === 'alice',
  keys: own === 'alice' ? { mine: fromAlice, theirs: fromBea } : { mine: fromBea, theirs: fromAlice },
})

/** As a handshake leaves it: both sides of one link, over a wire that may end anywhere. */
const talk = async (fromA: Meddle) => {
  const clock = createHandClock()
  const pipe = createMemoryPipe({ fromA })
  const a = createLink(pipe.a, met('alice'), clock).link
  const b = createLink(pipe.b, met('bea'), clock).link
  const got: number[] = []
  b.receive('records', (message) => got.push(message.length))
  for (const length of SENT) a.send('records', new Uint8Array(length))
  a.close()
  await settle()
  pipe.cut()
  return { got, ending: b.ending(), sent: pipe.sent.a }
}

const SENT = [1, 300, 20_000, 7]

test('attack 13: a stream cut after any frame is known for cut: only whole messages were believed, and only a closing mark closes', async () => {
  const whole = await talk((bytes) => [bytes])
  expect(whole).toMatchObject({ got: SENT, ending: 'closed there' })
  for (let frames = 0; frames < whole.sent.length; frames++) {
    const { got, ending } = await talk((bytes, index) => (index < frames ? [bytes] : null))
    expect({ frames, ending }).toEqual({ frames, ending: 'cut off' })
    expect(got).toEqual(SENT.slice(0, got.length))
  }
})

/** What Bea makes of these frames of Alice’s, all in one breath. */
const hears = (frames: readonly Uint8Array[]) => {
  const channel: FrameChannel = {
    transport: 'memory',
    fingerprints: null,
    opener: false,
    send: () => {},
    buffered: () => 0,
    receive: (then) => frames.forEach((bytes) => then(bytes.slice())),
    drain: () => {},
    close: () => {},
    closed: () => {},
  }
  const { link } = createLink(channel, met('bea'), createHandClock())
  const got: number[] = []
  link.receive('records', (message) => got.push(message.length))
  return { got, ending: link.ending() }
}

test('attack 13: a stream cut after any byte of any frame, or with a frame left out, breaks there', async () => {
  const { sent } = await talk((bytes) => [bytes])
  expect(hears(sent)).toEqual({ got: SENT, ending: 'closed there' })
  for (const [frame, bytes] of sent.entries()) {
    const before = sent.slice(0, frame)
    // Judged here and said once: the test library would take longer than the link.
    const wrong: number[] = []
    for (let end = 0; end < bytes.length; end++) {
      const { got, ending } = hears([...before, bytes.subarray(0, end)])
      if (ending !== 'broken' || got.some((length, i) => length !== SENT[i])) wrong.push(end)
    }
    expect({ frame, wrong }).toEqual({ frame, wrong: [] })
    const without = await talk((message, index) => (index === frame ? null : [message]))
    // Without its last frame it is only cut off; without any other, what follows does not open.
    expect(without.ending).toBe(frame === sent.length - 1 ? 'cut off' : 'broken')
  }
}, 60_000)

/** Every byte at both ends, where lists and tags begin and end; of the keys in between, some. */
const cutsOf = (length: number): readonly number[] =>
  Array.from({ length }, (_, at) => at).filter((at) => at < 24 || at >= length - 40 || at % 61 === 0)

test('attack 13: a handshake cut after any byte leads to nobody', async () => {
  const a = { own: alice, judge: knows(bea) }
  const b = { own: bea, judge: knows(alice) }
  const { pipe } = await shakeBoth(a, b)
  for (const from of ['fromA', 'fromB'] as const)
    for (const [index, { length }] of (from === 'fromA' ? pipe.sent.a : pipe.sent.b).entries())
      for (const bytes of cutsOf(length)) {
        const cut: Meddle = (message, i) => [i === index ? message.subarray(0, bytes) : message]
        const met = await shakeBoth(a, b, { [from]: cut })
        expect({ from, index, bytes, both: met.a?.ok === true && met.b?.ok === true }).toMatchObject({
          both: false,
        })
      }
}, 60_000)
