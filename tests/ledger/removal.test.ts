import { expect, test } from 'vitest'
import { assemble } from './assembly.ts'

test('three of five remove Elva; two are not enough, and her own voice does not count', () => {
  const { council, alba, bruna, cira, elva } = assemble(5)
  council.decide(council.removal(elva), [alba, bruna])
  council.decide(council.removal(elva), [alba, bruna, elva])
  expect(council.isMember(elva)).toBe(true)
  council.decide(council.removal(elva), [alba, bruna, cira])
  expect(council.isMember(elva)).toBe(false)
  expect(council.standings(elva)).toEqual(['revoked'])
})

test('two halves that cannot hear each other cannot both decide', () => {
  const { council, alba, bruna, cira, dina } = assemble(4)
  council.decide(council.removal(cira), [alba, bruna])
  council.decide(council.removal(alba), [cira, dina])
  expect(council.ledger.state().members.size).toBe(4)
})

test('two majorities at once: both removals stand, nobody wins a duel', () => {
  const { council, alba, bruna, cira, elva, start } = assemble(5)
  council.decide(council.removal(elva), [alba, bruna, cira], start)
  council.decide(council.removal(alba), [elva, bruna, cira], start)
  expect(council.standings(alba, elva)).toEqual(['revoked', 'revoked'])
})

test('an admission that a removed voucher carried, unknown to those who removed her, falls', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const ghost = council.stranger()
  council.decide(council.admission(ghost), [alba, elva], start)
  expect(council.isMember(ghost)).toBe(true)
  council.decide(council.revocation(alba), [bruna, cira, dina], start)
  expect(council.isMember(ghost)).toBe(false)
  expect(council.standings(ghost)).toEqual(['unknown'])
})

test('what those who removed her knew of stands', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, elva])
  council.decide(council.removal(alba), [bruna, cira, dina])
  expect(council.isMember(drago)).toBe(true)
})

test('a second phone that a revoked one had proposed unseen falls, though an honest vouch stands', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const planted = council.another(alba)
  const proposal = council.proposes(alba, council.secondPhone(planted), start)
  council.enacts(elva, proposal, [council.approves(elva, proposal, [proposal])])
  expect(council.standings(planted)).toEqual(['active'])
  council.decide(council.revocation(alba), [bruna, cira, dina], start)
  expect(council.standings(planted)).toEqual(['unknown'])
})

test('a removed member and a revoked phone never return under the same name', () => {
  const { council, alba, bruna, cira, elva } = assemble(5)
  council.decide(council.removal(elva), [alba, bruna, cira])
  const fresh = council.another(elva)
  const again = [council.admission(elva), council.admission(fresh), council.recovery(fresh)]
  for (const proposal of again) council.decide(proposal, [alba, bruna, cira])
  expect(council.standings(elva, fresh)).toEqual(['revoked', 'unknown'])
  expect(council.isVoid(council.proposes(alba, council.admission(fresh)))).toBe(true)
  const anew = council.stranger()
  council.decide(council.admission(anew), [alba, bruna])
  expect(council.isMember(anew)).toBe(true)
})

test('whoever was let in once, though it came to nothing, comes in with a new phone and a new name, not with one of them', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const [ghost, anew] = [council.stranger(), council.stranger()]
  council.decide(council.admission(ghost), [alba, elva], start)
  council.decide(council.revocation(alba), [bruna, cira, dina], start)
  expect(council.standings(ghost)).toEqual(['unknown'])
  const half = [
    { own: anew.own, member: ghost.member },
    { own: ghost.own, member: anew.member },
  ]
  for (const guest of [ghost, ...half])
    expect(council.isVoid(council.proposes(bruna, council.admission(guest)))).toBe(true)
  const hers = { own: ghost.own, member: bruna.member }
  for (const proposal of [council.secondPhone(hers), council.recovery(hers)])
    expect(council.isVoid(council.proposes(bruna, proposal))).toBe(true)
  council.decide(council.admission(anew), [bruna, cira])
  expect(council.isMember(anew)).toBe(true)
})

test('what a revoked phone takes back, dated to before, of what it had proposed is not taken back', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  const proposal = council.proposes(elva, { action: 'policy', policy: { admit: 4 } })
  for (const who of [alba, bruna]) council.approves(who, proposal)
  council.decide(council.revocation(elva), [alba, bruna, cira])
  const before = council.ledger.state().proposals.get(proposal)
  const back = council.says(elva, { type: 'withdraw', target: proposal }, [proposal])
  expect(council.isVoid(back)).toBe(true)
  expect(council.ledger.state().proposals.get(proposal)).toEqual(before)
  const votes = [cira, dina].map((who) => council.approves(who, proposal))
  expect(votes.map((id) => council.isVoid(id))).toEqual([false, false])
  expect(council.isVoid(council.enacts(alba, proposal))).toBe(false)
})

