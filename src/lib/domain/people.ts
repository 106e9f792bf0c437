import * as Y from 'yjs'
import { bytesFromHex } from '../core/bytes.ts'
import { memberIdFrom, type MemberId } from '../core/ids.ts'
import type { Watched } from '../core/watched.ts'
import { change, newId } from './change.ts'
import { rootOf } from './document.ts'
import { readField, writeField } from './fields.ts'
import { itemOf, oncePerDocument, watchItems } from './items.ts'
import { oneLine } from './text.ts'

/** How a person takes part. A person is never the same thing as a device. */
export const PARTICIPATIONS = ['own device', 'shared device', 'no device'] as const
export type Participation = (typeof PARTICIPATIONS)[number]

/** What a person's state may become. A person's state says nothing about their devices, nor theirs about it. */
export const nextPersonState = {
  active: ['resting', 'away', 'unreachable', 'detained', 'missing', 'left', 'deceased'],
  resting: ['active', 'away', 'unreachable', 'detained', 'missing', 'left', 'deceased'],
  away: ['active', 'resting', 'unreachable', 'detained', 'missing', 'left', 'deceased'],
  unreachable: ['active', 'resting', 'away', 'detained', 'missing', 'left', 'deceased'],
  detained: ['active', 'resting', 'away', 'unreachable', 'missing', 'left', 'deceased'],
  missing: ['active', 'resting', 'away', 'unreachable', 'detained', 'left', 'deceased'],
  left: ['active'],
  deceased: [],
} as const satisfies Record<string, readonly string[]>

export type PersonState = keyof typeof nextPersonState

/**
 * Somebody who belongs here, by the name they chose: no legal name, no telephone, no age, no gender. `member`: who
 * they are in the ledger, or `null` for a person without a device of their own there.
 */
export type Person = {
  /** `null`: the ledger knows this member and nobody has written a name yet. */
  readonly id: string | null
  readonly name: string | null
  readonly member: MemberId | null
  readonly participation: Participation
  readonly state: PersonState
}

/** Everybody the document names, as written. Whether the ledger agrees is for `peopleOf` to say. */
export const people: (doc: Y.Doc) => Watched<readonly (Person & { readonly id: string })[]> = oncePerDocument(
  (doc) =>
    watchItems(rootOf(doc, 'people'), {
      parse: parsePerson,
      order: (a, b) => (a.id < b.id ? -1 : 1),
      matters: () => true,
    }),
)

/**
 * The ledger's members and the document's people as one list that cannot drift apart, whatever either says: every
 * member of `members` is there exactly once, in the given order, named or not; of several people who claim one
 * member the smallest id is that member; everybody else is a person without a device, after the members.
 */
export const peopleOf = (doc: Y.Doc, members: readonly MemberId[]): readonly Person[] => {
  const written = people(doc).read()
  const claimed = new Map<MemberId, Person>()
  const known = new Set(members)
  const without: Person[] = []
  for (const person of written) {
    if (person.member && known.has(person.member) && !claimed.has(person.member))
      claimed.set(person.member, person)
    else without.push({ ...person, member: null, participation: withoutDevice(person) })
  }
  return [...[...known].map((member) => claimed.get(member) ?? { ...NOBODY_YET, member }), ...without]
}

/** Adds a person. @returns the new person's id. */
export const addPerson = (
  doc: Y.Doc,
  person: {
    readonly name: string
    readonly member: MemberId | null
    readonly participation: Participation
  },
): string => {
  const id = newId()
  change(doc, () => {
    const item = new Y.Map<unknown>()
    rootOf(doc, 'people').set(id, item)
    writeField(item, { field: 'name', text: oneLine(person.name) })
    item.set('member', person.member)
    item.set('participation', person.participation)
    item.set('state', 'active')
  })
  return id
}

/** Gives a person another name. Nothing happens when there is no such person. */
export const namePerson = (doc: Y.Doc, id: string, name: string): void =>
  change(doc, () => {
    const item = itemOf(rootOf(doc, 'people'), id)
    if (item && oneLine(name)) writeField(item, { field: 'name', text: oneLine(name) })
  })

/** Says which member of the ledger a person is. */
export const linkPerson = (doc: Y.Doc, id: string, member: MemberId | null): void =>
  change(doc, () => void itemOf(rootOf(doc, 'people'), id)?.set('member', member))

/**
 * Whoever was linked to a member of another collective is a person without one here, until they are there themselves;
 * `names`: who is, and writes themselves down anew.
 */
export const unlinkStrangers = (
  doc: Y.Doc,
  here: { readonly members: readonly MemberId[]; readonly names: readonly string[] },
): void =>
  change(doc, () => {
    for (const { id, member, name } of people(doc).read()) {
      if (member === null || here.members.includes(member)) continue
      if (name !== null && here.names.includes(name)) rootOf(doc, 'people').delete(id)
      else itemOf(rootOf(doc, 'people'), id)?.set('member', null)
    }
  })

/** Moves a person to `state` where the table above allows it. */
export const movePerson = (doc: Y.Doc, id: string, state: PersonState): void =>
  change(doc, () => {
    const item = itemOf(rootOf(doc, 'people'), id)
    if (item && (nextPersonState[stateOf(item)] as readonly PersonState[]).includes(state))
      item.set('state', state)
  })

const NOBODY_YET = { id: null, name: null, participation: 'own device', state: 'active' } as const

const withoutDevice = ({ participation }: Person): Participation =>
  participation === 'own device' ? 'no device' : participation

const parsePerson = (id: string, item: Y.Map<unknown>): Person & { readonly id: string } => {
  const participation = PARTICIPATIONS.find((known) => known === item.get('participation'))
  return {
    id,
    name: readField(item, 'name', oneLine).versions[0]?.text ?? null,
    member: parseMember(item.get('member')),
    participation: participation ?? 'no device',
    state: stateOf(item),
  }
}

const parseMember = (value: unknown): MemberId | null =>
  typeof value === 'string' && /^[0-9a-f]{32}$/.test(value) ? memberIdFrom(bytesFromHex(value)) : null

const stateOf = (item: Y.Map<unknown>): PersonState => {
  const state = item.get('state')
  return typeof state === 'string' && Object.hasOwn(nextPersonState, state)
    ? (state as PersonState)
    : 'active'
}
