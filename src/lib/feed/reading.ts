import type { EntryId, FeedId, RecId } from '../core/ids.ts'
import type { LedgerView, Position } from '../ledger/types.ts'
import { belowAfter, clockBelow } from './below.ts'
import { positionOf, type FeedLine, type Node } from './line.ts'
import { checkPayload } from './payload.ts'
import type { ClosureCache } from './rights.ts'
import type { BadRecord, RecordBody } from './types.ts'

/** What a record says can be told only where it stands: in its feed, among the records it names, above its ledger heads. */
export type ReadingWorld = {
  readonly ledger: LedgerView
  readonly closures: ClosureCache
  /** The record a position names, or the base it lies in; `null`: not here. */
  readonly nodeOf: (position: Position) => Node | null
  /** The feeds a Yjs client id belongs to: one, but for a collision somebody ground out. */
  readonly linesOf: (client: number) => readonly FeedLine[]
  /** Feeds of which the base holds more than counts: what is written upon that, nobody else can read. */
  readonly tooMuch?: readonly FeedId[]
}

/** The verdict on everything about a record that never changes. */
export type Reading =
  | { readonly type: 'read'; readonly known: Pick<Node, 'deps' | 'heads' | 'below' | 'basal' | 'clocks'> }
  | { readonly type: 'waitsForRecord'; readonly rec: RecId; readonly feed: FeedId }
  | { readonly type: 'waitsForEntry'; readonly entry: EntryId }
  | { readonly type: 'refused'; readonly why: BadRecord }

/** Reads an opened record in its place. Waits for the first thing that is missing; refuses what is wrong for ever. Spec: feed.md §6. */
export const readRecord = (
  at: { readonly line: FeedLine; readonly prev: Node },
  body: RecordBody,
  world: ReadingWorld,
): Reading => {
  const { line, prev } = at
  if (prev.stage !== 'read') return waitFor(prev)
  const deps: Node[] = []
  const exact: Node[] = []
  for (const position of body.deps) {
    const node = world.nodeOf(position)
    if (!node) return { type: 'waitsForRecord', rec: position.rec, feed: position.feed }
    if (node.stage !== 'read') return waitFor(node)
    if (node.line === line || !isNamedRightly(node, position)) return refuse({ type: 'BadHeads' })
    deps.push(node)
    // A place inside the base does not reach up to where the base ends, whoever resolves it to that.
    if (node.seq === position.seq) exact.push(node)
  }
  const heads = headsAfter(prev, body, world)
  if (heads && 'type' in heads) return heads
  const below = belowAfter(line, prev, exact)
  if (!below) return refuse({ type: 'BadHeads' })
  const basal = prev.basal || deps.some((dep) => dep.basal)
  // Shared with the record before, as long as no clock moved.
  let clocks = prev.clocks
  for (const { doc, update } of body.docs) {
    const checked = checkPayload(update, {
      yClient: line.yClient,
      clock: clocks.get(doc) ?? 0,
      clockOf: (client) => clockBelow({ below, basal, tooMuch: world.tooMuch }, world.linesOf(client), doc),
    })
    if (!checked.ok) return refuse(checked.error)
    const { clock } = checked.value
    if (clock !== (clocks.get(doc) ?? 0)) clocks = new Map(clocks).set(doc, clock)
  }
  return { type: 'read', known: { deps, heads, below, basal, clocks } }
}

const refuse = (why: BadRecord) => ({ type: 'refused', why }) as const

const waitFor = (node: Node): Reading =>
  node.stage === 'refused'
    ? refuse({ type: 'BadDeps' })
    : { type: 'waitsForRecord', rec: node.id, feed: node.line.id }

/** A position in a base stands for the base itself; any other must be where the record is. */
const isNamedRightly = (node: Node, { feed, seq }: Position): boolean => {
  const named = positionOf(node)
  return feed === named.feed && (node === node.line.root ? seq <= named.seq : seq === named.seq)
}

/** The ledger heads in force: those named, which must be known and above the earlier ones, or the earlier ones. */
const headsAfter = (
  prev: Node,
  { lheads }: RecordBody,
  { ledger, closures }: ReadingWorld,
): readonly EntryId[] | null | Extract<Reading, { readonly type: 'waitsForEntry' | 'refused' }> => {
  if (!lheads) return prev.heads || prev.basal ? prev.heads : refuse({ type: 'BadHeads' })
  const unknown = lheads.find((head) => !ledger.has(head))
  if (unknown) return { type: 'waitsForEntry', entry: unknown }
  const heads = closures.intern(lheads)
  const rises = (prev.heads ?? []).every((head) => closures.has(ledger, heads, head))
  return rises ? heads : refuse({ type: 'BadHeads' })
}
