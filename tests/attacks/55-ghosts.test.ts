import { expect, test } from 'vitest'
import { Council } from '../ledger/council.ts'

test('attack 55: one founder’s phone admits ten ghosts at the genesis: none is a member, none votes', () => {
  const council = new Council(3, 55)
  const alba = council.founders[0]!
  const genesis = [council.ledger.coll]
  const ghosts = Array.from({ length: 10 }, () => council.stranger())
  for (const ghost of ghosts) {
    const proposal = council.proposesAdmission(alba, ghost, genesis)
    council.says(alba, { type: 'approve', proposal, seen: [] }, [proposal])
    council.says(alba, { type: 'enact', proposal }, council.ledger.heads())
  }
  // The ghosts vouch for each other, and for a removal of the honest.
  const [first, ...others] = ghosts as [(typeof ghosts)[0], ...typeof ghosts]
  for (const ghost of others) {
    const { wire } = council.signed(ghost, { type: 'merge' }, council.ledger.heads())
    council.ledger.add([wire])
  }
  const proposal = council.says(first, {
    type: 'propose',
    proposal: { action: 'removeMember', member: council.founders[1]!.member, annul: [] },
  })
  council.says(alba, { type: 'enact', proposal })
  const state = council.ledger.state()
  expect(ghosts.filter((ghost) => council.isMember(ghost))).toEqual([])
  expect([...state.members.values()].filter(({ votes }) => votes)).toHaveLength(3)
  expect(council.isMember(council.founders[1]!)).toBe(true)
})
