import * as Y from 'yjs'
import { bytesFromHex } from '../../src/lib/core/bytes.ts'
import type { EpochId, FeedId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import type { SecretKey } from '../../src/lib/crypto/hash.ts'
import { openRecord } from '../../src/lib/feed/record.ts'
import { parseRun } from '../../src/lib/feed/run.ts'
import { TABLES, type Storage } from '../../src/lib/sync/ports.ts'
import { besideKey, settledKey, startKey } from '../../src/lib/workspace/rows.ts'
import { parseBeside } from '../../src/lib/workspace/handed-beside.ts'
import { readHeld } from '../../src/lib/workspace/settled-row.ts'
import { readStart } from '../../src/lib/workspace/start-docs.ts'
import { openWelcome } from '../../src/lib/workspace/welcome.ts'
import type { Person, World } from './cast.ts'

/** One way from a text to somebody: where it was found, and who. */
export type Lead = { readonly where: string; readonly who: string }

type Sought = { readonly text: string; readonly world: World }

/** Who wrote a text, by what is on this person’s phone. */
export const authorsOf = async (person: Person, sought: Sought): Promise<readonly string[]> =>
  [...new Set((await leads(person, sought)).map(({ who }) => who))].sort()

/**
 * Everything on a phone that leads from a text to somebody: every row of every table as whoever has the phone open reads it,
 * opened with every key it holds, and the documents in memory. A row that holds the text and is none of the kinds known here
 * counts as a lead too.
 */
export const leads = async (person: Person, { text, world }: Sought): Promise<readonly Lead[]> => {
  const found: Lead[] = []
  const { replica, storage } = person
  const people = world.people.map((one) => new Traces(one))
  const look = (where: string, state: Uint8Array) => {
    for (const who of signersIn(state, text, people)) found.push({ where, who })
  }
  const lies = await documentsOnDisk(person)
  for (const [where, state] of lies.states) look(where, state)
  for (const table of TABLES) {
    const { rows } = expectOk(await storage.all(table))
    for (const [key, value] of rows) {
      const where = `${table} ${key}`
      const rest = expectKnown({ person, table, key, value, read: lies.read })
      for (const record of rest.records)
        if (holds(record.bytes, text)) found.push({ where, who: ownerOf(people, record.feed) })
      for (const state of rest.states) look(where, state)
      if (rest.isOther && (holds(value, text) || key.includes(text)))
        found.push({ where, who: 'unknown row' })
    }
  }
  for (const id of replica.state.checkpoints.keys())
    for (const [doc, state] of replica.checkpoints.docsOf(id) ?? []) look(`part ${doc} of ${id}`, state)
  for (const [doc, state] of replica.documents.states()) look(`${doc} in memory`, state)
  for (const late of replica.documents.late.read())
    if (late.text.includes(text))
      found.push({ where: 'late work', who: ownerOf(people, late.by.position.feed) })
  return found
}

/**
 * The same of a keeper’s disk, every row, opened with whatever keys of that collective anybody may have left somewhere. What lies in
 * its log of rows that were deleted is searched for `sealed` by whoever calls.
 */
export const leadsOnKeeper = async (
  house: { readonly storage: Storage; disk(): Buffer },
  { text, world, keys }: Sought & { readonly keys: ReadonlyMap<EpochId, SecretKey> },
): Promise<readonly Lead[]> => {
  const found: Lead[] = []
  const people = world.people.map((one) => new Traces(one))
  const { coll } = world.people[0]!.replica
  for (const table of TABLES)
    for (const [row, value] of expectOk(await house.storage.all(table)).rows) {
      for (const record of table === 'records' ? parseRun(value)!.records : []) {
        const key = keys.get(record.pub.epoch)
        const opened = key && openRecord({ key, coll, record })
        if (opened?.ok && opened.value.docs.some(({ update }) => holds(update, text)))
          found.push({ where: `records ${row}`, who: ownerOf(people, record.pub.feed) })
      }
      if (holds(value, text) || row.includes(text)) found.push({ where: `${table} ${row}`, who: 'somebody' })
    }
  if (house.disk().includes(text)) found.push({ where: 'its disk', who: 'somebody' })
  return found
}

/** What leads to one person: the ids of their devices and feeds, and what those write under. */
class Traces {
  readonly name: string
  readonly feeds: readonly FeedId[]
  readonly clients: readonly number[]
  readonly #bytes: readonly Uint8Array[]
  readonly #words: readonly string[]

  constructor({ name, device, member, replica }: Person) {
    this.name = name
    const feeds = [...replica.state.feeds.values()].filter((feed) => feed.device === device)
    this.feeds = feeds.map(({ id }) => id)
    this.clients = feeds.map(({ yClient }) => yClient)
    const ids = [device, member, ...this.feeds]
    this.#bytes = ids.map((id) => bytesFromHex(id))
    this.#words = [...ids, ...this.clients.flatMap((client) => [client.toString(36), String(client)])]
  }

  areIn(bytes: Uint8Array): boolean {
    return (
      this.#words.some((word) => holds(bytes, word)) ||
      this.#bytes.some((id) => Buffer.from(bytes).includes(Buffer.from(id)))
    )
  }
}

const ownerOf = (people: readonly Traces[], feed: FeedId): string =>
  people.find(({ feeds }) => feeds.includes(feed))?.name ?? 'somebody'

const holds = (bytes: Uint8Array, text: string): boolean => Buffer.from(bytes).includes(Buffer.from(text))

/** Whose writing holds the text in a document: by the client it stands under, or by a trace of them in what stands with it. */
const signersIn = (state: Uint8Array, text: string, people: readonly Traces[]): readonly string[] => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, state)
  const names = new Set<string>()
  for (const [client, structs] of doc.store.clients)
    for (const struct of structs) {
      if (!(struct instanceof Y.Item) || !saysOf(struct).includes(text)) continue
      for (const one of people) if (one.clients.includes(client)) names.add(one.name)
      // A document of its own under a client of nobody: then nothing in all of it may speak of anybody.
      if (!people.some(({ clients }) => clients.includes(client)))
        for (const one of people) if (one.areIn(state) || doc.store.clients.size > 1) names.add(one.name)
    }
  doc.destroy()
  return [...names]
}

