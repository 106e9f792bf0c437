import { expect, test } from 'vitest'
import { assemble } from '../ledger/assembly.ts'

/** Alba proposes ten ghosts at the genesis, `vouchers` approve, and each is enacted. Then they approve each other, and vote. */
const ghostsOf = (vouchers: 'alba alone' | 'two founders') => {
  const { council, alba, bruna, cira, start } = assemble(3, 55)
  const ghosts = Array.from({ length: 10 }, () => council.stranger())
  const admissions = ghosts.map((ghost) => council.proposes(alba, council.admission(ghost), start))
  for (const admission of admissions) {
    const votes = [council.approves(alba, admission, [admission])]
    if (vouchers === 'two founders') votes.push(council.approves(cira, admission, [admission]))
    council.enacts(alba, admission, votes)
  }
  // Each ghost approves every other one, carries it out again, and votes for the removal of Bruna.
  const removal = council.proposes(ghosts[0]!, council.removal(bruna))
  const acts = ghosts.flatMap((ghost) => [
    ...admissions.map((admission) => council.approves(ghost, admission)),
    council.approves(ghost, removal),
  ])
  for (const admission of admissions) council.enacts(alba, admission)
  council.enacts(alba, removal)
  return { council, bruna, ghosts, removal, acts }
}

test('attack 55: one founder’s phone admits ten ghosts who approve each other: none is a member, none votes', () => {
  const { council, bruna, ghosts, removal, acts } = ghostsOf('alba alone')
  const state = council.ledger.state()
  expect(ghosts.filter((ghost) => council.isMember(ghost))).toEqual([])
  expect([...state.members.values()].filter(({ votes }) => votes)).toHaveLength(3)
  expect(state.proposals.get(removal)?.approvals ?? []).toEqual([])
  expect(acts.filter((act) => council.ledger.has(act) && !council.isVoid(act))).toEqual([])
  expect(council.isMember(bruna)).toBe(true)
})

test('attack 55: with a second founder’s word they would be in, so that it is the missing word that keeps them out', () => {
  const { council, bruna, ghosts, removal } = ghostsOf('two founders')
  expect(ghosts.filter((ghost) => council.isMember(ghost))).toHaveLength(10)
  // They read from then on; their voice does not count, so Bruna stays.
  expect(ghosts.filter((ghost) => council.votes(ghost))).toEqual([])
  expect(council.ledger.state().proposals.get(removal)?.approvals).toEqual([])
  expect(council.isMember(bruna)).toBe(true)
})
