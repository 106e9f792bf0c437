import { fork } from 'node:child_process'
import { once } from 'node:events'
import { beforeAll, expect, test } from 'vitest'
import { MOST } from '../../src/lib/net/topology.ts'
import { buildProgram } from '../world/program.ts'
import type { Churn } from './churn.ts'

const LONG = process.env.SLOW === '1'
/** How long it goes on: twenty minutes, or one. */
const GOES_ON_MS = (LONG ? 20 : 1) * 60_000
const OUT = 'dist/test-churn'
/**
 * What may be held beyond what was written, for each happening (some eight to twelve connections are made for one), and by the
 * chance of when it is counted. Every link of the past kept, by mistake, is 220 kB a happening. kB.
 */
const [FILLING_KB, CHANCE_KB] = [130, 2000]

/** In a process of its own: nothing else is on its heap, and it may be told to collect. */
beforeAll(() => buildProgram('tests/net/churn.ts', OUT), 120_000)

const churned = async (ms: number): Promise<Churn> => {
  const child = fork(`${OUT}/churn.js`, [String(ms)], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  let said = ''
  child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  expect(code).toBe(0)
  return JSON.parse(said) as Churn
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

/** What stands for some samples: their medians. */
const middle = (samples: Churn['memory']) => ({
  heap: median(samples.map(({ heap }) => heap)),
  edits: median(samples.map(({ edits }) => edits)),
})
const part = (samples: Churn['memory'], from: number, to: number) =>
  middle(samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to)))

/** What one edit more leaves behind, and is meant to: all twelve hold it. kB. */
const growth = (early: ReturnType<typeof part>, late: ReturnType<typeof part>): number =>
  (late.heap - early.heap) / (late.edits - early.edits)

test(
  'twelve phones come, go, and lose their links while all write: nothing is lost, and neither connections nor memory pile up',
  async () => {
    const churn = await churned(GOES_ON_MS)
    const { seconds, happenings, edits, made, memory, calm, orphans } = churn
    const whileCalm = growth(part(calm, 0, 0.2), part(calm, 0.8, 1))
    const whileChurning = growth(part(memory, 0.2, 0.4), part(memory, 0.8, 1))
    const [first, last] = [memory[0]!, part(memory, 0.8, 1)]
    /** What is held more at the end than so many edits without any happening would leave. kB. */
    const beyond = last.heap - first.heap - whileCalm * (last.edits - first.edits)
    process.stdout.write(
      `${JSON.stringify({ name: 'churn', seconds, happenings, edits, made, whileCalm, whileChurning, beyond, first, last: memory.at(-1) })}\n`,
    )
    expect(happenings).toBeGreaterThan(5)
    expect({ texts: churn.texts, lost: churn.lost }).toEqual({ texts: 1, lost: 0 })
    expect(churn.links).toBeLessThanOrEqual(MOST)
    expect(orphans).toEqual({ most: 0, atRest: 0 })
    expect(churn.left).toBe(0)
    // In the first minutes what is remembered for a while (notes seen, mailboxes) fills up to its bounds.
    expect(beyond).toBeLessThan(FILLING_KB * happenings + CHANCE_KB)
    if (LONG) expect(whileChurning / whileCalm).toBeLessThan(1.5)
  },
  GOES_ON_MS + 400_000,
)
