import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EntryId } from '../../src/lib/core/ids.ts'
import type { Act, LedgerState } from '../../src/lib/ledger/types.ts'
import { Evaluated, spellState } from './oracle/compare.ts'
import { MadeUp, type Hand } from './oracle/made-up.ts'
import { Oracle, type Word } from './oracle/oracle.ts'
import { stir, turmoil } from './oracle/turmoil.ts'
import { diceFrom, type Dice } from './quarrel.ts'

const SLOW = process.env.SLOW === '1'
const WHILE = { timeout: SLOW ? 1_800_000 : 60_000 }
const turns = (most: number) =>
  fc.array(fc.integer({ min: 0, max: 2 ** 31 }), { minLength: 1, maxLength: most })
const collectives = fc.record({
  founders: fc.integer({ min: 3, max: 9 }),
  before: turns(8),
  after: turns(8),
  seed: fc.nat(),
})
type Drawn = {
  readonly founders: number
  readonly before: readonly number[]
  readonly after: readonly number[]
  readonly seed: number
}
const holds = (check: (drawn: Drawn) => void, runs = 100) =>
  fc.assert(fc.property(collectives, check), { numRuns: SLOW ? 50 * runs : runs })

const stateOf = (words: readonly Word[], pin: EntryId | null = null): LedgerState =>
  new Evaluated().hears(words).state(pin)
const standingOf = (state: LedgerState, { own }: Hand) => state.devices.get(own.id)?.standing

/** The same entries in another order in which every entry comes after what it knew. */
const shuffled = (words: readonly Word[], dice: Dice): readonly Word[] => {
  const here = new Set<EntryId>()
  const left = [...words]
  const order: Word[] = []
  while (left.length > 0) {
    const ready = left.filter(({ parents }) => parents.every((id) => here.has(id)))
    const next = ready[dice(ready.length)]!
    left.splice(left.indexOf(next), 1)
    here.add(next.id)
    order.push(next)
  }
  return order
}

test(
  'I1 I2: who hears what first, in what portions, and who looks meanwhile, makes no difference',
  WHILE,
  () => {
    holds(({ founders, before, after, seed }) => {
      const { words } = turmoil(founders, [...before, ...after])
      const dice = diceFrom(seed)
      const checkpoints = words.filter(({ act }) => act?.type === 'checkpoint')
      const pin = checkpoints.length > 0 && dice(2) ? checkpoints[dice(checkpoints.length)]!.id : null
      const other = new Evaluated()
      for (const rest = [...shuffled(words, dice)]; rest.length > 0;) {
        other.hears(rest.splice(0, 1 + dice(6)))
        if (dice(2)) other.state(dice(2) ? pin : null)
      }
      expect(spellState(other.state(pin))).toEqual(spellState(stateOf(words, pin)))
    })
  },
)

test(
  'I3: who is revoked stays so, unless people settled something beside it that did not know of it',
  WHILE,
  () => {
    let revoked = 0
    holds(({ founders, before, after }) => {
      const made = turmoil(founders, before)
      const then = stateOf(made.words)
      const pin = then.finals.at(-1) ?? null
      const now = stateOf(stir(made, after).words, pin)
      const oracle = new Oracle(made.words)
      for (const { id, revokedBy, standing } of then.devices.values()) {
        const isBeside = now.finals.some(
          (final) => !then.finals.includes(final) && revokedBy.every((by) => !oracle.inLine(by, final)),
        )
        if (standing !== 'revoked' || isBeside) continue
        revoked++
        expect(['revoked', undefined]).toContain(now.devices.get(id)?.standing)
      }
    })
    expect(revoked).toBeGreaterThan(10)
  },
)

