import * as Y from 'yjs'
import { addArticle, appendToArticle, articles } from './articles.ts'
import { change } from './change.ts'
import { createDocument, rootOf } from './document.ts'
import { isMap, itemOf } from './items.ts'
import { addThreat, editThreat, THREAT_FIELDS, threats, type ThreatField } from './threats.ts'
import { cut, freeText, oneLine } from './text.ts'
import { Unplaced } from './unplaced.ts'

/** How much of a set-aside change is shown, in UTF-16 units. */
export const SHOWN_MAX = 2000
/** How much of one piece can be brought back, in UTF-16 units. */
const PIECE_MAX = 1_000_000

/** Something a set-aside change would have added. */
export type Piece =
  | { readonly type: 'article'; readonly id: string; readonly title: string; readonly text: string }
  | {
      readonly type: 'threat'
      readonly id: string
      readonly title: string
      readonly fields: Readonly<Partial<Record<ThreatField, string>>>
    }
  | { readonly type: 'other'; readonly text: string }

/** A set-aside change, for reading and for bringing back by hand. */
export type Rescuable = {
  /** Plain text, at most `SHOWN_MAX`. Empty when it only deleted, or cannot be read. */
  readonly text: string
  readonly where: { readonly type: 'article' | 'threat' | 'other'; readonly title: string }
  readonly pieces: readonly Piece[]
}

/**
 * What `updates`, one set-aside change, would have added to `doc`; `before`: set-aside changes of the same device it
 * builds upon. `doc` stays as it is. Never throws, whatever the updates are.
 */
export const rescuable = (
  doc: Y.Doc,
  updates: readonly Uint8Array[],
  before: readonly Uint8Array[] = [],
): Rescuable => rescuables(doc, [before, updates])[1]!

/** The same for a row of set-aside changes in the order they were written, each building upon those before it. */
export const rescuables = (doc: Y.Doc, changes: readonly (readonly Uint8Array[])[]): readonly Rescuable[] => {
  const trial = createDocument()
  Y.applyUpdate(trial, Y.encodeStateAsUpdate(doc))
  const unplaced = new Unplaced(trial)
  const seen = changes.map((updates) => {
    const added = new Added()
    try {
      for (const update of updates) {
        added.note(update)
        unplaced.merge(update)
      }
      const text = cut(freeText(unplaced.take()), PIECE_MAX)
      const without: readonly Piece[] = text.trim() ? [{ type: 'other', text }] : []
      return describe([...piecesOf(trial, added), ...without], added)
    } catch {
      return describe([], added)
    }
  })
  trial.destroy()
  return seen
}

/**
 * Writes pieces into `doc` as this person's own: text at the end of its article, or in a new draft when the article
 * is gone; fields into their threat, or into a new one.
 */
export const bringBack = (doc: Y.Doc, { pieces }: Rescuable): void =>
  change(doc, () => {
    for (const piece of pieces) {
      if (piece.type === 'threat') {
        const known = itemOf(rootOf(doc, 'threats'), piece.id) !== null
        if (!known) addThreat(doc, { title: piece.title, ...piece.fields })
        else
          for (const field of THREAT_FIELDS) {
            const text = piece.fields[field]
            if (text) editThreat(doc, piece.id, { field, text })
          }
      } else if (piece.type === 'other') addArticle(doc, { title: '', kind: 'information', text: piece.text })
      else if (!appendToArticle(doc, piece.id, piece.text))
        addArticle(doc, { title: piece.title, kind: 'information', text: piece.text })
    }
  })

/** Which structs a change brings, and the strings in them, before anything is merged. */
class Added {
  readonly #ranges = new Map<number, [from: number, to: number][]>()
  readonly #strings: string[] = []

  note(update: Uint8Array): void {
    for (const struct of Y.decodeUpdate(update).structs) {
      if (!(struct instanceof Y.Item)) continue
      const ranges = this.#ranges.get(struct.id.client) ?? []
      ranges.push([struct.id.clock, struct.id.clock + struct.length])
      this.#ranges.set(struct.id.client, ranges)
      if (struct.content instanceof Y.ContentString) this.#strings.push(struct.content.str)
    }
  }

