import { expect, test } from 'vitest'
import { createHandClock } from '../net/hand-clock.ts'
import { createMemoryPipe, settle } from '../net/memory-channel.ts'
import { createPerson, knows, shake, shakeBoth } from '../net/people.ts'

const [alice, bea] = [createPerson(), createPerson()]
const a = { own: alice, judge: knows(bea) }
const b = { own: bea, judge: knows(alice) }

/** Plays recorded messages, one for each the device sends, and says how it ended. */
const replayTo = async (role: 'initiator' | 'responder', recorded: readonly Uint8Array[]) => {
  const clock = createHandClock()
  const pipe = createMemoryPipe()
  const [device, wire] = role === 'initiator' ? [pipe.a, pipe.b] : [pipe.b, pipe.a]
  const { outcome } = shake(device, role === 'initiator' ? a : b, clock)
  const left = [...recorded]
  wire.receive(() => {
    const next = left.shift()
    if (next) wire.send(next)
  })
  if (role === 'responder') wire.send(left.shift()!)
  await settle()
  clock.pass(10_000)
  await settle()
  return outcome()
}

test('attack 7: a whole recorded handshake played again is refused, by whoever began and by whoever answered', async () => {
  const { a: met, pipe } = await shakeBoth(a, b)
  expect(met).toMatchObject({ ok: true })
  const failure = { ok: false, error: { type: 'HandshakeFailed' } }
  expect(await replayTo('responder', pipe.sent.a)).toEqual(failure)
  expect(await replayTo('initiator', pipe.sent.b)).toEqual(failure)
})

test('attack 7: messages of two handshakes do not mix', async () => {
  const first = await shakeBoth(a, b)
  for (const index of [0, 1]) {
    const fromA = (bytes: Uint8Array, i: number) => [i === index ? first.pipe.sent.a[i]! : bytes]
    const fromB = (bytes: Uint8Array, i: number) => [i === index ? first.pipe.sent.b[i]! : bytes]
    const swappedA = await shakeBoth(a, b, { fromA })
    expect([swappedA.a?.ok && swappedA.b?.ok]).toEqual([false])
    const swappedB = await shakeBoth(a, b, { fromB })
    expect(swappedB.a?.ok).toBe(false)
  }
})
