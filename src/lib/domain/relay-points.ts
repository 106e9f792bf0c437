import * as Y from 'yjs'
import { err, ok, type Result } from '../core/result.ts'
import type { Watched } from '../core/watched.ts'
import { change, newId } from './change.ts'
import { rootOf } from './document.ts'
import { readField, writeField } from './fields.ts'
import { itemOf, oncePerDocument, watchItems } from './items.ts'
import { LINE_MAX, oneLine } from './text.ts'
import { turnUrlsFrom } from './turn-urls.ts'

/**
 * A TURN server the collective chose: phones that cannot reach each other meet through it. It passes on what is sealed
 * and sees addresses and times. There is none until somebody writes one down, and it is the same for all.
 */
export type RelayPoint = {
  readonly id: string
  /** As it stands in the document: for reading and editing, not for a browser. */
  readonly written: Readonly<Record<RelayField, string>>
  /** What a browser may be given; `null`: something is missing or is no such address, and nobody goes there. */
  readonly server: {
    readonly urls: readonly string[]
    readonly username: string
    readonly credential: string
  } | null
}

/** `urls`: one or two addresses with a space between. All three merge by themselves. */
export const RELAY_FIELDS = ['urls', 'username', 'credential'] as const
export type RelayField = (typeof RELAY_FIELDS)[number]

/** More than these are not used: a browser asks each of them for every connection it makes. */
export const MAX_RELAY_POINTS = 3

export type BadRelayPoint =
  /** Not `turn:name:port` or `turns:name:port`, or more than two of them. */
  | { readonly type: 'BadRelayAddress' }
  /** A browser goes to no TURN server without both. */
  | { readonly type: 'NoRelayAccess' }
  | { readonly type: 'TooManyRelayPoints'; readonly most: number }

/** All that stand in the document, usable or not, in the order of their ids. Never throws, whatever it holds. */
export const relayPoints: (doc: Y.Doc) => Watched<readonly RelayPoint[]> = oncePerDocument((doc) =>
  watchItems(rootOf(doc, 'relays'), {
    parse: parseRelayPoint,
    order: (a, b) => (a.id < b.id ? -1 : 1),
    matters: () => true,
  }),
)

/** What browsers are given: the first few that are usable. */
export const turnServersOf = (doc: Y.Doc): readonly NonNullable<RelayPoint['server']>[] =>
  relayPoints(doc)
    .read()
    .flatMap(({ server }) => server ?? [])
    .slice(0, MAX_RELAY_POINTS)

/** @returns the id of the new one. Nothing is written when it is refused. */
export const addRelayPoint = (
  doc: Y.Doc,
  point: Readonly<Record<RelayField, string>>,
): Result<string, BadRelayPoint> => {
  if (relayPoints(doc).read().length >= MAX_RELAY_POINTS)
    return err({ type: 'TooManyRelayPoints', most: MAX_RELAY_POINTS })
  const refused = refusalOf(point)
  if (refused) return err(refused)
  const id = newId()
  change(doc, () => {
    const item = new Y.Map<unknown>()
    rootOf(doc, 'relays').set(id, item)
    for (const field of RELAY_FIELDS) writeField(item, { field, text: oneLine(point[field]) })
  })
  return ok(id)
}

/** Sets the fields that differ and leaves the rest, so that two people who change different ones both keep theirs. */
export const editRelayPoint = (
  doc: Y.Doc,
  id: string,
  point: Readonly<Record<RelayField, string>>,
): Result<void, BadRelayPoint> => {
  const refused = refusalOf(point)
  if (refused) return err(refused)
  change(doc, () => {
    const item = itemOf(rootOf(doc, 'relays'), id)
    if (!item) return
    const { written } = parseRelayPoint(id, item)
    for (const field of RELAY_FIELDS)
      if (oneLine(point[field]) !== written[field]) writeField(item, { field, text: oneLine(point[field]) })
  })
  return ok(undefined)
}

export const removeRelayPoint = (doc: Y.Doc, id: string): void =>
  change(doc, () => {
    if (itemOf(rootOf(doc, 'relays'), id)) rootOf(doc, 'relays').delete(id)
  })

const refusalOf = (point: Readonly<Record<RelayField, string>>): BadRelayPoint | null => {
  if (!turnUrlsFrom(oneLine(point.urls))) return { type: 'BadRelayAddress' }
  return isAccess(oneLine(point.username)) && isAccess(oneLine(point.credential))
    ? null
    : { type: 'NoRelayAccess' }
}

/** A text that was cut is not what whoever wrote it meant. */
const isAccess = (text: string): boolean => text !== '' && text.length < LINE_MAX

const parseRelayPoint = (id: string, item: Y.Map<unknown>): RelayPoint => {
  const read = (field: RelayField): string => readField(item, field, oneLine).versions[0]?.text ?? ''
  const written = { urls: read('urls'), username: read('username'), credential: read('credential') }
  const { username, credential } = written
  const urls = turnUrlsFrom(written.urls)
  return { id, written, server: urls && !refusalOf(written) ? { urls, username, credential } : null }
}
