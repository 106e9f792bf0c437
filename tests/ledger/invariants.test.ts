import fc from 'fast-check'
import { expect, test } from 'vitest'
import { equalBytes } from '../../src/lib/core/bytes.ts'
import type { EntryId, EpochId } from '../../src/lib/core/ids.ts'
import { openBox, verifyBoxSet } from '../../src/lib/ledger/boxes.ts'
import { writeEpoch } from '../../src/lib/ledger/epochs.ts'
import { createRotate } from '../../src/lib/ledger/rotation.ts'
import type { Act, LedgerState } from '../../src/lib/ledger/types.ts'
import { Evaluated, spellState } from './oracle/compare.ts'
import { MadeUp, type Hand } from './oracle/made-up.ts'
import { Oracle, type Word } from './oracle/oracle.ts'
import { standing } from './oracle/strata.ts'
import { stir, turmoil } from './oracle/turmoil.ts'
import { diceFrom, Quarrel, type Dice } from './quarrel.ts'

const SLOW = process.env.SLOW === '1'
const WHILE = { timeout: SLOW ? 1_800_000 : 240_000 }
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
  'I3: who is revoked stays so, unless (late rule) people settled something beside it that did not know of it',
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

test(
  'I4: what a revoked phone says that those who revoked it did not know changes nothing, but for what it carried out with others to put somebody out',
  WHILE,
  () => {
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
      // The hash names all these, void or not.
      const { void: voided, epochs, depths, proposals, hash: _now, ...rest } = spellState(after)
      const {
        void: voidedBefore,
        epochs: epochsBefore,
        depths: depthsBefore,
        proposals: proposalsBefore,
        hash: _before,
        ...expected
      } = spellState(before_)
      expect(rest).toEqual(expected)
      const wasThere = ([id]: readonly unknown[]) => known.some((one) => one.id === id)
      expect((proposals as unknown[][]).filter(wasThere)).toEqual(proposalsBefore)
      // What it proposes is known of, and has nobody behind it: not even who proposes it.
      for (const [id, , , ...approvals] of (proposals as unknown[][]).filter((one) => !wasThere(one)))
        expect([id, approvals]).toEqual([id, []])
      expect((voided as string[]).filter((id) => known.some((one) => one.id === id))).toEqual(voidedBefore)
      expect((epochs as string[][]).filter(([id]) => known.some((one) => one.id === id))).toEqual(
        epochsBefore,
      )
      expect((depths as string[][]).filter(([id]) => known.some((one) => one.id === id))).toEqual(
        depthsBefore,
      )
      expect(voided).toEqual(expect.arrayContaining(made.words.slice(known.length).map(({ id }) => id)))
    })
    expect(said).toBeGreaterThan(50)
  },
)
const PROTECTIVE = new Set(['removeMember', 'revokeDevice', 'recover'])

/** Some founders and whoever they bring in do anything, the others nothing. Fewer than half. */
const few = (founders: number, made: MadeUp): number => {
  const count = Math.ceil(founders / 2) - 1
  made.hands.splice(count)
  return count
}

/** Founders and those they let in since, who all have a voice: it was settled. Some have a second phone. */
const grown = (founders: number, dice: Dice): MadeUp => {
  const made = new MadeUp(founders, founders)
  const [first, second, third] = made.founders as [Hand, Hand, Hand]
  for (let guests = dice(5); guests > 0; guests--) {
    const guest = made.stranger()
    made.decides([first, second, third], made.entrant('admit', guest))
    made.hands.push(guest)
  }
  for (const who of [...made.hands]) {
    if (dice(3) > 0) continue
    const phone = made.another(who)
    const voucher = made.founders.find(({ member }) => member !== who.member)!
    made.decides([who, voucher], made.entrant('addDevice', phone))
    made.hands.push(phone)
  }
  made.settles(made.founders)
  return made
}

