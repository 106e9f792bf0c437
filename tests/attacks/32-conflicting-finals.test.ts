import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { createLedger } from '../../src/lib/ledger/graph.ts'
import { assemble } from '../ledger/assembly.ts'

/** Two of four sign both of two pasts that contradict each other: each is co-signed by three. */
const split = (seed: number) => {
  const assembly = assemble(4, seed)
  const { council, alba, bruna, cira, dina, start } = assembly
  const ghost = council.stranger()
  const honest = council.settles([alba, bruna, cira], start)
  council.decide(council.admission(ghost), [alba, bruna], start)
  const forged = council.settles(
    [alba, bruna, dina],
    [council.ledger.heads().find((id) => !council.ledger.isBelow(honest, id))!],
  )
  return { ...assembly, ghost, honest, forged }
}

test('attack 32: with conflicting finals a pinned device keeps its pin, in whatever order it hears of them', () => {
  const { council, ghost, honest, forged } = split(320)
  expect(council.ledger.isBelow(honest, forged)).toBe(false)
  for (const wires of [council.wires, [...council.wires].reverse()]) {
    const phone = expectOk(createLedger(council.genesis, honest))
    for (const wire of wires) phone.add([wire])
    expect(phone.state().finals).toEqual([honest])
    expect(phone.state().checkpoints.get(forged)?.status).toBe('conflicting')
    expect(phone.state().members.get(ghost.member)?.votes).toBe(false)
  }
})

test('attack 32: one without a pin counts neither, and both name who signed twice', () => {
  const { council, alba, bruna, ghost, honest, forged } = split(321)
  const state = council.ledger.state()
  expect(state.finals).toEqual([])
  expect([honest, forged].map((id) => state.checkpoints.get(id)?.status)).toEqual([
    'conflicting',
    'conflicting',
  ])
  expect(state.doubleSigners).toEqual([alba.member, bruna.member].sort())
  expect(state.members.get(ghost.member)?.votes).toBe(false)
  council.ledger.setPin(honest)
  expect(council.ledger.state().doubleSigners).toEqual([alba.member, bruna.member].sort())
})

test('attack 32: a later checkpoint above both settles it for everybody who has no pin against it', () => {
  const { council, alba, bruna, cira, dina, honest, forged } = split(322)
  const above = council.settles([alba, bruna, cira, dina])
  expect([honest, forged].every((id) => council.ledger.isBelow(id, above))).toBe(true)
  expect(council.ledger.state().finals).toEqual([above])
  council.ledger.setPin(honest)
  expect(council.ledger.state().finals).toEqual([honest, above])
})
