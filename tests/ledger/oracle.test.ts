import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Evaluated, spellState, spellSum } from './oracle/compare.ts'
import { turmoil } from './oracle/turmoil.ts'
import { Oracle } from './oracle/oracle.ts'
import { seenIn } from './oracle/witness.ts'

const RUNS = process.env.SLOW === '1' ? 100_000 : 1000
const SLOWLY = { timeout: process.env.SLOW === '1' ? 3_600_000 : 120_000 }

const quarrels = fc.record({
  founders: fc.nat({ max: 8 }).map((n) => [5, 3, 4, 6, 7, 8, 9, 2, 1][n]!),
  turns: fc.array(fc.integer({ min: 0, max: 2 ** 31 }), {
    minLength: 1,
    maxLength: process.env.SLOW === '1' ? 22 : 12,
  }),
  look: fc.nat(),
})

const HAPPENED = [
  ...['admit', 'addDevice', 'removeMember', 'revokeDevice', 'lift', 'policy'].map(
    (it) => `${it} carried out`,
  ),
  ...['suspended', 'revoked', 'retired'].flatMap((it) => [
    `device ${it}`,
    `how far a device counts that is ${it}`,
  ]),
  ...['open', 'enacted', 'withdrawn'].map((it) => `proposal ${it}`),
  ...['one final', 'rival checkpoints', 'a copied phone', 'an invitation was used'],
  'judged as if it stood on a final checkpoint',
]

test(
  'two readers who share no code agree on any ledger whatever, at any moment and with any pin',
  SLOWLY,
  () => {
    let looked = 0
    const seen = new Set<string>()
    fc.assert(
      fc.property(quarrels, ({ founders, turns, look }) => {
        const { words } = turmoil(founders, turns)
        const evaluated = new Evaluated()
        if (look % 10 === 0) for (const what of seenIn(new Oracle(words))) seen.add(what)
        const checkpoints = words.filter(({ act }) => act?.type === 'checkpoint').map(({ id }) => id)
        const pin = checkpoints[look % (checkpoints.length + 1)] ?? null
        for (const end of [1 + (look % words.length), words.length]) {
          const part = words.slice(0, end)
          const oracle = new Oracle(part)
          evaluated.hears(part)
          for (const pinned of new Set([null, pin])) {
            const expected = spellSum(oracle.state(pinned), oracle.conflicting(oracle.inForce(pinned)))
            expect(spellState(evaluated.state(pinned))).toEqual(expected)
            looked++
          }
        }
      }),
      { numRuns: RUNS },
    )
    expect(looked).toBeGreaterThan(2 * RUNS)
    // Of ledgers in which nothing happens two readers agree easily.
    expect(HAPPENED.filter((what) => !seen.has(what))).toEqual([])
  },
)
