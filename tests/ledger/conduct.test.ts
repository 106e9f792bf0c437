import { expect, test } from 'vitest'
import { mayCosign } from '../../src/lib/ledger/conduct.ts'
import type { EntryId } from '../../src/lib/core/ids.ts'
import { assemble, type Assembly } from './assembly.ts'
import type { Delegate } from './council.ts'

const asked = (council: Assembly, who: Delegate, checkpoint: EntryId) => {
  const answer = mayCosign(council.ledger, who.own.id, checkpoint)
  return answer.ok ? 'ok' : answer.error
}

test('an app co-signs what its member has a voice in, once', () => {
  const { council, alba, bruna } = assemble(3)
  const checkpoint = council.checkpoint(alba)
  expect(asked(council, bruna, checkpoint)).toBe('ok')
  council.cosigns(bruna, checkpoint)
  expect(asked(council, bruna, checkpoint)).toEqual({ type: 'AlreadySigned' })
  expect(asked(council, bruna, council.ledger.coll as EntryId)).toEqual({ type: 'UnknownCheckpoint' })
})

test('a second phone, a newcomer and a stranger do not co-sign', () => {
  const { council, alba, bruna } = assemble(3)
  const [second, drago] = [council.another(alba), council.stranger()]
  council.decide(council.secondPhone(second), [alba, bruna])
  council.decide(council.admission(drago), [alba, bruna])
  const checkpoint = council.checkpoint(bruna)
  expect(asked(council, second, checkpoint)).toEqual({ type: 'OtherPhoneSigns', device: alba.own.id })
  expect(asked(council, drago, checkpoint)).toEqual({ type: 'OtherPhoneSigns', device: drago.own.id })
  expect(asked(council, council.stranger(), checkpoint)).toEqual({ type: 'OtherPhoneSigns', device: null })
})

test('whoever voted to end somebody co-signs no past without that vote', () => {
  const { council, alba, bruna, cira, start } = assemble(3)
  const without = council.checkpoint(alba, start)
  const proposal = council.proposes(alba, council.removal(cira), start)
  expect(asked(council, alba, without)).toEqual({ type: 'MissesVote', vote: proposal })
  expect(asked(council, bruna, without)).toBe('ok')
  const vote = council.approves(bruna, proposal, [proposal])
  expect(asked(council, bruna, without)).toEqual({ type: 'MissesVote', vote })
  expect(asked(council, bruna, council.checkpoint(cira))).toBe('ok')
})

test.each(['removal', 'revocation', 'recovery'] as const)(
  'be it a %s, and be it that one only carried it out, and also where one took the vote back',
  (what) => {
    const { council, alba, bruna, cira, dina, start } = assemble(5)
    const without = council.checkpoint(alba, start)
    const about = what === 'recovery' ? council.another(dina) : dina
    const proposal = council.proposes(alba, council[what](about), start)
    const votes = [bruna, dina].map((who) => council.approves(who, proposal, [proposal]))
    const enacted = council.enacts(cira, proposal, votes)
    expect(asked(council, cira, without)).toEqual({ type: 'MissesVote', vote: enacted })
    council.says(bruna, { type: 'withdraw', target: votes[0]! }, [votes[0]!])
    expect(asked(council, bruna, without)).toEqual({ type: 'MissesVote', vote: votes[0] })
    // Of what ends nobody it may be without.
    const other = assemble(5)
    const open = other.council.checkpoint(other.alba, other.start)
    other.council.decide(other.council.lift(other.dina), [other.alba, other.bruna, other.cira], other.start)
    expect(asked(other.council, other.alba, open)).toBe('ok')
  },
)

test('nobody co-signs two that contradict each other, with any phone', () => {
  const { council, alba, bruna, cira, start } = assemble(3)
  const one = council.settles([bruna], start)
  const two = council.checkpoint(cira, start)
  expect(asked(council, bruna, two)).toEqual({ type: 'SignedAnother', checkpoint: one })
  expect(asked(council, alba, two)).toBe('ok')
  expect(asked(council, bruna, council.checkpoint(cira))).toBe('ok') // above both
})

test('nobody co-signs past what is final, nor over the heads of those whom it gave a voice', () => {
  const { council, alba, bruna, cira, dina, start } = assemble(4)
  const aside = council.checkpoint(dina, start)
  const final = council.checkpoint(alba, start)
  for (const who of [alba, bruna, cira]) council.cosigns(who, final, [final])
  expect(asked(council, dina, aside)).toEqual({ type: 'PassesFinal', final })
  const unaware = council.checkpoint(dina, [final]) // has it below, but not that it is final
  expect(asked(council, dina, unaware)).toEqual({ type: 'PassesFinal', final })
  expect(asked(council, dina, council.checkpoint(dina))).toBe('ok')
  expect(asked(council, dina, final)).toBe('ok')
})

test('nobody co-signs aside of the pin, though its co-signatures have not come', () => {
  const { council, alba, bruna, start } = assemble(3)
  const [pinned, aside] = [council.checkpoint(alba, start), council.checkpoint(alba, start)]
  council.ledger.setPin(pinned)
  expect(asked(council, bruna, aside)).toEqual({ type: 'PassesFinal', final: pinned })
  expect(asked(council, bruna, pinned)).toBe('ok')
})
