import { expect, test } from 'vitest'
import { systemClock } from '../../src/lib/core/clock.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createCardedConnection } from '../../src/lib/net/connection.ts'
import { ATTEMPT_MS } from '../../src/lib/net/dialer.ts'
import { createLink } from '../../src/lib/net/link.ts'
import { createHandClock } from '../net/hand-clock.ts'
import { createMemoryPipe, settle } from '../net/memory-channel.ts'
import { createNodeRtc } from '../net/node-rtc.ts'
import { createPerson, knows, shake } from '../net/people.ts'

const [alice, bea] = [createPerson(), createPerson()]
const certificate = () => systemRandom.bytes(32)

test('attack 2: between two devices with certificates of its own, the hub carries their handshake and gets no further', async () => {
  for (let round = 0; round < 12; round++) {
    // Alice has a connection with the hub’s first certificate, Bea one with its second; it passes every message on.
    const pipe = createMemoryPipe({
      fingerprints: { a: certificate(), b: certificate() },
      believed: { a: certificate(), b: certificate() },
    })
    const clock = createHandClock()
    const linked: string[] = []
    const sides = [
      [pipe.a, alice, bea],
      [pipe.b, bea, alice],
    ] as const
    const outcomes = sides.map(([channel, own, other]) =>
      shake(channel, { own, judge: knows(other) }, clock, (met) => {
        if (!met.ok) return
        linked.push(own.id)
        createLink(channel, met.value, clock).link.send('records', new TextEncoder().encode('the ledger'))
      }),
    )
    await settle()
    clock.pass(10_000)
    await settle()
    for (const { outcome } of outcomes)
      expect(outcome()).toEqual({ ok: false, error: { type: 'HandshakeFailed' } })
    expect(linked).toEqual([])
    // At most M1 from each, or M1 and M2: no identity of whoever began, no byte of a ledger.
    expect(pipe.sent.a.length + pipe.sent.b.length).toBeLessThanOrEqual(2)
  }
})

test('attack 2: a card with another fingerprint opens no connection at all', async () => {
  const [a, b] = await Promise.all(
    [1, 2].map(async () => expectOk(await createCardedConnection(createNodeRtc(), systemClock))),
  )
  let opened = false
  for (const side of [a!, b!]) side.opened(() => (opened = true))
  // Whoever sees the wrong certificate ends it; where the word of that gets lost, the dialer gives the attempt up.
  const gone = new Promise<void>((resolve) => {
    for (const side of [a!, b!]) side.closed(resolve)
    systemClock.after(ATTEMPT_MS, resolve)
  })
  a!.meet({ ...b!.card, fingerprint: certificate() })
  b!.meet({ ...a!.card, fingerprint: certificate() })
  await gone
  expect(opened).toBe(false)
  a!.close()
  b!.close()
}, 60_000)
