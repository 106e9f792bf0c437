import { expect, test } from 'vitest'
import { assemble } from './assembly.ts'

test('a suspension dated back to before a final checkpoint bites from the checkpoint on, and undoes nothing below it', () => {
  const { council, alba, bruna, cira, dina, start } = assemble(5)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna], start)
  const epoch = council.rotates(bruna, [], start)
  const settled = council.ledger.heads()
  council.suspend(dina, bruna, start)
  expect(council.standings(drago)).toEqual(['suspended']) // half of its vouchers fell silent
  expect(council.ledger.state().epochs.get(epoch)?.void).toBe(true)
  council.settles([alba, bruna, cira, dina], settled)
  expect(council.standings(bruna, drago)).toEqual(['suspended', 'active'])
  expect(council.ledger.state().epochs.get(epoch)?.void).toBe(false)
})

test('a removal dated back ends the member, and leaves standing what was settled by then', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna], start)
  const feed = council.registers(alba, start).feed
  const settled = council.ledger.heads()
  council.decide(council.removal(alba), [bruna, cira, dina, elva], start) // four are a majority also of six
  expect(council.isMember(drago)).toBe(false) // admitted by a voice that was cut
  expect(council.ledger.state().feeds.has(feed)).toBe(false)
  council.settles([alba, bruna, cira, dina], settled)
  expect(council.isMember(alba)).toBe(false)
  expect(council.isMember(drago)).toBe(true)
  expect(council.ledger.state().feeds.has(feed)).toBe(true)
})

test('what is cut and not settled falls, and comes back once a checkpoint that holds it is final', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const policy = council.decide({ action: 'policy', policy: { admit: 3 } }, [alba, bruna, cira], start)
  const settled = council.ledger.heads()
  council.decide(council.removal(alba), [cira, dina, elva], start)
  expect(council.isVoid(policy)).toBe(true)
  const checkpoint = council.checkpoint(bruna, settled)
  for (const who of [bruna, cira, dina]) council.cosigns(who, checkpoint, [checkpoint])
  expect(council.isVoid(policy)).toBe(true) // three of five are not yet enough
  council.cosigns(elva, checkpoint, [checkpoint])
  expect(council.isVoid(policy)).toBe(false)
  expect(council.ledger.state().policy).toEqual({ admit: 3 })
})

test('votes are counted against the people of the final checkpoint, however old the vote says it is', () => {
  const { council, alba, bruna, cira, start } = assemble(3)
  const [drago, eva] = [council.stranger(), council.stranger()]
  council.decide(council.admission(drago), [alba, bruna])
  council.decide(council.admission(eva), [alba, bruna])
  council.settles([alba, bruna, cira])
  council.decide(council.removal(cira), [alba, bruna], start) // two of three, of five two
  expect(council.isMember(cira)).toBe(true)
})

test('a late enactment may count on votes that are settled', () => {
  const { council, alba, bruna, cira, dina, start } = assemble(4)
  const proposal = council.proposes(alba, council.removal(dina), start)
  const votes = [bruna, cira].map((who) => council.approves(who, proposal, [proposal]))
  council.settles([alba, bruna, cira], votes)
  council.enacts(bruna, proposal, [votes[0]!])
  expect(council.isMember(dina)).toBe(false)
})

test('a withdrawal that is settled counts against an enactment dated back to before it', () => {
  const { council, alba, bruna, cira, dina, start } = assemble(4)
  const proposal = council.proposes(alba, council.removal(dina), start)
  const votes = [bruna, cira].map((who) => council.approves(who, proposal, [proposal]))
  const taken = council.says(cira, { type: 'withdraw', target: votes[1]! }, votes)
  const settled = [taken]
  council.enacts(alba, proposal, votes)
  expect(council.isMember(dina)).toBe(false)
  council.settles([alba, bruna, cira], settled)
  expect(council.isMember(dina)).toBe(true)
})

test('a back-dated suspension takes its place in the cap after those that are settled', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const first = council.suspend(alba, bruna, start)
  council.suspend(alba, cira, [first])
  council.settles([bruna, cira, dina, elva])
  council.suspend(alba, dina, start)
  expect(council.standings(bruna, cira, dina)).toEqual(['suspended', 'suspended', 'active'])
})

test('a suspension beyond its author’s share is not woken under a final checkpoint by a second person: theirs bites, from then on', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const epoch = council.rotates(elva, [], start)
  const first = council.suspend(alba, bruna, start)
  const second = council.suspend(alba, cira, [first])
  const third = council.suspend(alba, elva, [second])
  council.settles([bruna, cira, dina, elva])
  expect(council.standings(elva)).toEqual(['active'])
  council.suspend(dina, elva)
  expect(council.standings(elva)).toEqual(['suspended'])
  expect(council.ledger.state().suspensions.has(third)).toBe(false)
  expect(council.ledger.state().epochs.get(epoch)?.void).toBe(false)
})

test('a further phone that is settled is not suspended with the one that brought it in; one that is not, is', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const [second, third] = [council.another(alba), council.another(alba)]
  council.decide(council.secondPhone(second), [alba, bruna])
  council.settles([alba, bruna, cira])
  council.decide(council.secondPhone(third), [alba, bruna])
  council.suspend(cira, alba)
  expect(council.standings(alba, second, third)).toEqual(['suspended', 'active', 'suspended'])
})

test('a checkpoint that already holds the suspension frees no phone that fell with it', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const second = council.another(alba)
  council.decide(council.secondPhone(second), [alba, bruna])
  council.suspend(cira, alba)
  council.settles([alba, bruna, cira])
  expect(council.finals).toHaveLength(1)
  expect(council.standings(alba, second)).toEqual(['suspended', 'suspended'])
})

test('a lift may still give back what a settled suspension took', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const epoch = council.rotates(alba, [], start)
  council.suspend(bruna, alba, start)
  council.settles([bruna, cira, dina, elva])
  expect(council.ledger.state().epochs.get(epoch)?.void).toBe(true)
  council.decide(council.lift(alba), [cira, dina, elva])
  expect(council.ledger.state().epochs.get(epoch)?.void).toBe(false)
  expect(council.standings(alba)).toEqual(['active'])
})

test('the history a device reads of one moment is that of the moment, not of what was settled since', () => {
  const { council, alba, bruna, cira, start } = assemble(3)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna])
  const settled = council.settles([alba, bruna, cira])
  const late = council.suspend(alba, cira, start)
  expect(council.ledger.stateOf(start).members.size).toBe(3)
  expect(council.ledger.stateAt(settled).finals).toEqual([])
  expect(council.ledger.stateAt(late).finals).toEqual([settled])
  expect(council.ledger.stateAt(late).members.size).toBe(4)
  expect(council.ledger.stateFor(start).finals).toEqual([settled])
})
