import { expect, test } from 'vitest'
import { createHandClock } from '../net/hand-clock.ts'
import { createMemoryPipe, settle } from '../net/memory-channel.ts'
import { createPerson, knows, shake, shakeBoth } from '../net/people.ts'

const [alice, bea] = [createPerson(), createPerson()]
/** She would accept anybody, herself included: only the protocol stands between. */
const trusting = { own: alice, judge: knows(alice, bea) }
const failure = { ok: false, error: { type: 'HandshakeFailed' } }

test('attack 8: what a device says, said back to it, is refused', async () => {
  for (const side of ['a', 'b'] as const) {
    const clock = createHandClock()
    const pipe = createMemoryPipe()
    const mirror = side === 'a' ? pipe.b : pipe.a
    const { outcome } = shake(pipe[side], trusting, clock)
    mirror.receive((message) => mirror.send(message))
    await settle()
    clock.pass(10_000)
    await settle()
    expect(outcome()).toEqual(failure)
  }
})

test('attack 8: two connections of one device, tied together, do not make it meet itself', async () => {
  const met = await shakeBoth(trusting, trusting)
  expect([met.a, met.b]).toEqual([failure, failure])
})

test('attack 8: a responder’s word does not pass for an initiator’s', async () => {
  // Bea answers Alice; the wire gives Bea’s own M2 back to her where Alice’s M3 should come.
  const pipe = createMemoryPipe({
    fromA: (bytes, index) => (index === 1 ? [pipe.sent.b[0]!] : [bytes]),
  })
  const clock = createHandClock()
  shake(pipe.a, { own: alice, judge: knows(bea) }, clock)
  const { outcome } = shake(pipe.b, { own: bea, judge: knows(alice, bea) }, clock)
  await settle()
  clock.pass(10_000)
  await settle()
  expect(outcome()).toEqual(failure)
})
