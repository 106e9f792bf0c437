import * as Y from 'yjs'
import type { Watched } from '../core/watched.ts'
import { change, isItemId, newId } from './change.ts'
import { rootOf } from './document.ts'
import { keepVersion, readField, writeField, type Version } from './fields.ts'
import { byOrder, itemOf, oncePerDocument, orderOf, watchItems } from './items.ts'
import { freeText, normalise, oneLine } from './text.ts'

/** What a threat's status may become, from the most careful on: of two that stand at once, the first is shown. */
export const nextThreatStatus = {
  open: ['watched', 'reduced', 'closed', 'unknown'],
  watched: ['open', 'reduced', 'closed', 'unknown'],
  unknown: ['open', 'watched', 'reduced', 'closed'],
  reduced: ['open', 'watched', 'closed', 'unknown'],
  // What was closed comes back by being looked at again, not by half.
  closed: ['open', 'watched', 'unknown'],
} as const satisfies Record<string, readonly string[]>

export type ThreatStatus = keyof typeof nextThreatStatus
export const THREAT_STATUSES = Object.keys(nextThreatStatus) as readonly ThreatStatus[]

/** `what` happens, `who` is hit most, where it comes `from`, what we `already` do. */
export const THREAT_FIELDS = ['title', 'what', 'who', 'from', 'already'] as const
export type ThreatField = (typeof THREAT_FIELDS)[number]

export type Threat = Readonly<Record<ThreatField, string>> & {
  readonly id: string
  readonly status: ThreatStatus
  /** Put away, not deleted. */
  readonly archived: boolean
  readonly order: number
  /** The closed one (closing.ts) this was opened again from, if it was. */
  readonly again: string | null
  /** Fields in which several texts stand because people wrote at once; the one above is the first of these. */
  readonly versions: Readonly<Partial<Record<ThreatField | 'status', readonly Version[]>>>
  /** Fields that hold something that is no text. */
  readonly unreadable: readonly (ThreatField | 'status')[]
}

/** All threats, put away or not, newest first. Never throws, whatever the document holds. */
export const threats: (doc: Y.Doc) => Watched<readonly Threat[]> = oncePerDocument((doc) =>
  watchItems(rootOf(doc, 'threats'), {
    parse: parseThreat,
    order: (a, b) => byOrder(b, a),
    matters: (event) => event.path.length === 1,
  }),
)

/** @returns the new threat's id. */
export const addThreat = (
  doc: Y.Doc,
  threat: Partial<Record<ThreatField, string>> & { readonly status?: ThreatStatus },
): string => {
  const id = newId()
  change(doc, () => {
    const item = new Y.Map<unknown>()
    const orders = threats(doc)
      .read()
      .map(({ order }) => order)
    rootOf(doc, 'threats').set(id, item)
    item.set('order', Math.max(0, ...orders) + 1)
    for (const field of THREAT_FIELDS) {
      const text = clean(field, threat[field] ?? '')
      if (text) writeField(item, { field, text })
    }
    writeField(item, { field: 'status', text: threat.status ?? 'open' })
  })
  return id
}

/**
 * Writes one field. `over`: the writers of the texts this one was written from; what others wrote meanwhile then
 * stands beside it. Left out: everything that stands. Nothing happens when there is no such threat.
 * @returns the writer the text stands under now, or `null` when there is none.
 */
export const editThreat = (
  doc: Y.Doc,
  id: string,
  edit: { readonly field: ThreatField; readonly text: string; readonly over?: readonly string[] },
): string | null =>
  change(doc, () => {
    const item = itemOf(rootOf(doc, 'threats'), id)
    return item && writeField(item, { ...edit, text: clean(edit.field, edit.text) })
  })

export const hasThreat = (doc: Y.Doc, id: string): boolean => itemOf(rootOf(doc, 'threats'), id) !== null

/** All texts that stand in a field, with their writers: what an edit is written from. */
export const versionsOf = (doc: Y.Doc, id: string, field: ThreatField): readonly Version[] => {
  const item = itemOf(rootOf(doc, 'threats'), id)
  return item ? readField(item, field, (text) => clean(field, text)).versions : []
}

/** Of the texts that stand at once in a field, only `writer`’s stays. */
export const chooseVersion = (
  doc: Y.Doc,
  id: string,
  { field, writer }: { readonly field: ThreatField | 'status'; readonly writer: string },
): void =>
  change(doc, () => {
    const item = itemOf(rootOf(doc, 'threats'), id)
    if (item) keepVersion(item, field, writer)
  })

