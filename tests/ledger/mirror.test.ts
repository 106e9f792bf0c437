import { expect, test } from 'vitest'
import type { EntryId } from '../../src/lib/core/ids.ts'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createLedger } from '../../src/lib/ledger/graph.ts'
import type { ParentVerdict } from '../../src/lib/ledger/mirror.ts'
import { assemble } from './assembly.ts'

/** What acts of the collective other than the one come to. */
const more = new Map<EntryId, ParentVerdict>()

/** A circle of four, and what the collective around it says. */
const circle = () => {
  const assembly = assemble(4)
  const verdicts = new Map<EntryId, ParentVerdict>()
  const ledger = expectOk(
    createLedger(assembly.council.genesis, null, {
      askParent: (act) => verdicts.get(act) ?? more.get(act) ?? { type: 'unknown' },
    }),
  )
  /** An act of the collective, known here by its id alone. */
  const actAbove = assembly.council.ledger.coll as EntryId
  const rules = (verdict: ParentVerdict) => {
    verdicts.set(actAbove, verdict)
    return ledger.parentChanged()
  }
  const hears = () => ledger.add(assembly.council.wires)
  const mirrors = (who = assembly.bruna, on?: readonly EntryId[]) =>
    assembly.council.says(who, { type: 'mirror', act: actAbove }, on)
  const standing = (who = assembly.alba) => ledger.state().devices.get(who.own.id)?.standing
  return { ...assembly, ledger, rules, hears, mirrors, standing }
}

test('whom the collective suspends the circle suspends, as long as it does', () => {
  const { council, alba, cira, dina, ledger, rules, hears, mirrors, standing } = circle()
  rules({ type: 'suspends', devices: [alba.own.id] })
  const mirror = mirrors()
  hears()
  expect(standing()).toBe('suspended')
  expect(ledger.state().void.has(mirror)).toBe(false)
  council.decide(council.lift(alba), [cira, dina, council.founders[1]!])
  hears()
  expect(standing()).toBe('suspended') // the circle cannot undo it
  rules({ type: 'void' })
  expect(standing()).toBe('active')
  expect(ledger.state().void.has(mirror)).toBe(true)
})

test('nor does revoking whoever mirrored it undo it, whatever the decision names', () => {
  const { council, alba, bruna, cira, dina, rules, hears, mirrors, standing } = circle()
  rules({ type: 'suspends', devices: [alba.own.id] })
  const mirror = mirrors(bruna)
  council.decide(council.revocation(bruna, [mirror]), [alba, cira, dina])
  hears()
  expect([standing(alba), standing(bruna)]).toEqual(['suspended', 'revoked'])
})

test('the collective’s word seconds what somebody says beyond their share, whatever becomes of whoever mirrored it', () => {
  const { council, alba, bruna, cira, dina, ledger, rules, hears, mirrors } = circle()
  council.suspend(cira, alba)
  const beyond = council.suspend(cira, dina)
  rules({ type: 'suspends', devices: [dina.own.id] })
  const mirror = mirrors(bruna)
  council.decide(council.revocation(bruna, [mirror]), [alba, cira, dina])
  hears()
  expect(new Set(ledger.state().devices.get(dina.own.id)?.suspensions)).toEqual(new Set([beyond, mirror]))
})

test('the collective takes its word back by another act: from there on, and nothing that came before is judged otherwise', () => {
  const { council, alba, bruna, ledger, rules, hears, mirrors, standing } = circle()
  rules({ type: 'suspends', devices: [alba.own.id] })
  mirrors()
  const between = council.says(bruna, { type: 'merge' })
  const over = alba.own.id as unknown as EntryId
  more.set(over, { type: 'lifts', acts: [council.ledger.coll] })
  const lift = council.says(bruna, { type: 'mirror', act: over })
  hears()
  expect(standing()).toBe('active')
  expect(ledger.state().void.has(lift)).toBe(false)
  expect(ledger.stateOf([between]).devices.get(alba.own.id)?.standing).toBe('suspended')
  more.set(over, { type: 'lifts', acts: [] })
  ledger.parentChanged()
  expect(standing()).toBe('suspended')
})

test('whom the collective revokes the circle revokes, and what they said without knowing is cut', () => {
  const { council, alba, ledger, rules, hears, mirrors, standing, start } = circle()
  const [before, meanwhile] = [council.registers(alba, start), council.registers(alba, start)]
  rules({ type: 'revokes', devices: [alba.own.id] })
  mirrors(council.founders[1], [before.entry])
  hears()
  expect(standing()).toBe('revoked')
  expect(ledger.state().feeds.has(before.feed)).toBe(true)
  expect(ledger.state().feeds.has(meanwhile.feed)).toBe(false)
})

test('a mirror waits, with everything on top of it, until the act it mirrors has arrived', () => {
  const { alba, council, ledger, rules, hears, mirrors, standing } = circle()
  const mirror = mirrors()
  const above = council.says(council.founders[2]!, { type: 'merge' })
  expect(hears()).toMatchObject({ added: [], waiting: 2 })
  expect(ledger.missing()).toEqual([])
  const { added } = rules({ type: 'suspends', devices: [alba.own.id] })
  expect(added.map(({ id }) => id)).toEqual([mirror, above])
  expect(standing()).toBe('suspended')
})

test('a mirror by whoever was put out stays without effect, and so does every mirror where there is nothing above', () => {
  const { council, alba, bruna, cira, ledger, rules, hears, mirrors, standing, start } = circle()
  rules({ type: 'suspends', devices: [cira.own.id] })
  council.decide(council.removal(alba), [bruna, cira, council.founders[3]!], start)
  mirrors(alba, start)
  hears()
  expect(standing(cira)).toBe('active')
  const idle = mirrors(bruna)
  expect(council.isVoid(idle)).toBe(true)
  hears()
  expect(standing(cira)).toBe('suspended')
  expect(hexFromBytes(ledger.state().hash)).not.toBe(hexFromBytes(council.ledger.state().hash))
})
