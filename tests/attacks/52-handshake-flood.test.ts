import { expect, test } from 'vitest'
import { collIdFrom } from '../../src/lib/core/ids.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { BURST, createGate, EVERY_MS, MAX_AT_ONCE } from '../../src/lib/net/gate.ts'
import { createMesh } from '../../src/lib/net/mesh.ts'
import { MOST } from '../../src/lib/net/topology.ts'
import { createHandClock } from '../net/hand-clock.ts'
import { createMemoryPipe, settle } from '../net/memory-channel.ts'
import { createMemoryHub } from '../net/memory-hub.ts'
import { createMemoryNetwork } from '../net/memory-rtc.ts'
import { createPerson, knows, shake, shakeBoth } from '../net/people.ts'

const [ana, bea] = [createPerson(), createPerson()]
const failure = { ok: false, error: { type: 'HandshakeFailed' } }

/** A first message Mallory needs to make only once. */
const recordedHello = async () =>
  (await shakeBoth({ own: bea, judge: knows(ana) }, { own: ana, judge: knows(bea) })).pipe.sent.a[0]!

test('attack 52: Mallory opens a thousand channels and says hello in each: few are answered, then some a second, and Bea gets in', async () => {
  const clock = createHandClock()
  const gate = createGate(clock)
  const hello = await recordedHello()
  const floods = async (times: number) => {
    let answers = 0
    for (let n = 0; n < times; n++) {
      const pipe = createMemoryPipe()
      shake(pipe.b, { own: ana, judge: knows(bea), gate }, clock)
      pipe.a.receive(() => {
        answers += 1
        pipe.a.send(new Uint8Array(16)) // what follows is refused: the place is free again at once
      })
      pipe.a.send(hello)
      if (n % 16 === 15) await settle()
    }
    await settle()
    return answers
  }
  expect(await floods(1000)).toBe(BURST)
  expect(await floods(10)).toBe(0)
  clock.pass(4 * EVERY_MS)
  expect(await floods(1000)).toBe(4)
  // One place comes free, and it is Bea’s if she knocks then: nothing of what Mallory began stands in her way.
  clock.pass(EVERY_MS)
  const pipe = createMemoryPipe()
  const [hers, mine] = [
    shake(pipe.a, { own: bea, judge: knows(ana) }, clock),
    shake(pipe.b, { own: ana, judge: knows(bea), gate }, clock),
  ]
  await settle()
  expect([hers.outcome()?.ok, mine.outcome()?.ok]).toEqual([true, true])
})

test('attack 52: Mallory opens channels and says nothing: so many wait, the rest are closed at once, and ten seconds later all are', async () => {
  const clock = createHandClock()
  const gate = createGate(clock)
  const outcomes = Array.from({ length: 60 }, () =>
    shake(createMemoryPipe().b, { own: ana, judge: knows(bea), gate }, clock),
  )
  await settle()
  const over = () => outcomes.filter(({ outcome }) => outcome() !== null)
  expect(over()).toHaveLength(60 - MAX_AT_ONCE)
  clock.pass(10_000)
  for (const { outcome } of outcomes) expect(outcome()).toEqual(failure)
  expect(gate.enter()).not.toBeNull()
})

test('attack 52: eighty devices knock in the same second: not all are answered in it, and Ana is soon linked with as many as she wants', async () => {
  const clock = createHandClock()
  const hub = createMemoryHub(clock)
  const network = createMemoryNetwork()
  const coll = collIdFrom(hash('led', 'a crowd'))!
  const others = Array.from({ length: 80 }, createPerson)
  const everybody = knows(ana, ...others)
  const meshOf = (own: typeof ana, peers: readonly (typeof ana)[]) => {
    const options = { coll, own, hub: hub.connect(), rtc: network.rtc(), clock, random: systemRandom }
    const mesh = createMesh({ ...options, judge: everybody })
    mesh.setPeers(peers.map(({ id, device }) => ({ id, device })))
    return mesh
  }
  const anas = meshOf(ana, others)
  const theirs = others.map((own) => meshOf(own, [ana]))
  const live = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.pass(250)
      for (let turn = 0; turn < 8; turn++) await settle()
    }
  }
  await live(250)
  const early = anas.links.read().length
  expect(early).toBeGreaterThan(0)
  expect(early).toBeLessThanOrEqual(BURST + 2)
  await live(60_000)
  // More than a dozen she does not need; those who know nobody else she does not send away.
  expect(anas.links.read().length).toBeGreaterThanOrEqual(MOST)
  expect(anas.links.read().length).toBeLessThanOrEqual(BURST + 2)
  for (const mesh of [anas, ...theirs]) mesh.stop()
}, 120_000)