test('a member whose phone was revoked stays a member, without a voice, until a majority gives a new phone', () => {
  const { council, alba, bruna, cira, elva } = assemble(5)
  council.decide(council.revocation(elva), [alba, bruna, cira])
  expect(council.ledger.state().members.get(elva.member)).toMatchObject({ votes: false })
  const fresh = council.another(elva)
  council.decide(council.recovery(fresh), [alba, bruna, cira])
  expect(council.standings(elva, fresh)).toEqual(['revoked', 'active'])
  expect(council.ledger.state().members.get(elva.member)).toMatchObject({ votes: true })
})

test('a recovery ends all old phones, those the thief was adding too, and none that come after', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  const [before, planted, fresh, after] = [1, 2, 3, 4].map(() => council.another(elva))
  council.decide(council.secondPhone(before!), [elva, dina])
  const proposal = council.proposes(before!, council.secondPhone(planted!))
  council.decide(council.recovery(fresh!), [alba, bruna, cira])
  council.enacts(dina, proposal, [council.approves(dina, proposal, [proposal])])
  council.decide(council.secondPhone(after!), [fresh!, dina])
  expect(council.standings(elva, before!, planted!, fresh!, after!)).toEqual([
    'revoked',
    'revoked',
    'unknown',
    'active',
    'active',
  ])
})

test('whoever retires the last phone has left, and is no longer counted', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  council.says(elva, { type: 'retire', frontier: [] })
  expect(council.standings(elva)).toEqual(['retired'])
  expect(council.ledger.state().members.get(elva.member)).toMatchObject({ votes: false })
  expect(council.isVoid(council.suspend(elva, alba))).toBe(true)
  council.says(dina, { type: 'retire', frontier: [] })
  council.decide({ action: 'policy', policy: { admit: 3 } }, [alba, bruna])
  expect(council.ledger.state().policy.admit).toBe(3) // two of the three who are left
  expect(council.isMember(cira)).toBe(true)
})

test('a phone that ended itself has no say left, not even in who stays; the other phone of the same person has', () => {
  const { council, alba, bruna, dina, elva } = assemble(5)
  const second = council.another(elva)
  council.decide(council.secondPhone(second), [elva, alba])
  council.says(elva, { type: 'retire', frontier: [] })
  const removal = council.proposes(alba, council.removal(dina))
  council.approves(bruna, removal)
  const said = [
    council.approves(elva, removal),
    council.says(elva, { type: 'merge' }),
    council.proposes(elva, council.removal(bruna)),
  ]
  expect(said.map((id) => council.isVoid(id))).toEqual([true, true, true])
  expect(council.isVoid(council.enacts(alba, removal))).toBe(true)
  expect(council.isMember(dina)).toBe(true)
  council.approves(second, removal)
  council.enacts(alba, removal)
  expect(council.isMember(dina)).toBe(false)
})

test('no suspension keeps a majority from removing the one who suspends', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  const said = [bruna, cira, dina, elva].map((one) => council.suspend(alba, one))
  council.decide(council.removal(alba, said), [bruna, cira, dina])
  expect(council.standings(alba, bruna, cira, dina, elva)).toEqual([
    'revoked',
    'active',
    'active',
    'active',
    'active',
  ])
})

test('a majority lifts a suspension, and the suspended one has no voice in it', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  council.suspend(alba, elva)
  council.decide(council.lift(elva), [elva, bruna, cira])
  expect(council.standings(elva)).toEqual(['suspended'])
  council.decide(council.lift(elva), [dina, bruna, cira])
  expect(council.standings(elva)).toEqual(['active'])
})

test('a lift ends what was said before it, not what is said after or apart from it', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  council.suspend(alba, elva)
  council.decide(council.lift(elva), [dina, bruna, cira])
  const apart = council.suspend(dina, elva, start)
  expect(council.standings(elva)).toEqual(['suspended'])
  council.says(dina, { type: 'withdraw', target: apart })
  expect(council.standings(elva)).toEqual(['active'])
  council.suspend(alba, elva)
  expect(council.standings(elva)).toEqual(['suspended'])
})

test('a lift that needed the vote of somebody revoked unseen does not stand', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  council.suspend(bruna, elva)
  const known = council.ledger.heads()
  council.decide(council.lift(elva), [cira, dina, alba], known)
  expect(council.standings(elva)).toEqual(['active'])
  council.decide(council.revocation(alba), [bruna, cira, dina], known)
  expect(council.standings(alba, elva)).toEqual(['revoked', 'suspended'])
})

test('nor one that somebody revoked unseen had proposed, whoever else was for it', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  council.suspend(bruna, elva)
  const known = council.ledger.heads()
  const proposal = council.proposes(alba, council.lift(elva), known)
  const votes = [bruna, cira, dina].map((who) => council.approves(who, proposal, [proposal]))
  council.enacts(dina, proposal, votes)
  expect(council.standings(elva)).toEqual(['active'])
  council.decide(council.revocation(alba), [bruna, cira, dina], known)
  expect(council.standings(alba, elva)).toEqual(['revoked', 'suspended'])
})
