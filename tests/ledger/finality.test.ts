import { expect, test } from 'vitest'
import type { EntryId } from '../../src/lib/core/ids.ts'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createLedger } from '../../src/lib/ledger/graph.ts'
import { assemble, type Assembly } from './assembly.ts'

const statusOf = (council: Assembly, checkpoint: EntryId) =>
  council.ledger.state().checkpoints.get(checkpoint)?.status

test('what more than two thirds co-sign is final, and exactly two thirds is not', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const checkpoint = council.settles([alba, bruna])
  expect(council.ledger.state().checkpoints.get(checkpoint)).toMatchObject({
    author: alba.own.id,
    cosigners: [alba.member, bruna.member].sort(),
    needed: 3,
    status: 'open',
  })
  expect(council.finals).toEqual([])
  council.cosigns(cira, checkpoint)
  expect(statusOf(council, checkpoint)).toBe('final')
  expect(council.finals).toEqual([checkpoint])
})

test('two make their past final together, one alone never does', () => {
  const pair = assemble(2)
  const checkpoint = pair.council.settles([pair.alba])
  expect(pair.council.finals).toEqual([])
  pair.council.cosigns(pair.bruna, checkpoint)
  expect(pair.council.finals).toEqual([checkpoint])
  const notebook = assemble(1)
  notebook.council.settles([notebook.alba])
  expect(notebook.council.finals).toEqual([])
})

test('one who is left alone of many settles nothing, whoever else signs', () => {
  const { council, alba, bruna, cira } = assemble(3)
  for (const who of [bruna, cira]) council.says(who, { type: 'retire', frontier: [] })
  const checkpoint = council.settles([alba, bruna])
  expect(council.finals).toEqual([])
  expect(council.ledger.state().checkpoints.get(checkpoint)?.needed).toBe(2)
})

test('signing twice counts once, and only for what one knew', () => {
  const { council, alba, bruna, cira, start } = assemble(3)
  const checkpoint = council.settles([alba, bruna])
  council.cosigns(alba, checkpoint)
  council.cosigns(cira, checkpoint, start) // says so without having the checkpoint below
  expect(council.ledger.state().checkpoints.get(checkpoint)?.cosigners).toHaveLength(2)
  expect(council.finals).toEqual([])
})

test('a member co-signs with one phone: the first that stands, suspended or not', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const second = council.another(alba)
  council.decide(council.secondPhone(second), [alba, bruna])
  expect([council.deviceOf(alba)?.cosigns, council.deviceOf(second)?.cosigns]).toEqual([true, false])
  const checkpoint = council.settles([second, bruna, cira])
  expect(council.finals).toEqual([])
  council.suspend(bruna, alba)
  council.cosigns(alba, checkpoint)
  expect(council.finals).toEqual([checkpoint])
})

test('when the first phone is revoked or retired the next one signs, from the next checkpoint on', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const [second, third] = [council.another(alba), council.another(alba)]
  council.decide(council.secondPhone(second), [alba, bruna])
  council.decide(council.secondPhone(third), [alba, bruna])
  council.settles([alba, bruna, cira]) // else they would be suspended with the one that brought them in
  council.decide(council.revocation(alba), [bruna, cira])
  expect(council.deviceOf(second)?.cosigns).toBe(true)
  council.says(second, { type: 'retire', frontier: [] })
  expect([council.deviceOf(second)?.cosigns, council.deviceOf(third)?.cosigns]).toEqual([false, true])
  council.settles([bruna, cira, alba])
  council.settles([bruna, cira, second])
  expect(council.finals).toHaveLength(1)
  const last = council.settles([bruna, cira, third])
  expect(council.finals.slice(1)).toEqual([last])
})

test('a newcomer votes from the final checkpoint on that holds the admission', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna])
  expect(council.votes(drago)).toBe(false)
  const before = council.checkpoint(alba)
  for (const who of [alba, bruna]) council.cosigns(who, before)
  council.cosigns(drago, before) // has no voice in it
  expect(council.votes(drago)).toBe(false)
  council.cosigns(cira, before)
  expect(council.votes(drago)).toBe(true)
  council.decide(council.removal(cira), [alba, bruna]) // two of four are not a majority any more
  expect(council.isMember(cira)).toBe(true)
  council.decide(council.removal(cira), [alba, bruna, drago])
  expect(council.isMember(cira)).toBe(false)
})

test('the newcomer’s voice is needed for the next checkpoint', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna])
  const first = council.settles([alba, bruna, cira])
  expect(council.ledger.checkpointState(council.ledger.heads()).members.get(drago.member)?.votes).toBe(true)
  const next = council.settles([alba, bruna])
  expect(council.ledger.state().checkpoints.get(next)).toMatchObject({ needed: 3, status: 'open' })
  council.cosigns(drago, next)
  expect(council.finals).toEqual([first, next])
})

test('an admission that no final checkpoint holds gives no voice, and one that fell takes it away again', () => {
  const { council, alba, bruna, cira, dina, start } = assemble(4)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna], start)
  council.settles([alba, bruna, cira, dina], start)
  expect(council.isMember(drago)).toBe(true)
  expect(council.votes(drago)).toBe(false) // the checkpoint was signed without it
  const second = council.settles([alba, bruna, cira, dina])
  expect(council.finals.at(-1)).toBe(second)
  expect(council.votes(drago)).toBe(true)
})

