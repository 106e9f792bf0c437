import { expect, test } from 'vitest'
import { assemble } from './assembly.ts'

test('where the new phone falls with a voter, its person stays a member without a phone, until it is proposed again', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const fresh = council.another(elva)
  const proposal = council.proposes(alba, council.recovery(fresh), start)
  const votes = [bruna, cira].map((voter) => council.approves(voter, proposal, [proposal]))
  const enacted = council.enacts(dina, proposal, votes)
  expect(council.standings(elva, fresh)).toEqual(['revoked', 'active'])
  // A majority that knew nothing of it ended Cira: her vote is cut, and two of five are no majority.
  council.decide(council.revocation(cira), [alba, bruna, dina], start)
  expect(council.isVoid(enacted)).toBe(false)
  expect(council.standings(elva, fresh)).toEqual(['revoked', 'unknown'])
  expect(council.isMember(elva)).toBe(true)
  expect(council.ledger.state().members.get(elva.member)).toMatchObject({ votes: false })

  const again = council.another(elva)
  council.decide(council.recovery(again), [alba, bruna, dina])
  expect(council.standings(elva, fresh, again)).toEqual(['revoked', 'unknown', 'active'])
  expect(council.ledger.state().members.get(elva.member)).toMatchObject({ votes: true })
})

test('carried out twice it ends no phone twice over: the new one stays', () => {
  const { council, alba, bruna, cira, elva } = assemble(5)
  const fresh = council.another(elva)
  const proposal = council.proposes(alba, council.recovery(fresh))
  const votes = [bruna, cira].map((who) => council.approves(who, proposal, [proposal]))
  council.enacts(alba, proposal, votes)
  const again = council.enacts(bruna, proposal)
  expect([council.isVoid(again), ...council.standings(elva, fresh)]).toEqual([false, 'revoked', 'active'])
})

test('G1: neither one person with any number of phones nor two of five let anybody back in', () => {
  const { council, alba, bruna, dina, elva } = assemble(5)
  const second = council.another(alba)
  council.decide(council.secondPhone(second), [alba, dina])
  const [byOne, byTwo, byHerself] = [1, 2, 3].map(() => council.another(elva))
  council.decide(council.recovery(byOne!), [alba, second])
  council.decide(council.recovery(byTwo!), [alba, second, bruna])
  // Whoever it is about has no voice in it, from no phone.
  council.decide(council.recovery(byHerself!), [elva, alba, bruna])
  expect(council.standings(elva, byOne!, byTwo!, byHerself!)).toEqual([
    'active',
    'unknown',
    'unknown',
    'unknown',
  ])
})

test('what was decided with their voice stands; in what is still open they say it again, from the new phone', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  const guest = council.stranger()
  council.decide(council.admission(guest), [elva, alba])
  const removal = council.proposes(bruna, council.removal(dina))
  council.approves(elva, removal)
  const fresh = council.another(elva)
  council.decide(council.recovery(fresh), [alba, bruna, cira])
  expect(council.isMember(guest)).toBe(true)
  const approvals = () => council.ledger.state().proposals.get(removal)!.approvals
  expect(approvals()).toEqual([bruna.member])
  council.approves(fresh, removal)
  expect(approvals().toSorted()).toEqual([bruna.member, elva.member].sort())
})