  has({ id, length }: Y.Item): boolean {
    return this.#cut(id, length).length > 0
  }

  /** The parts of a string that this change brought: merged structs hold older parts too. */
  partOf({ id, length }: Y.Item, text: string): string {
    return this.#cut(id, length)
      .map(([from, to]) => text.slice(from - id.clock, to - id.clock))
      .join('')
  }

  /** What is left to show when nothing could be merged. */
  get bare(): string {
    return this.#strings.join('')
  }

  #cut(id: Y.ID, length: number): [number, number][] {
    return (this.#ranges.get(id.client) ?? [])
      .map(([from, to]): [number, number] => [Math.max(from, id.clock), Math.min(to, id.clock + length)])
      .filter(([from, to]) => from < to)
  }
}

const describe = (pieces: readonly Piece[], added: Added): Rescuable => {
  if (pieces.length === 0) {
    const bare = freeText(added.bare).trim()
    const text = cut(bare, SHOWN_MAX)
    return { text, where: { type: 'other', title: '' }, pieces: bare ? [{ type: 'other', text: bare }] : [] }
  }
  const [first] = pieces
  return {
    text: cut(pieces.map(textOf).join('\n\n'), SHOWN_MAX),
    where: { type: first!.type, title: first!.type === 'other' ? '' : first!.title },
    pieces,
  }
}

const textOf = (piece: Piece): string =>
  piece.type === 'threat'
    ? THREAT_FIELDS.flatMap((field) => piece.fields[field] ?? []).join('\n')
    : piece.text

const piecesOf = (trial: Y.Doc, added: Added): Piece[] => {
  const pieces: Piece[] = []
  for (const { id, title, body } of articles(trial).read()) {
    const item = itemOf(rootOf(trial, 'articles'), id)
    const named = item !== null && fieldWritten(item, 'title', added) ? title : ''
    const text = cut(body ? linesAdded(body, added) : '', PIECE_MAX)
    if (text || named) pieces.push({ type: 'article', id, title, text: text || named })
  }
  for (const threat of threats(trial).read()) {
    const item = itemOf(rootOf(trial, 'threats'), threat.id)
    const fields: Partial<Record<ThreatField, string>> = {}
    for (const field of THREAT_FIELDS) {
      const text = item && fieldWritten(item, field, added)
      if (text) fields[field] = text
    }
    if (Object.keys(fields).length > 0)
      pieces.push({ type: 'threat', id: threat.id, title: threat.title, fields })
  }
  for (const name of ['people', 'about'] as const)
    for (const item of [rootOf(trial, name), ...rootOf(trial, name).values()]) {
      const text = isMap(item) ? fieldWritten(item, name === 'people' ? 'name' : '', added) : ''
      if (text) pieces.push({ type: 'other', text: oneLine(text) })
    }
  return pieces
}

/** What the change wrote into `field` of `item` (any field for ''), as it stands after it. */
const fieldWritten = (item: Y.Map<unknown>, field: string, added: Added): string => {
  const texts: string[] = []
  for (const [key, struct] of item._map) {
    if (struct.deleted || !added.has(struct) || !(field ? key.startsWith(`${field}.`) : key.includes('.')))
      continue
    const value = item.get(key)
    if (typeof value === 'string') texts.push(freeText(value))
  }
  return texts.join('\n')
}

/** The change's own words in a text, in reading order, a line for each block they stand in. */
const linesAdded = (body: Y.XmlFragment, added: Added): string => {
  const lines: string[] = []
  const open: unknown[] = [body]
  while (open.length > 0) {
    const next = open.pop()
    if (next instanceof Y.XmlText) {
      let line = ''
      for (let struct = next._start; struct !== null; struct = struct.right)
        if (!struct.deleted && struct.content instanceof Y.ContentString)
          line += added.partOf(struct, struct.content.str)
      if (line.trim()) lines.push(line)
    } else if (next instanceof Y.XmlFragment) open.push(...(next.toArray() as unknown[]).reverse())
  }
  return lines.join('\n')
}
