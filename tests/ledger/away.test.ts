import { expect, test } from 'vitest'
import type { MemberId } from '../../src/lib/core/ids.ts'
import { assemble, type Assembly } from './assembly.ts'
import type { Delegate } from './council.ts'
import { fromNothing } from './from-nothing.ts'

const dormant = (council: Assembly, who: Delegate) =>
  council.ledger.state().members.get(who.member)?.dormant ?? false
const away = (...who: readonly Delegate[]) => ({
  action: 'dormant' as const,
  members: who.map(({ member }): MemberId => member),
})

test('those who are away for long are not waited for: the others settle the past without them', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  council.settles([alba, bruna, cira])
  expect(council.finals).toEqual([])
  council.decide(away(dina, elva), [alba, bruna, cira])
  expect([dina, elva].map((who) => dormant(council, who))).toEqual([true, true])
  const checkpoint = council.settles([alba, bruna, cira])
  expect(council.finals).toEqual([checkpoint])
})

test('but never fewer than more than half of all', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  council.decide(away(cira, dina, elva), [alba, bruna, elva])
  expect([cira, dina, elva].map((who) => dormant(council, who))).toEqual([true, true, true])
  council.settles([alba, bruna])
  expect(council.finals).toEqual([])
})

test('somebody dormant who co-signs all the same does not stand in for one who is there', () => {
  const { council, alba, bruna, cira, dina } = assemble(4)
  council.decide(away(dina), [alba, bruna, cira])
  const checkpoint = council.settles([alba, bruna, dina])
  expect(council.ledger.state().checkpoints.get(checkpoint)).toMatchObject({ needed: 4, status: 'open' })
  council.cosigns(cira, checkpoint)
  expect(council.finals).toEqual([checkpoint])
})

test('it lowers no other number: decisions are counted against all', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  council.decide(away(dina, elva), [alba, bruna, cira])
  council.decide(council.removal(cira), [alba, bruna])
  expect(council.isMember(cira)).toBe(true)
})

test('whoever does anything is back at once, and so is whoever did something meanwhile', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  council.decide(away(dina, elva), [alba, bruna, cira])
  council.says(dina, { type: 'merge' })
  expect(dormant(council, dina)).toBe(false)
  expect(dormant(council, elva)).toBe(true)
  council.registers(elva, start) // said before she could know of it
  expect(dormant(council, elva)).toBe(false)
  council.decide(away(dina), [alba, bruna, cira])
  expect(dormant(council, dina)).toBe(true)
})

test('a co-signature is a sign of life too; the word of a revoked phone is not', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  const checkpoint = council.checkpoint(alba)
  const second = council.another(dina)
  council.decide(council.secondPhone(second), [dina, alba])
  council.decide(council.revocation(dina), [alba, bruna, cira])
  council.decide(away(dina, elva), [alba, bruna, cira])
  council.cosigns(dina, checkpoint) // her stolen phone; the second one is silent
  expect(dormant(council, dina)).toBe(true)
  council.cosigns(elva, checkpoint)
  expect(dormant(council, elva)).toBe(false)
})

test('nor does a phone that ended itself show that somebody is there, by whatever it signs', () => {
  const { council, alba, bruna, cira, dina } = assemble(4)
  const second = council.another(dina)
  council.decide(council.secondPhone(second), [dina, alba])
  const checkpoint = council.checkpoint(alba)
  council.says(dina, { type: 'retire', frontier: [] })
  council.decide(away(dina), [alba, bruna, cira])
  council.cosigns(dina, checkpoint)
  expect(dormant(council, dina)).toBe(true)
  council.cosigns(second, checkpoint)
  expect(dormant(council, dina)).toBe(false)
})

test('what her stolen phone says, dated back to before its revocation, wakes nobody', () => {
  const { council, alba, bruna, cira, dina } = assemble(4)
  const second = council.another(dina)
  council.decide(council.secondPhone(second), [dina, alba])
  const before = council.ledger.heads()
  council.decide(council.revocation(dina), [alba, bruna, cira])
  council.decide(away(dina), [alba, bruna, cira])
  council.says(dina, { type: 'merge' }, before)
  expect(dormant(council, dina)).toBe(true)
  council.says(second, { type: 'merge' }, before)
  expect(dormant(council, dina)).toBe(false)
})

test('what somebody did before they went away does not bring them back, however it is worked out', () => {
  const { council, alba, bruna, cira, dina } = assemble(4)
  council.registers(dina)
  council.decide(away(dina), [alba, bruna, cira])
  expect(dormant(council, dina)).toBe(true)
  const { members } = fromNothing(council.ledger, council.ledger.heads())
  expect(members.get(dina.member)?.dormant).toBe(true)
})

test('nor is anybody who is not there: a proposal that names one of them is none', () => {
  const { council, alba, bruna, cira, elva } = assemble(5)
  const named = council.proposes(alba, away(elva, council.stranger()))
  for (const who of [bruna, cira]) council.approves(who, named)
  council.enacts(alba, named)
  expect([council.isVoid(named), dormant(council, elva)]).toEqual([true, false])
})

test('without a majority nobody is put to sleep, nor with one whose votes were cut', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  council.decide(away(elva), [alba, bruna])
  expect(dormant(council, elva)).toBe(false)
  council.decide(away(elva), [alba, bruna, cira], start)
  expect(dormant(council, elva)).toBe(true)
  council.decide(council.removal(cira), [alba, bruna, dina], start)
  expect(dormant(council, elva)).toBe(false)
})

test('a majority says which version of the rules one must know to write, and can only raise it', () => {
  const { council, alba, bruna, cira, start } = assemble(3)
  const raise = (rules: number) => ({ action: 'minRules' as const, rules })
  expect(council.ledger.state().minRules).toBe(1)
  council.decide(raise(3), [alba], start)
  expect(council.ledger.state().minRules).toBe(1)
  const three = council.decide(raise(3), [alba, bruna], start)
  const two = council.decide(raise(2), [cira, bruna])
  expect(council.ledger.state().minRules).toBe(3)
  expect([three, two].map((id) => council.isVoid(id))).toEqual([false, false])
  council.decide(council.removal(alba), [bruna, cira], start) // and the vote for three falls
  expect(council.ledger.state().minRules).toBe(2)
})
