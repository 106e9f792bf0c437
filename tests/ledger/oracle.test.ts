import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EpochId } from '../../src/lib/core/ids.ts'
import { Evaluated, spellOracle, spellState } from './oracle/compare.ts'
import { CHAPTER_COUNT } from './oracle/lived.ts'
import { turmoil } from './oracle/turmoil.ts'
import { Oracle } from './oracle/oracle.ts'
import { seenIn } from './oracle/witness.ts'
import { writtenUnder } from './oracle/writing.ts'
import { diceFrom } from './quarrel.ts'

/**
 * In shares, so that a long run shows how far it is; `SHARES=3-7`: those alone. Every fourth is of longer quarrels. Each is
 * drawn from a seed of its own, the same in every run; `SEED=n` draws others.
 */
const [firstShare, lastShare] = (process.env.SHARES ?? (process.env.SLOW === '1' ? '1-100' : '1-1'))
  .split('-')
  .map(Number)
const SHARE = 1000
const FIRST_SEED = Number(process.env.SEED ?? 19680503)
const shares = Array.from({ length: lastShare! - firstShare! + 1 }, (_, i) => firstShare! + i)

const turns = (maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 2 ** 31 }), { minLength: 1, maxLength })

/** One in five has lived through something before, and does not quarrel for long: what takes many acts takes many seconds. */
const quarrels = (share: number) =>
  fc.record({
    founders: fc.nat({ max: 8 }).map((n) => [5, 3, 4, 6, 7, 8, 9, 2, 1][n]!),
    told: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ chapters: fc.constant([]), turns: turns(share % 4 === 0 ? 22 : 12) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          chapters: fc.constantFrom(...Array.from({ length: CHAPTER_COUNT }, (_, n) => [n])),
          turns: turns(6),
        }),
      },
    ),
    look: fc.nat(),
  })

const seen = new Set<string>()

const HAPPENED = [
  ...['admit', 'addDevice', 'removeMember', 'revokeDevice', 'lift', 'policy'].map(
    (it) => `${it} carried out`,
  ),
  ...['recover', 'keeper', 'dormant', 'minRules', 'amendFrontier'].map((it) => `${it} carried out`),
  ...['a key was renewed', 'an epoch upon others', 'a rotation is owed'],
  'something is written under a key that is not the newest',
  'a device brought in by a suspended one',
  'suspension said that does not bite',
  ...['suspended', 'revoked', 'retired'].flatMap((it) => [
    `device ${it}`,
    `how far a device counts that is ${it}`,
  ]),
  ...['open', 'enacted', 'withdrawn', 'void'].map((it) => `proposal ${it}`),
  ...['one final', 'two finals', 'rival checkpoints', 'a copied phone', 'an invitation was used'],
  ...['a newcomer votes', 'eight who vote', 'somebody is dormant', 'paused admission'],
  ...['two holders of one device', 'policy changed', 'rules raised'],
  ...['an annulled suspension', 'a lifted second', 'a second that no longer stands'],
  ...['a withdrawal that came to nothing', 'a withdrawal that came to nothing, and no room'],
  ...['by', 'for'].map((it) => `a second ${it} somebody put out before`),
  'somebody signed two pasts',
  'a suspension that another seconds',
  'judged as if it stood on a final checkpoint',
]

test.for(shares)(
  'two readers who share no code agree on any ledger whatever, at any moment and with any pin (a thousand: %i)',
  { timeout: 600_000 },
  (share) => {
    let looked = 0
    fc.assert(
      fc.property(quarrels(share), ({ founders, told: { turns, chapters }, look }) => {
        const { words } = turmoil(founders, turns, chapters)
        const evaluated = new Evaluated()
        const checkpoints = words.filter(({ act }) => act?.type === 'checkpoint').map(({ id }) => id)
        const pin = checkpoints[look % (checkpoints.length + 1)] ?? null
        for (const end of [1 + (look % words.length), words.length]) {
          const part = words.slice(0, end)
          const oracle = new Oracle(part)
          evaluated.hears(part)
          if (look % 2 === 0 && end === words.length) for (const what of seenIn(oracle)) seen.add(what)
          for (const pinned of new Set([null, pin])) {
            expect(spellState(evaluated.state(pinned))).toEqual(spellOracle(oracle, pinned))
            looked++
          }
        }
      }),
      { numRuns: SHARE, seed: FIRST_SEED + share },
    )
    expect(looked).toBeGreaterThan(2 * SHARE)
  },
)

test(
  'where keys were made beside and upon each other, both say how deep each lies, which is written under, and whether one is owed',
  { timeout: 600_000 },
  () => {
    let choices = 0
    const drawn = fc.record({
      founders: fc.integer({ min: 3, max: 6 }),
      turns: fc.array(fc.integer({ min: 0, max: 2 ** 31 }), { minLength: 1, maxLength: 4 }),
      keys: fc.array(fc.nat(), { minLength: 2, maxLength: 6 }),
    })
    fc.assert(
      fc.property(drawn, ({ founders, turns, keys }) => {
        const made = turmoil(founders, turns)
        for (const key of keys) {
          const dice = diceFrom(key)
          if (dice(3) === 0)
            made.decides(made.founders.slice(0, 3), made.entrant('admit', made.stranger()), made.heads)
          const on = dice(2) ? made.heads : [made.words[dice(made.words.length)]!.id]
          const knows = new Set(on.flatMap((id) => [id, ...made.below(id)]))
          const epochs = made.words.filter(({ id, act }) => act?.type === 'rotate' && knows.has(id))
          const prev = epochs.filter(() => dice(2)).map(({ id }) => id as EpochId)
          const who = made.founders[dice(founders)]!
          made.says(
            who,
            { type: 'rotate', prev, commit: new Uint8Array(32), boxRoot: new Uint8Array(32) },
            on,
          )
        }
        const oracle = new Oracle(made.words)
        const sum = oracle.state()
        expect(spellState(new Evaluated().hears(made.words).state())).toEqual(spellOracle(oracle))
        if (new Set([0, 1, 2].map((i) => writtenUnder(sum, (id) => id.charCodeAt(i) % 2 === 0))).size > 1)
          choices++
      }),
      { numRuns: process.env.SLOW === '1' ? 5000 : 250, seed: FIRST_SEED },
    )
    expect(choices).toBeGreaterThan(50)
  },
)

test('and these are ledgers in which something happens', () => {
  // Of ledgers in which nothing happens two readers agree easily.
  expect(HAPPENED.filter((what) => !seen.has(what))).toEqual([])
})