test('I4: what a revoked phone says that those who revoked it did not know changes nothing', WHILE, () => {
  let said = 0
  holds(({ founders, before, seed }) => {
    const made = turmoil(founders, before)
    const dice = diceFrom(seed)
    const pick = <T>(list: readonly T[]): T => list[dice(list.length)]!
    const before_ = stateOf(made.words)
    const gone = made.hands.filter((hand) => standingOf(before_, hand) === 'revoked')
    if (gone.length === 0) return
    const known = [...made.words]
    for (let i = 0; i < 6; i++) {
      const who = pick(gone)
      const device = pick(made.hands).own.id
      const decided = known.filter(
        ({ act }) => act?.type === 'propose' && !PROTECTIVE.has(act.proposal.action),
      )
      const acts: readonly (Act | null)[] = [
        { type: 'suspend', device, frontier: [], reason: 'seized', evidence: null },
        { type: 'propose', proposal: { action: 'revokeDevice', device, frontier: [], annul: [] } },
        { type: 'rotate', prev: [], commit: new Uint8Array(32), boxRoot: new Uint8Array(32) },
        { type: 'rekey', kemPk: who.own.device.kemPk },
        { type: 'invite', invitePk: new Uint8Array(32), uses: 1 },
        { type: 'withdraw', target: pick(known).id },
        decided.length > 0 ? { type: 'approve', proposal: pick(decided).id, seen: [] } : null,
        decided.length > 0 ? { type: 'enact', proposal: pick(decided).id } : null,
      ]
      const act = pick(acts)
      const on = dice(2) ? [pick(known).id] : [pick(known).id, pick(known).id]
      // Not what those who revoked it knew: they may have counted on it.
      if (act) made.says(who, act, on)
    }
    const after = stateOf(made.words)
    said += made.words.length - known.length
    const { void: voided, epochs, proposals, ...rest } = spellState(after)
    const {
      void: voidedBefore,
      epochs: epochsBefore,
      proposals: proposalsBefore,
      ...expected
    } = spellState(before_)
    expect(rest).toEqual(expected)
    const wasThere = ([id]: readonly unknown[]) => known.some((one) => one.id === id)
    expect((proposals as unknown[][]).filter(wasThere)).toEqual(proposalsBefore)
    // What it proposes is known of, and has nobody behind it: not even who proposes it.
    for (const [id, , , ...approvals] of (proposals as unknown[][]).filter((one) => !wasThere(one)))
      expect([id, approvals]).toEqual([id, []])
    expect((voided as string[]).filter((id) => known.some((one) => one.id === id))).toEqual(voidedBefore)
    expect((epochs as string[][]).filter(([id]) => known.some((one) => one.id === id))).toEqual(epochsBefore)
    expect(voided).toEqual(expect.arrayContaining(made.words.slice(known.length).map(({ id }) => id)))
  })
  expect(said).toBeGreaterThan(50)
})
const PROTECTIVE = new Set(['removeMember', 'revokeDevice', 'recover'])

/** Some founders and whoever they bring in do anything, the others nothing. Fewer than half. */
const few = (founders: number, made: MadeUp): number => {
  const count = Math.ceil(founders / 2) - 1
  made.hands.splice(count)
  return count
}

test(
  'I5: fewer than half, whatever they say and however they date it, put nobody out, lift nothing, get no further voice',
  WHILE,
  () => {
    holds(({ founders, before, after }) => {
      const made = new MadeUp(founders, founders)
      const [honest, thief] = [made.founders.at(-1)!, made.founders[0]!]
      const suspension = made.suspends(honest, thief)
      few(founders, made)
      const state = stateOf(stir(made, [...before, ...after]).words)
      expect(
        [...state.members.values()].flatMap(({ votes, founder }) => (votes && !founder ? [0] : [])),
      ).toEqual([])
      for (const hand of made.founders) expect(state.members.has(hand.member)).toBe(true)
      for (const hand of made.founders) expect(standingOf(state, hand)).not.toBe('revoked')
      expect(standingOf(state, thief)).not.toBe('active')
      expect(state.devices.get(thief.own.id)!.suspensions).toContain(suspension)
      expect([state.policy.admit, state.minRules, state.finals.length]).toEqual([2, 1, 0])
    })
  },
)