const saysOf = ({ content, parentSub }: Y.Item): string =>
  `${parentSub ?? ''} ${
    content instanceof Y.ContentString
      ? content.str
      : content instanceof Y.ContentAny
        ? JSON.stringify(content.arr)
        : ''
  }`

/**
 * The documents that lie on this disk in pieces over several rows: what was settled, and what the next start begins with.
 * `read`: keys of the rows that were read for it.
 */
const documentsOnDisk = async ({ storage, replica: { coll } }: Person) => {
  const states: [string, Uint8Array][] = []
  const read = new Set<string>()
  const held = await readHeld(storage, coll)
  if (held?.docs) {
    for (const [doc, state] of held.docs) states.push([`settled ${doc}`, state])
    for (const doc of held.pieces.keys()) read.add(`${settledKey(coll)}/${doc}`)
    read.add(settledKey(coll))
  }
  const row = expectOk(await storage.get('snapshots', startKey(coll)))
  const start = row && (await readStart(storage, coll, row))
  if (start) {
    for (const [doc, state] of start.docs) states.push([`start ${doc}`, state])
    for (const { doc } of start.row.docs) read.add(`${startKey(coll)}/${doc}`)
    read.add(startKey(coll))
  }
  return { states, read }
}

/** A row, opened as far as this phone can: what its records and documents say, or that it is of another kind. */
const expectKnown = (of: {
  readonly person: Person
  readonly table: string
  readonly key: string
  readonly value: Uint8Array
  readonly read: ReadonlySet<string>
}) => {
  const { replica } = of.person
  const name = of.key.slice(of.key.indexOf('/') + 1)
  const run = of.table === 'records' || of.table === 'tail' ? parseRun(of.value) : null
  const records = (run?.records ?? []).flatMap((record) => {
    const key = replica.keyring.key(record.pub.epoch)
    const opened = key && openRecord({ key, coll: replica.coll, record })
    const updates = opened?.ok ? opened.value.docs.map(({ update }) => update) : []
    return updates.map((bytes) => ({ feed: record.pub.feed, bytes }))
  })
  const states: Uint8Array[] = []
  const isBeside = of.table === 'snapshots' && of.key === besideKey(replica.coll)
  for (const wire of name === 'base' ? [of.value] : isBeside ? parseBeside(of.value) : []) {
    const opened = openWelcome(wire, replica.ledger, (epoch: EpochId) => replica.keyring.key(epoch))
    if (opened.ok) states.push(...opened.value.docs.values())
  }
  const isRead = of.table === 'snapshots' && of.read.has(of.key)
  return { records, states, isOther: !run && states.length === 0 && !isRead }
}
