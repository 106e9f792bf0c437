import { expect, test } from 'vitest'
import { idBytes, type EntryId, type EpochId } from '../../src/lib/core/ids.ts'
import { createSignPair, sign } from '../../src/lib/crypto/sign.ts'
import type { Proposal } from '../../src/lib/ledger/types.ts'
import { assemble, type Assembly } from './assembly.ts'
import type { Delegate } from './council.ts'

const given = (council: Assembly, who: Delegate, to: Delegate, epochs: readonly EpochId[]): boolean => {
  const box = new Uint8Array(8)
  const id = council.says(who, { type: 'grant', epochs: [...epochs].sort(), device: to.own.id, box })
  return council.ledger.state().grants.some((grant) => grant.id === id)
}

test('a newcomer gets the key of before only once the admission is final; what came with it, at once', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const drago = council.stranger()
  const before = council.rotates(alba)
  council.decide(council.admission(drago), [alba, bruna])
  const after = council.rotates(alba, [before])
  expect(given(council, alba, drago, [after])).toBe(true)
  expect(given(council, alba, drago, [before])).toBe(false)
  expect(given(council, alba, drago, [before, after])).toBe(false)
  council.settles([alba, bruna, cira])
  expect(given(council, alba, drago, [before, after])).toBe(true)
  council.suspend(bruna, drago)
  expect(given(council, alba, drago, [before])).toBe(false)
})

test('a further phone waits for the checkpoint that holds it, though its member is settled', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const before = council.rotates(alba)
  council.settles([alba, bruna, cira])
  const second = council.another(alba)
  council.decide(council.secondPhone(second), [alba, bruna])
  expect(given(council, alba, second, [before])).toBe(false)
  council.settles([alba, bruna, cira])
  expect(given(council, alba, second, [before])).toBe(true)
})

const invited = (council: Assembly, guest: Delegate, invite: EntryId, seed: Uint8Array): Proposal => {
  const th = new Uint8Array(32)
  const said = [idBytes(council.ledger.coll), idBytes(invite), idBytes(guest.own.id), th]
  const sig = sign(createSignPair(seed).secretKey, 'invite', said)
  return { ...council.admission(guest), proof: { invite, th, sig } } as Proposal
}

test('one invitation that brought in two different people gives history to neither, until a majority says who was meant', () => {
  const { council, alba, bruna, cira, dina } = assemble(4)
  const [drago, eva] = [council.stranger(), council.stranger()]
  const before = council.rotates(alba)
  const seed = council.random.bytes(32)
  const invite = council.says(alba, { type: 'invite', invitePk: createSignPair(seed).publicKey, uses: 1 })
  const start = council.ledger.heads()
  const proposal = council.proposes(alba, invited(council, drago, invite, seed), start)
  const vote = council.approves(bruna, proposal, [proposal])
  council.enacts(alba, proposal, [vote])
  council.decide(invited(council, eva, invite, seed), [cira, dina], start)
  council.settles([alba, bruna, cira, dina])
  expect([drago, eva].map((who) => council.isMember(who))).toEqual([true, true])
  expect([drago, eva].map((who) => given(council, alba, who, [before]))).toEqual([false, false])
  council.enacts(alba, proposal) // the same two voices of four
  expect(given(council, alba, drago, [before])).toBe(false)
  for (const who of [cira, drago]) council.approves(who, proposal) // nobody’s own voice counts for them
  council.enacts(alba, proposal)
  expect(given(council, alba, drago, [before])).toBe(false)
  council.approves(dina, proposal)
  expect(given(council, alba, drago, [before])).toBe(false)
  council.enacts(alba, proposal)
  expect([drago, eva].map((who) => given(council, alba, who, [before]))).toEqual([true, false])
})

test('a majority that did not know of the other one has not decided between them', () => {
  const { council, alba, bruna, cira, dina } = assemble(4)
  const [drago, eva] = [council.stranger(), council.stranger()]
  const before = council.rotates(alba)
  const seed = council.random.bytes(32)
  const invite = council.says(alba, { type: 'invite', invitePk: createSignPair(seed).publicKey, uses: 1 })
  const start = council.ledger.heads()
  council.decide(invited(council, drago, invite, seed), [alba, bruna, cira], start)
  council.settles([alba, bruna, cira])
  expect(given(council, alba, drago, [before])).toBe(true)
  council.decide(invited(council, eva, invite, seed), [dina, cira], start)
  expect(given(council, alba, drago, [before])).toBe(false)
})
