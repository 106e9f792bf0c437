import type { Key } from '../../i18n/catalogue.ts'
import type { Values } from '../../i18n/speech.ts'
import type { Latest } from '../../workspace/types.ts'

const DAY_MS = 86_400_000

type Moments = {
  readonly ago: (at: number, now: number) => string
  readonly since: (at: number, now: number) => string
}

/** How far one phone has what was written here: “has all of it”, “has what was there until Tuesday”. */
export const latestWords = (
  upTo: Latest['upTo'],
  { now, moments }: { readonly now: number; readonly moments: Moments },
): readonly [Key, Values?] => {
  if (upTo === 'all') return ['latest.all']
  if (upTo === null) return ['latest.unknown']
  return now - upTo < DAY_MS
    ? ['latest.upToAgo', { when: moments.ago(upTo, now) }]
    : ['latest.upTo', { when: moments.since(upTo, now) }]
}

/** By person, in the order they were given; phones that have all come first within each. */
export const byPerson = (
  latest: readonly Latest[],
): readonly { readonly member: Latest['member']; readonly phones: readonly Latest[] }[] => {
  const people = new Map<Latest['member'], Latest[]>()
  for (const one of latest) people.set(one.member, [...(people.get(one.member) ?? []), one])
  return [...people].map(([member, phones]) => ({
    member,
    phones: [...phones].sort((a, b) => howMuch(b) - howMuch(a)),
  }))
}

const howMuch = ({ upTo }: Latest): number => (upTo === 'all' ? Number.POSITIVE_INFINITY : (upTo ?? -1))
