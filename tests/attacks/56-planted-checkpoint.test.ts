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
