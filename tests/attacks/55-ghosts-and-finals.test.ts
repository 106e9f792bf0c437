import { expect, test } from 'vitest'
import { assemble } from '../ledger/assembly.ts'

test('attack 55: two of five founders let in ten ghosts at the genesis: the checkpoint of the others gives them no voice', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5, 550)
  const ghosts = Array.from({ length: 10 }, () => council.stranger())
  for (const ghost of ghosts) council.decide(council.admission(ghost), [alba, bruna], start)
  council.settles([alba, bruna, cira, dina, elva], start)
  // They came in, by two vouchers; they read from now on, no history and no vote, and the others put them out.
  expect(ghosts.filter((ghost) => council.votes(ghost))).toEqual([])
  council.decide(council.removal(cira), [alba, bruna, ...ghosts])
  expect(council.isMember(cira)).toBe(true)
  for (const ghost of ghosts) council.decide(council.removal(ghost), [cira, dina, elva])
  expect(ghosts.filter((ghost) => council.isMember(ghost))).toEqual([])
})

test('attack 55: ghosts do not co-sign themselves into the electorate', () => {
  const { council, alba, bruna, cira, start } = assemble(5, 551)
  const ghosts = Array.from({ length: 10 }, () => council.stranger())
  for (const ghost of ghosts) council.decide(council.admission(ghost), [alba, bruna], start)
  const checkpoint = council.settles([alba, bruna, cira, ...ghosts])
  expect(council.ledger.state().checkpoints.get(checkpoint)).toMatchObject({
    cosigners: [alba.member, bruna.member, cira.member].sort(),
    needed: 4,
    status: 'open',
  })
})
