import { hasExactly, isUint, type Cbor } from '../core/cbor.ts'
import { feedIdFrom, idBytes, recIdFrom, type EntryId } from '../core/ids.ts'
import type { Policy, Position } from './types.ts'

const MAX_POSITIONS = 512

/** Positions in feeds, sorted by feed, one a feed: `[[feed, seq, rec], …]`. */
export const cborFromPositions = (positions: readonly Position[]): Cbor =>
  [...positions]
    .sort((a, b) => (a.feed < b.feed ? -1 : 1))
    .map(({ feed, seq, rec }) => [idBytes(feed), seq, idBytes(rec)])

export const positionsFrom = (value: unknown): readonly Position[] | null => {
  const positions = listOf(value, positionFrom, MAX_POSITIONS)
  return positions?.every((at, i) => i === 0 || positions[i - 1]!.feed < at.feed) ? positions : null
}

export const policyFrom = (value: unknown): Policy | null =>
  hasExactly(value, ['admit']) && isUint(value.admit) && value.admit <= 1000 ? { admit: value.admit } : null

/** Lists of ids are sorted and without repetition, so that one list has one spelling. */
export const sortedIds = <T extends EntryId>(ids: readonly T[] | null): readonly T[] | null =>
  ids?.every((id, i) => i === 0 || ids[i - 1]! < id) ? ids : null

export const listOf = <T>(
  value: unknown,
  read: (item: unknown) => T | null,
  most: number,
): readonly T[] | null => {
  if (!Array.isArray(value) || value.length > most) return null
  const items: T[] = []
  for (const item of value) {
    const one = read(item)
    if (one === null) return null
    items.push(one)
  }
  return items
}

const positionFrom = (value: unknown): Position | null => {
  if (!Array.isArray(value) || value.length !== 3) return null
  const [feed, seq, rec] = [feedIdFrom(value[0]), value[1] as unknown, recIdFrom(value[2])]
  return feed && isUint(seq) && rec ? { feed, seq, rec } : null
}
