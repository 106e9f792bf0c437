import type { MemberId } from '../core/ids.ts'
import type { Node } from './line.ts'
import type { LedgerRights } from './rights.ts'

/**
 * Which records count. `read`: every record read so far, each after what it builds on, with `clean` up to date.
 *
 * Those of devices in good standing count by themselves, with everything below them; so a record above a suspended
 * device's frontier is pulled in by whoever built on it, and honest work never dangles. A closed branch counts only as
 * far as other members built on it. What nobody pulls in is set aside. The greatest such set: a pure function of ledger,
 * records and keys. Spec: feed.md §7.
 */
export const acceptedAmong = (read: readonly Node[], rights: LedgerRights): ReadonlySet<Node> => {
  const alive = new Set(read.filter(({ clean }) => clean))
  for (;;) {
    const support = supportIn(read, alive, rights)
    const before = alive.size
    for (const node of read)
      if (alive.has(node) && !(stands(node, support, rights) && buildsOn(node, alive))) alive.delete(node)
    if (alive.size === before) return alive
  }
}

/** Members whose free records stand above a record: none, one, or several. */
type Support = ReadonlyMap<Node, MemberId | 'several' | null>

const supportIn = (read: readonly Node[], alive: ReadonlySet<Node>, rights: LedgerRights): Support => {
  const support = new Map<Node, MemberId | 'several' | null>()
  const add = (node: Node, by: MemberId | 'several' | null) => {
    const known = support.get(node)
    support.set(node, known === undefined || known === by ? by : 'several')
  }
  for (let i = read.length - 1; i >= 0; i--) {
    const node = read[i]!
    if (!alive.has(node)) continue
    if (rights.isFree(node)) add(node, rights.of(node.line)?.member ?? null)
    const by = support.get(node)
    if (by === undefined) continue
    if (node.prev) add(node.prev, by)
    for (const dep of node.deps) add(dep, by)
  }
  return support
}

const stands = (node: Node, support: Support, rights: LedgerRights): boolean => {
  if (rights.isFree(node) || rights.isWithinFrontier(node)) return true
  const by = support.get(node)
  if (by === undefined) return false
  return node.seq < node.line.closedAt || by !== (rights.of(node.line)?.member ?? null)
}

/** Roots always count: they are the base, or nothing. */
const buildsOn = (node: Node, alive: ReadonlySet<Node>): boolean =>
  [node.prev, ...node.deps].every((below) => !below || below === below.line.root || alive.has(below))
