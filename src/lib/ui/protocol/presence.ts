import type * as Y from 'yjs'
import { peopleOf } from '../../domain/people.ts'
import type { Space } from '../../workspace/types.ts'

/** Those who say they are at `place`: an article’s title. */
export const peopleAt = (
  people: readonly { readonly name: string; readonly place: string | null }[],
  place: string,
): readonly string[] => people.filter((person) => person.place === place && place).map(({ name }) => name)

/** The name this person chose, or nothing yet. */
export const myName = (space: Space, doc: Y.Doc): string =>
  peopleOf(doc, [space.me.member]).find(({ member }) => member === space.me.member)?.name ?? ''
