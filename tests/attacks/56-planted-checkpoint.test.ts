import { expect, test } from 'vitest'
import { assemble } from '../ledger/assembly.ts'

test('attack 56: old phones co-sign, years later, what was planted below a final checkpoint: nothing below it moves', () => {
  const { council, alba, bruna, cira } = assemble(3, 560)
  const guests = Array.from({ length: 3 }, () => council.stranger())
  for (const guest of guests) council.decide(council.admission(guest), [alba, bruna])
  const before = council.ledger.heads()
  const planted = council.checkpoint(alba, before)
  const policy = council.decide({ action: 'policy', policy: { admit: 3 } }, [alba, bruna], before)
  const settled = council.settles([alba, bruna, cira]) // above both
  for (const pin of [null, settled]) {
    council.ledger.setPin(pin)
    expect(council.ledger.state().policy.admit).toBe(3)
  }
  for (const stolen of [alba, bruna, cira]) council.cosigns(stolen, planted, [planted])
  for (const pin of [null, settled]) {
    council.ledger.setPin(pin)
    expect(council.finals).toEqual([settled])
    expect(council.isVoid(policy)).toBe(false)
    expect(council.ledger.state().policy.admit).toBe(3)
  }
})

test('attack 56: nor do two planted ones that contradict what was final below take it away', () => {
  const { council, alba, bruna, cira } = assemble(3, 561)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna])
  const before = council.ledger.heads()
  const rival = council.checkpoint(alba, before)
  const first = council.settles([alba, bruna, cira], before)
  const second = council.settles([alba, bruna, cira, drago])
  expect(council.finals).toEqual([first, second])
  for (const stolen of [alba, bruna, cira]) council.cosigns(stolen, rival, [rival])
  expect(council.finals).toEqual([first, second])
  expect(council.votes(drago)).toBe(true)
})

test('attack 56: old phones go on above a final checkpoint as if it had given nobody a voice: who pinned it does not follow', () => {
  const { council, alba, bruna, cira } = assemble(3, 562)
  const guests = Array.from({ length: 4 }, () => council.stranger())
  for (const guest of guests) council.decide(council.admission(guest), [alba, bruna])
  const final = council.settles([alba, bruna, cira])
  council.ledger.setPin(final)
  const stolen = [alba, bruna, cira]
  // On the checkpoint, without its co-signatures: there, three are all.
  let on = [final]
  for (const guest of guests) on = [council.decide(council.removal(guest), stolen, on)]
  const own = council.settles(stolen, on)
  expect(council.finals).toEqual([final])
  expect(guests.every((guest) => council.isMember(guest) && council.votes(guest))).toBe(true)
  // And it does not stand in the way of what everybody settles next.
  const next = council.settles([alba, ...guests], [final])
  expect(council.finals).toEqual([final])
  for (const one of [bruna, cira]) council.cosigns(one, next, [next])
  expect(council.finals).toEqual([final, next])
  expect(council.ledger.state().checkpoints.get(own)?.status).toBe('conflicting')
})
