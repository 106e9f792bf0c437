import type { EntryId, FeedId } from '../../src/lib/core/ids.ts'
import { bitsIn } from '../../src/lib/ledger/bits.ts'
import { Book, type Facts } from '../../src/lib/ledger/book.ts'
import { judge } from '../../src/lib/ledger/causal.ts'
import { Dag, topological, type Node } from '../../src/lib/ledger/dag.ts'
import { evaluate } from '../../src/lib/ledger/evaluate.ts'
import { Finality } from '../../src/lib/ledger/finality.ts'
import type { Ledger } from '../../src/lib/ledger/graph.ts'
import { NOBODY_ABOVE } from '../../src/lib/ledger/mirror.ts'
import { Reading } from '../../src/lib/ledger/reading.ts'
import { State } from '../../src/lib/ledger/state.ts'
import type { LedgerState } from '../../src/lib/ledger/types.ts'
import { NOTHING } from '../../src/lib/ledger/view.ts'

/**
 * The ledger evaluates a new act on top of what it settled before. Here everything is evaluated at once, from nothing, for
 * every single past: slow, and obviously what the pages say.
 */
export const fromNothing = (
  ledger: Ledger,
  heads: readonly EntryId[],
  clientOf?: (feed: FeedId) => number,
): LedgerState => {
  const { finals } = ledger.stateOf(heads)
  const dag = new Dag()
  for (const signed of ledger.since([])) dag.insert(signed)
  const facts = new WeakMap<Node, Facts>()
  const readings = [Reading.of(dag)]
  for (const id of finals) readings.push(readings.at(-1)!.upTo(dag.get(id)!))
  const books = readings.map(
    (reading) =>
      new Book({
        coll: ledger.coll,
        dag: reading,
        facts,
        askParent: NOBODY_ABOVE,
        ...(clientOf && { clientOf }),
      }),
  )
  const viewOf = (book: Book, below: readonly EntryId[]) =>
    evaluate(book, NOTHING, topological(nodesIn(book.dag, below)))!
  for (const [i, book] of books.entries())
    for (const node of topological(nodesIn(book.dag, i + 1 < books.length ? [finals[i]!] : heads)))
      if (!book.isJudged(node)) book.record(node, judge(book, viewOf(book, node.parents), node))
  const book = books.at(-1)!
  const known = new Set(nodesIn(book.dag, heads).map(({ id }) => id))
  const finality = new Finality(ledger.coll, dag)
  return new State({ book, view: viewOf(book, heads), knows: ({ id }) => known.has(id), finality })
}

const nodesIn = (reading: Reading, heads: readonly EntryId[]) =>
  bitsIn(reading.closure(heads)).map((index) => reading.at(index))