test('I6: whoever fewer than half suspend, the others can put them out, and all speak again', WHILE, () => {
  holds(({ founders, before, after }) => {
    const made = new MadeUp(founders, founders)
    const bad = made.founders.slice(0, few(founders, made))
    const good = made.founders.slice(bad.length)
    stir(made, [...before, ...after])
    const said = [...stateOf(made.words).suspensions.keys()].sort().slice(0, 256)
    for (const one of bad) {
      const proposal = { action: 'removeMember', member: one.member, annul: said } as const
      const { enacted } = made.decides(good, proposal)
      expect(stateOf(made.words).void.has(enacted)).toBe(false)
    }
    const state = stateOf(made.words)
    for (const hand of bad) expect(state.members.has(hand.member)).toBe(false)
    const silent = good.filter((hand) => standingOf(state, hand) === 'suspended')
    for (const hand of silent) made.decides(good, { action: 'lift', device: hand.own.id })
    const end = stateOf(made.words)
    for (const hand of good) expect(standingOf(end, hand)).toBe('active')
  })
})

test('I6: one member alone leaves others who write', WHILE, () => {
  holds(({ founders, before, after }) => {
    const made = new MadeUp(founders, founders)
    made.hands.splice(1)
    const state = stateOf(stir(made, [...before, ...after]).words)
    const silent = made.founders.slice(1).filter((hand) => standingOf(state, hand) === 'suspended')
    expect(silent.length).toBeLessThanOrEqual(Math.max(1, Math.floor((founders - 1) / 2)))
    expect(silent.length).toBeLessThan(founders - 1)
  })
})

test('I12: what a phone verified as final stays so, whatever it hears', WHILE, () => {
  let pinned = 0
  holds(({ founders, before, after }) => {
    const made = turmoil(founders, before)
    const pin = stateOf(made.words).finals.at(-1)
    if (pin === undefined) return
    pinned++
    expect(stateOf(stir(made, after).words, pin).finals).toContain(pin)
  })
  expect(pinned).toBeGreaterThan(20)
})

test('I16: nothing under a final checkpoint is undone by an act outside it', WHILE, () => {
  let settled = 0
  holds(({ founders, before, after }) => {
    const made = turmoil(founders, before)
    const pin = stateOf(made.words).finals.at(-1)
    if (pin === undefined) return
    const oracle = new Oracle(made.words)
    const then = oracle.stateWithin(oracle.past(pin))
    const now = stateOf(stir(made, after).words, pin)
    for (const id of oracle.past(pin)) {
      if (then.void.has(id)) continue
      settled++
      expect(now.void.has(id)).toBe(false)
    }
  }, 300)
  expect(settled).toBeGreaterThan(100)
})

test('I17: a lift gives back everything that the suspension set aside', WHILE, () => {
  let given = 0
  holds(({ founders, before, seed }) => {
    const made = turmoil(founders, before)
    const dice = diceFrom(seed)
    const known = [...made.words]
    const then = stateOf(known)
    const standing = made.hands.filter(
      (hand) => standingOf(then, hand) === 'active' && then.devices.get(hand.own.id)!.kind === 'member',
    )
    if (standing.length < 2) return
    const [thief, by] = [standing[dice(standing.length)]!, standing[dice(standing.length)]!]
    const suspension = made.suspends(by, thief, [known[dice(known.length)]!.id])
    const meanwhile = stateOf(made.words)
    const voices = [...then.members.values()].flatMap(({ votes, devices }) => {
      const able = devices.find((id) => ['active', 'suspended'].includes(then.devices.get(id)!.standing))
      return votes && able ? made.hands.filter(({ own }) => own.id === able) : []
    })
    if (voices.length < 2 || !meanwhile.suspensions.has(suspension)) return
    const silenced = [...meanwhile.devices.values()].filter(({ suspensions }) =>
      suspensions.includes(suspension),
    )
    for (const { id } of silenced) made.decides(voices, { action: 'lift', device: id })
    const now = stateOf(made.words)
    if (now.suspensions.has(suspension)) return // too few are left to lift anything
    given += silenced.length
    for (const { id, standing: was } of then.devices.values())
      if (was === 'active') expect(now.devices.get(id)!.standing).toBe('active')
    for (const { id } of known) if (!then.void.has(id)) expect(now.void.has(id)).toBe(false)
  })
  expect(given).toBeGreaterThan(20)
})
