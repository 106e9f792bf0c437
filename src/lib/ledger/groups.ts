import { Overlay } from './overlay.ts'

/** Things by what they are about, in the order in which they are given. */
export const groupBy = <K, T>(all: readonly T[], keyOf: (one: T) => K): ReadonlyMap<K, readonly T[]> => {
  const groups = new Map<K, T[]>()
  for (const one of all) {
    const key = keyOf(one)
    const group = groups.get(key)
    if (group) group.push(one)
    else groups.set(key, [one])
  }
  return groups
}

/** The same groups with some more things. */
export const joined = <K, T>(
  groups: ReadonlyMap<K, readonly T[]>,
  more: readonly T[],
  keyOf: (one: T) => K,
): ReadonlyMap<K, readonly T[]> => {
  const all = new Overlay(groups)
  for (const [key, some] of groupBy(more, keyOf)) all.set(key, [...(groups.get(key) ?? []), ...some])
  return all.done()
}
