import { expectOk } from '../../src/lib/core/result.ts'
import { createLedger, type Ledger } from '../../src/lib/ledger/graph.ts'
import { AssemblyHistory } from './assembly-history.ts'
import { figure, growth, median, sizesUpTo, type Figure } from './report.ts'

/**
 * How long a large ledger takes to be worked out from nothing, beside one half as long: twice the acts should take about
 * twice the time. Then how long one act more takes. Signatures are checked before the clock starts: they cost the same each.
 */
export const ledger = ({ acts, rounds }: { acts: number; rounds: number }): readonly Figure[] => {
  const { genesis, wires } = new AssemblyHistory({ acts, members: 200, devices: 600 })
  const loaded = (count: number) => {
    const ledger = expectOk(createLedger(genesis))
    ledger.add(wires.slice(0, count))
    return ledger
  }
  const [whole, half, quarter, more]: [number[], number[], number[], number[]] = [[], [], [], []]
  for (let round = 0; round < rounds; round++) {
    // One after the other, so that none is taken beside the memory of another.
    quarter.push(workedOut(loaded(acts / 4)))
    half.push(workedOut(loaded(acts / 2)))
    const longer = loaded(acts - STEPS)
    whole.push(workedOut(longer))
    for (const wire of wires.slice(acts - STEPS))
      more.push(
        timed(() => {
          longer.add([wire])
          return longer.state().devices
        }),
      )
  }
  return [
    figure({
      name: 'ledger',
      unit: 'ms',
      values: whole,
      baseline: half,
      baselineName: `half of ${acts} acts, ms`,
      goal: { atMost: 2.3 },
    }),
    growth({
      name: 'ledger',
      unit: 'ms in acts',
      // Whoever reads each act once and no more pays for it as often as there are acts.
      sizes: [quarter, half, whole].map((times, i) => {
        const size = sizesUpTo(acts)[i]!
        return { size, ours: median(times), bare: size }
      }),
      bareName: 'the number of acts',
      atMost: MOST_EXPONENT,
    }),
    figure({
      name: 'ledger-one-more',
      unit: 'ms',
      values: more,
      baseline: [1],
      baselineName: 'one millisecond',
      goal: { atMost: 5 },
    }),
  ]
}

/** Milliseconds from nothing. What reading the acts threw away is collected first: that is not a price of working them out. */
const workedOut = (ledger: Ledger): number => {
  globalThis.gc?.()
  return timed(() => ledger.state().devices)
}

/** Twice the acts may take 2.3 times as long. */
const MOST_EXPONENT = 1.2

/** Acts that come one by one, at the end. */
const STEPS = 50

const timed = (work: () => unknown): number => {
  const start = performance.now()
  work()
  return performance.now() - start
}