export const mayBecome = (from: ThreatStatus, to: ThreatStatus): boolean =>
  (nextThreatStatus[from] as readonly ThreatStatus[]).includes(to)

/** Moves a threat to `status` where the table above allows it, or settles two that stand at once. */
export const moveThreat = (doc: Y.Doc, id: string, status: ThreatStatus): void =>
  change(doc, () => {
    const item = itemOf(rootOf(doc, 'threats'), id)
    if (!item) return
    const now = parseThreat(id, item)
    if (mayBecome(now.status, status) || now.versions.status)
      writeField(item, { field: 'status', text: status })
  })

/** Puts a threat away; `restoreThreat` takes it out again. Nothing of it is deleted. */
export const archiveThreat = (doc: Y.Doc, id: string): void =>
  change(doc, () => void itemOf(rootOf(doc, 'threats'), id)?.set('archived', true))

export const restoreThreat = (doc: Y.Doc, id: string): void =>
  change(doc, () => itemOf(rootOf(doc, 'threats'), id)?.delete('archived'))

/** What was closed and has not been opened again, by title: when it was written is not known any more. */
export const closedThreats = (closed: readonly Threat[], open: readonly Threat[]): readonly Threat[] => {
  const again = new Set([...closed, ...open].map((threat) => threat.again))
  return closed
    .filter(({ id }) => !again.has(id))
    .sort((a, b) => compare(normalise(a.title), normalise(b.title)) || compare(a.id, b.id))
}

/**
 * Opens a closed threat again: what it says is written anew, as this person’s own. The closed one stays as it is.
 * @returns the id of the open one, the same if it is open already; `null` when nothing of that name is closed.
 */
export const openAgain = (doc: Y.Doc, closed: Y.Doc, id: string): string | null => {
  const was = threats(closed)
    .read()
    .find((threat) => threat.id === id)
  if (!was) return null
  const open = threats(doc)
    .read()
    .find(({ again }) => again === id)
  if (open) return open.id
  return change(doc, () => {
    const made = addThreat(doc, { status: was.status })
    const item = itemOf(rootOf(doc, 'threats'), made)!
    for (const field of THREAT_FIELDS)
      for (const { text } of versionsOf(closed, id, field)) writeField(item, { field, text, over: [] })
    item.set('again', id)
    return made
  })
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The threats whose texts hold every word of `words`, accents and case aside. */
export const searchThreats = (list: readonly Threat[], words: string): readonly Threat[] => {
  const wanted = normalise(words).split(/\s+/).filter(Boolean)
  if (wanted.length === 0) return list
  return list.filter((threat) => {
    const text = searchable(threat)
    return wanted.every((word) => text.includes(word))
  })
}

const folded = new WeakMap<Threat, string>()

/** Folded once for each reading of a threat: a search over two thousand looks at ready text. */
const searchable = (threat: Threat): string => {
  const known = folded.get(threat)
  if (known !== undefined) return known
  const texts = THREAT_FIELDS.flatMap((field) => [
    threat[field],
    ...(threat.versions[field] ?? []).map(({ text }) => text),
  ])
  const text = normalise(texts.join('\n'))
  folded.set(threat, text)
  return text
}

const clean = (field: ThreatField, text: string): string =>
  field === 'title' ? oneLine(text) : freeText(text)

const parseStatus = (text: string): string | null => (Object.hasOwn(nextThreatStatus, text) ? text : null)

const againOf = (item: Y.Map<unknown>): string | null => {
  const id = item.get('again')
  return typeof id === 'string' && isItemId(id) ? id : null
}

const parseThreat = (id: string, item: Y.Map<unknown>): Threat => {
  const versions: Partial<Record<ThreatField | 'status', readonly Version[]>> = {}
  const unreadable: (ThreatField | 'status')[] = []
  const first = (field: ThreatField | 'status', parse: (text: string) => string | null): string => {
    const standing = readField(item, field, parse)
    if (standing.versions.length > 1) versions[field] = standing.versions
    if (standing.broken) unreadable.push(field)
    return standing.versions[0]?.text ?? ''
  }
  const statusNow = first('status', parseStatus)
  const standing = versions.status?.map(({ text }) => text) ?? [statusNow]
  return {
    id,
    title: first('title', oneLine),
    what: first('what', freeText),
    who: first('who', freeText),
    from: first('from', freeText),
    already: first('already', freeText),
    status: THREAT_STATUSES.find((status) => standing.includes(status)) ?? 'unknown',
    archived: item.get('archived') === true,
    order: orderOf(item, 0),
    again: againOf(item),
    versions,
    unreadable,
  }
}