test('whoever came in half by a silenced voice has no vote, though it is settled, until the voice is heard again', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna], start)
  council.suspend(cira, bruna, start)
  council.settles([alba, cira, dina, elva])
  expect(council.standings(drago)).toEqual(['suspended'])
  expect(council.votes(drago)).toBe(false)
  council.decide(council.lift(bruna), [cira, dina, elva])
  expect(council.standings(drago)).toEqual(['active'])
  expect(council.votes(drago)).toBe(true)
})

test('a second phone that came in by a silenced voice does not sign for its member', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const second = council.another(alba)
  council.decide(council.secondPhone(second), [alba, bruna], start)
  council.suspend(cira, bruna, start)
  council.says(alba, { type: 'retire', frontier: [] })
  expect(council.deviceOf(second)?.cosigns).toBe(false)
  council.decide(council.lift(bruna), [cira, dina, elva])
  expect(council.deviceOf(second)?.cosigns).toBe(true)
})

test('a checkpoint is judged by the finals in its own past: co-signatures that arrive later do not change what it takes', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna])
  const first = council.checkpoint(alba)
  const second = council.settles([alba, bruna, cira], [first]) // does not know whether the first is final
  expect(council.finals).toEqual([second])
  for (const who of [alba, bruna, cira]) council.cosigns(who, first, [first])
  expect(council.finals).toEqual([second]) // nor is the first of any use to anybody now
  expect(council.ledger.state().checkpoints.get(first)).toMatchObject({ needed: 3, status: 'open' })
  expect(council.ledger.state().checkpoints.get(second)).toMatchObject({ needed: 3, status: 'final' })
})

test('whoever pinned the first keeps it below the second, and all agree again once they pin a third', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const first = council.settles([alba, bruna, cira])
  council.ledger.setPin(first)
  const second = council.settles([alba, bruna, cira], [first])
  expect(council.finals).toEqual([first, second])
  council.ledger.setPin(null)
  expect(council.finals).toEqual([second])
  const third = council.settles([alba, bruna, cira])
  for (const pin of [null, second, third]) {
    council.ledger.setPin(pin)
    expect(council.finals).toEqual([second, third])
  }
  council.ledger.setPin(first)
  expect(council.finals).toEqual([first, second, third])
})

test('of two that contradict each other neither counts, whoever signed both is named', () => {
  const { council, alba, bruna, cira, dina, start } = assemble(4)
  const one = council.settles([alba, bruna, cira], start)
  const two = council.settles([alba, bruna, dina], start)
  expect(council.finals).toEqual([])
  expect([one, two].map((id) => statusOf(council, id))).toEqual(['conflicting', 'conflicting'])
  expect(council.ledger.state().doubleSigners).toEqual([alba.member, bruna.member].sort())
})

test('a phone that verified one of them keeps it; unpinned, it counts neither again', () => {
  const { council, alba, bruna, cira, dina, start } = assemble(4)
  const one = council.settles([alba, bruna, cira], start)
  const above = council.settles([alba, bruna, cira], [one])
  council.ledger.setPin(one)
  const two = council.settles([alba, bruna, dina], start)
  expect(council.ledger.pin).toBe(one)
  expect(council.finals).toEqual([one, above])
  expect(statusOf(council, two)).toBe('conflicting')
  council.ledger.setPin(two)
  expect(council.finals).toEqual([two])
  council.ledger.setPin(null)
  expect(council.finals).toEqual([])
})

test('a pin whose co-signatures have not come makes nothing final, and lets nothing contradict it', () => {
  const { council, alba, bruna, cira, start } = assemble(3)
  const pinned = council.checkpoint(alba, start)
  council.ledger.setPin(pinned)
  council.settles([alba, bruna, cira], start)
  expect(council.finals).toEqual([])
  const below = council.settles([alba, bruna, cira], [pinned])
  expect(council.finals).toEqual([below])
})

test('a pin may be known before anything else is: until it arrives nothing is final, so that nobody slips in another', () => {
  const { council, alba, bruna, cira, dina, start } = assemble(4)
  const one = council.settles([alba, bruna, cira], start)
  council.settles([alba, bruna, dina], start)
  const joiner = expectOk(createLedger(council.genesis, one))
  joiner.add(council.wires.slice(-5))
  expect(joiner.state().finals).toEqual([])
  joiner.add(council.wires)
  expect(joiner.state().finals).toEqual([one])
})

test('all devices work out one hash for what a checkpoint speaks of, with or without a pin, before and after it is final', () => {
  const { council, alba, bruna, cira, dina, start } = assemble(4)
  council.decide(council.admission(council.stranger()), [alba, bruna])
  const parents = council.ledger.heads()
  const hash = () => hexFromBytes(council.ledger.checkpointState(parents).hash)
  const before = hash()
  const checkpoint = council.settles([alba, bruna, cira], parents)
  council.settles([alba, bruna, dina], start)
  council.ledger.setPin(checkpoint)
  council.suspend(alba, dina, start)
  expect(hash()).toBe(before)
  expect(hexFromBytes(council.ledger.state().hash)).not.toBe(before)
})

test('what is final is part of what two devices compare', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const checkpoint = council.settles([alba, bruna])
  const before = hexFromBytes(council.ledger.state().hash)
  council.cosigns(cira, checkpoint, [checkpoint])
  expect(hexFromBytes(council.ledger.state().hash)).not.toBe(before)
})
