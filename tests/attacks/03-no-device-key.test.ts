import { expect, test } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { secretKeyFrom } from '../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createPerson, knows, shakeBoth } from '../net/people.ts'

const [alice, bea, eve] = [createPerson(), createPerson(), createPerson()]
const nobody = { own: alice, judge: knows(bea) }
const unknownSecret = () => secretKeyFrom(systemRandom.bytes(32))!
const failure = { ok: false, error: { type: 'HandshakeFailed' } }

test('attack 3: a peer of the hub’s that knows the mailbox but not the secret of the pair learns no device id, in either part', async () => {
  const learned: string[] = []
  const judge = (id: string) => {
    learned.push(id) // who is judged has been read out of the seal
    return null
  }
  const hub = { own: eve, judge, psk: unknownSecret() }
  for (const [a, b] of [
    [nobody, hub],
    [hub, nobody],
  ] as const) {
    const met = await shakeBoth(a, b)
    expect([met.a, met.b]).toEqual([failure, failure])
    const wire = [...met.pipe.sent.a, ...met.pipe.sent.b].map(hexFromBytes).join('|')
    expect(wire).not.toContain(alice.id)
    expect(wire).not.toContain(hexFromBytes(alice.device.signPk))
  }
  expect(learned).toEqual([])
})

test('attack 3: knowing even that secret, it cannot speak for Bea without her signing key', async () => {
  // It holds the secret of the pair and Bea’s public keys: everything but what never leaves her phone.
  const pretending = { own: { ...bea, signSk: eve.signSk }, judge: knows(alice) }
  expect((await shakeBoth(nobody, pretending)).a).toEqual(failure)
  expect((await shakeBoth(pretending, nobody)).b).toEqual(failure)
})

test('attack 3: nor as itself: a device the ledger does not know is refused at its first word', async () => {
  const itself = { own: eve, judge: knows(alice), present: 'device' as const }
  const asResponder = await shakeBoth(nobody, itself)
  expect(asResponder.a).toEqual(failure)
  expect(asResponder.pipe.sent.a).toHaveLength(1) // M1 names nobody; M3 was never sent
  const asInitiator = await shakeBoth(itself, nobody)
  expect(asInitiator.b).toEqual(failure)
  expect(asInitiator.pipe.sent.b).toHaveLength(1) // no M4, and nothing after
})