test(
  'I5: fewer than half, founders or let in since, with all their phones, whatever they say and however they date it, put nobody out, lift nothing, get no further voice, change no rule and settle nothing',
  WHILE,
  () => {
    let [newcomers, phones, most, others] = [0, 0, 0, 0]
    holds(({ founders, before, after, seed }) => {
      const dice = diceFrom(seed)
      const made = grown(founders, dice)
      const people = [...new Set(made.hands.map(({ member }) => member))]
      const bad = new Set<string>()
      while (bad.size < Math.ceil(people.length / 2) - 1) bad.add(people[dice(people.length)]!)
      const handsOf = (are: boolean) => made.hands.filter(({ member }) => bad.has(member) === are)
      const [thief] = handsOf(true) as [Hand, ...Hand[]]
      const [honest] = handsOf(false) as [Hand, ...Hand[]]
      const suspension = made.suspends(honest, thief)
      const then = stateOf(made.words)
      const pin = then.finals.at(-1)!
      const everybody = [...made.hands]
      newcomers += [...bad].filter((member) => !then.members.get(member as Hand['member'])!.founder).length
      phones += handsOf(true).length - bad.size
      made.hands.splice(0, made.hands.length, ...handsOf(true))
      const words = stir(made, [...before, ...after]).words
      // Few by now, they may have been more than half of those who founded it: with a date of then they could settle another
      // past beside the final one, and whoever holds to none would believe in neither. Against that there is the pin.
      const wereMost = 2 * made.founders.filter(({ member }) => bad.has(member)).length > founders
      if (wereMost) most++
      else others++
      for (const state of wereMost ? [stateOf(words, pin)] : [stateOf(words), stateOf(words, pin)]) {
        const voices = ({ members }: LedgerState) =>
          [...members.values()].flatMap(({ id, votes }) => (votes ? [id] : [])).sort()
        // A phone may end itself, and who has none left has left: nobody else loses a voice, and nobody gains one.
        expect(voices(then)).toEqual(expect.arrayContaining(voices(state)))
        for (const id of voices(then)) if (!bad.has(id)) expect(voices(state)).toContain(id)
        for (const { member } of everybody) expect(state.members.has(member)).toBe(true)
        for (const hand of everybody) expect(standingOf(state, hand)).not.toBe('revoked')
        expect(standingOf(state, thief)).not.toBe('active')
        expect(state.devices.get(thief.own.id)!.suspensions).toContain(suspension)
        expect([state.policy.admit, state.minRules, state.finals]).toEqual([2, 1, then.finals])
      }
    })
    expect(newcomers).toBeGreaterThan(20)
    expect(phones).toBeGreaterThan(20)
    expect(most).toBeGreaterThan(5)
    expect(others).toBeGreaterThan(50)
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

test('I6: whoever was put out for silencing others lends no further phone its voice', WHILE, () => {
  let silenced = 0
  holds(({ founders, before, after }) => {
    const made = new MadeUp(founders, founders)
    const [thief, ...rest] = made.founders.slice(few(founders, made)) as [Hand, ...Hand[]]
    const bad = made.founders.slice(0, few(founders, made))
    made.hands.splice(0, made.hands.length, ...bad)
    // Everything they can do, and each of them suspends all.
    stir(made, before)
    for (const one of bad) for (const other of [thief, ...rest]) made.suspends(one, other)
    const annul = [...stateOf(made.words).suspensions.keys()].sort().slice(0, 256)
    for (const one of bad)
      made.decides([thief, ...rest], { action: 'removeMember', member: one.member, annul })
    made.hands.splice(0, made.hands.length, thief)
    stir(made, after)
    for (const other of rest) made.suspends(thief, other)
    const state = stateOf(made.words)
    const silent = rest.filter((hand) => standingOf(state, hand) === 'suspended')
    // Dated back to when all were there, if it likes.
    expect(silent.length).toBeLessThanOrEqual(Math.max(1, Math.floor((founders - 1) / 2)))
    silenced += silent.length
  })
  expect(silenced).toBeGreaterThan(50)
})

test('what ends a suspension pauses nobody who was not paused', WHILE, () => {
  const ended = { 'taken back': 0, annulled: 0, lifted: 0 }
  holds(({ founders, before, after, seed }) => {
    const made = turmoil(founders, [...before, ...after])
    const dice = diceFrom(seed)
    const then = stateOf(made.words)
    const said = [...then.suspensions].filter(([, { device }]) => then.devices.has(device))
    // Who is silent no longer may have taken something back meanwhile, which makes room by right.
    fc.pre(said.length > 0 && !made.words.some(({ act }) => act?.type === 'withdraw'))
    const [id, { device, author: by }] = said[dice(said.length)]!
    const author = made.hands.find(({ own }) => own.id === by)
    const others = made.founders.filter(({ own }) => then.devices.get(own.id)?.standing !== 'revoked')
    fc.pre(author !== undefined && others.length > 0)
    const way = (['taken back', 'annulled', 'lifted'] as const)[dice(3)]!
    if (way === 'taken back') made.says(author, { type: 'withdraw', target: id })
    else if (way === 'lifted') made.decides(others, { action: 'lift', device })
    else made.decides(others, { action: 'removeMember', member: author.member, annul: [id] })
    const now = stateOf(made.words)
    if (then.devices.get(device)!.standing !== now.devices.get(device)!.standing) ended[way]++
    for (const [one, { standing }] of now.devices)
      if (standing === 'suspended') expect(then.devices.get(one)?.standing ?? 'suspended').toBe('suspended')
  }, 400)
  for (const times of Object.values(ended)) expect(times).toBeGreaterThan(10)
})

test(
  'whatever somebody says against others, dated back at will, ends no suspension that another member said: no paused phone its own',
  WHILE,
  () => {
    let paused = 0
    const quarrels = fc.record({
      founders: fc.integer({ min: 3, max: 6 }),
      // Who pauses whom, and in one of four takes something back.
      before: fc.array(fc.tuple(fc.nat(5), fc.nat(5), fc.nat(3)), {
        minLength: 2,
        maxLength: 12,
        size: 'max',
      }),
      // Whom the thief pauses, and how far back it dates that.
      words: fc.array(fc.tuple(fc.nat(5), fc.nat(20)), { minLength: 1, maxLength: 4, size: 'max' }),
      thief: fc.nat(5),
    })
    fc.assert(
      fc.property(quarrels, ({ founders, before, words, thief: nth }) => {
        const made = new MadeUp(founders, 7)
        const hand = (n: number) => made.founders[n % founders]!
        for (const [by, about, how] of before) {
          const [who, other] = [hand(by), hand(about)]
          const said = made.words.filter(
            ({ act, author }) => act?.type === 'suspend' && author === who.own.id,
          )
          if (how === 0 && said.length > 0)
            made.says(who, { type: 'withdraw', target: said[about % said.length]!.id })
          else if (who !== other) made.suspends(who, other)
        }
        const thief = hand(nth)
        const then = stateOf(made.words)
        const said = [...then.suspensions.values()].filter(({ author }) => author !== thief.own.id)
        fc.pre(said.length > 0)
        const isPaused = standingOf(then, thief) === 'suspended'
        if (isPaused) paused++
        const known = [...made.words]
        for (const [about, on] of words) {
          const device = hand(about).own.id
          made.says(thief, { type: 'suspend', device, frontier: [], reason: 'seized', evidence: null }, [
            known[on % known.length]!.id,
          ])
        }
        const now = stateOf(made.words)
        for (const { id } of said) expect([...now.suspensions.keys()]).toContain(id)
        if (isPaused) expect(standingOf(now, thief)).toBe('suspended')
      }),
      { numRuns: SLOW ? 50_000 : 1000 },
    )
    expect(paused).toBeGreaterThan(100)
  },
)

const silencings = (most: number) =>
  fc.array(
    fc.record({
      by: fc.nat({ max: 8 }),
      target: fc.nat({ max: 8 }),
      says: fc.constantFrom('suspend', 'propose'),
      knows: fc.constantFrom('nothing', 'everything', 'something'),
    }),
    { minLength: 1, maxLength: most, size: 'max' },
  )

test(
  'I6: whoever suspends whom, in whatever order, any majority of all lifts and puts out whom it likes',
  WHILE,
  () => {
    let silenced = 0
    const drawn = fc.record({
      founders: fc.integer({ min: 3, max: 9 }),
      words: silencings(90),
      late: silencings(12),
      first: fc.nat({ max: 8 }),
      seed: fc.nat(),
    })
    fc.assert(
      fc.property(drawn, ({ founders, words, late, first, seed }) => {
        const made = new MadeUp(founders, founders)
        const dice = diceFrom(seed)
        const who = (at: number) => made.founders[at % founders]!
        const start = made.heads
        const silences = ({ by, target, says, knows }: (typeof words)[number]) => {
          const something = [made.words[dice(made.words.length)]!.id]
          const on = knows === 'nothing' ? start : knows === 'something' ? something : made.heads
          const device = who(target).own.id
          const proposal = { action: 'revokeDevice', device, frontier: [], annul: [] } as const
          if (says === 'suspend') made.suspends(who(by), who(target), on)
          else made.says(who(by), { type: 'propose', proposal }, on)
        }
        words.forEach(silences)
        const majority = Array.from({ length: Math.floor(founders / 2) + 1 }, (_, i) => who(first + i))
        const target = who(first + majority.length)
        const then = stateOf(made.words)
        if (majority.every((hand) => standingOf(then, hand) === 'suspended')) silenced++
        const lift = made.decides(majority, { action: 'lift', device: target.own.id })
        expect(standingOf(stateOf(made.words), target)).toBe('active')
        const device = target.own.id
        const out = made.decides(majority, { action: 'revokeDevice', device, frontier: [], annul: [] })
        // And what was said meanwhile, dated back or not, by whomever: what they decided stands.
        late.forEach(silences)
        const now = stateOf(made.words)
        expect([lift, out].map(({ enacted }) => now.void.has(enacted))).toEqual([false, false])
        expect(standingOf(now, target)).toBe('revoked')
      }),
      { numRuns: SLOW ? 5000 : 150 },
    )
    expect(silenced).toBeGreaterThan(20)
  },
)

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

test(
  'I11: no key is for anybody who was suspended or out as far as its maker knew, or (late rule) by what was settled beside it; and nobody writes under one that is',
  WHILE,
  () => {
    let [kept, left, late] = [0, 0, 0]
    holds(({ founders, before, after, seed }) => {
      const made = turmoil(founders, [...before, ...after])
      const dice = diceFrom(seed)
      // Somebody rotates who knows what is here, or only what was there once.
      for (let i = 0; i < 3; i++) {
        const on = dice(2) ? made.heads : [made.words[dice(made.words.length)]!.id]
        made.says(
          made.hands[dice(made.hands.length)]!,
          { type: 'rotate', prev: [], commit: new Uint8Array(32), boxRoot: new Uint8Array(32) },
          on,
        )
      }
      const oracle = new Oracle(made.words)
      const state = stateOf(made.words)
      for (const { id, recipients } of state.epochs.values()) {
        const past = oracle.past(id)
        const view = stateOf(made.words.filter((word) => past.has(word.id)))
        const isLate = state.finals.some((final) => !oracle.inLine(final, id))
        const known = isLate ? oracle.reading(state.finals).at(id) : null
        for (const device of recipients)
          expect(known ? standing(known, device) : view.devices.get(device)?.standing).toBe('active')
        kept += recipients.length
        if (isLate) late++
        left += [...view.devices.values()].filter(({ standing }) => standing === 'suspended').length
      }
      const epoch = writeEpoch(state, () => true)
      for (const device of epoch ? state.epochs.get(epoch)!.recipients : [])
        expect(state.devices.get(device)?.standing).toBe('active')
    })
    expect(kept).toBeGreaterThan(100)
    expect(left).toBeGreaterThan(100)
    expect(late).toBeGreaterThan(5)
  },
)

const boxed = fc.record({
  founders: fc.integer({ min: 3, max: 6 }),
  turns: fc.integer({ min: 10, max: 40 }),
  seed: fc.nat({ max: 2 ** 30 }),
  knows: fc.nat(),
})

test(
  'I11: with real boxes: whoever is suspended or out in the view of whoever rotates opens none of them',
  WHILE,
  () => {
    let [opened, shut] = [0, 0]
    fc.assert(
      fc.property(boxed, ({ founders, turns, seed, knows }) => {
        const { council, hands } = new Quarrel({ seed, founders, turns })
        // A phone that is behind: it holds all that somebody knew once, as links bring it.
        const all = council.ledger.topological().slice(1)
        const behind = council.replay(all.slice(0, 1 + (knows % all.length)).map(({ wire }) => wire))
        const view = behind.state()
        const maker = hands.find(({ own }) => view.devices.get(own.id)?.standing === 'active')
        if (!maker) return
        const { entry, boxes, key } = createRotate({ ledger: behind, own: maker.own })
        behind.add([entry.wire])
        const epoch = entry.id as EpochId
        expect(verifyBoxSet(behind.state().epochs.get(epoch)!, boxes)).toBe(true)
        for (const { own } of hands) {
          const known = view.devices.get(own.id)
          const open = openBox({ ledger: behind, own, epoch, boxes })
          if (known?.standing === 'active' && known.kind === 'member') {
            // A new key of its own it may have lost hold of here: then nobody opens its box.
            if (!equalBytes(known.kemPk, own.device.kemPk)) continue
            expect(open).toEqual({ ok: true, value: key })
            opened++
          } else {
            expect(open.ok).toBe(false)
            // Nor with anybody else’s put in its place.
            for (const box of boxes.slice(0, 2))
              expect(openBox({ ledger: behind, own, epoch, boxes: [{ ...box, device: own.id }] }).ok).toBe(
                false,
              )
            expect(boxes.map(({ device }) => device)).not.toContain(own.id)
            if (known) shut++
          }
        }
      }),
      { numRuns: SLOW ? 1500 : 60 },
    )
    expect(opened).toBeGreaterThan(40)
    expect(shut).toBeGreaterThan(20)
  },
)

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
