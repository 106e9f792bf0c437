import { hexFromBytes } from '../core/bytes.ts'
import type { Random } from '../core/clock.ts'
import type { BlobId, CollId, EntryId, FeedId } from '../core/ids.ts'
import { nextTurn } from '../core/next-turn.ts'
import { err, ok, type Result } from '../core/result.ts'
import { manifestHash, snapshotHash } from '../feed/checkpoint.ts'
import { parseRecord } from '../feed/record.ts'
import { activeDevices } from '../ledger/epochs.ts'
import { parseEntry } from '../ledger/entry.ts'
import { RULES } from '../ledger/rules.ts'
import { openFile, sealFile, type BadFile } from '../net/bundle.ts'
import type { Exchange } from '../sync/blobs-exchange.ts'
import type { Shelf } from '../sync/blobs-shelf.ts'
import {
  encodeBundle,
  MAX_BUNDLE_BYTES,
  parseBundle,
  type BadBundlePayload,
  type Bundle,
  type BundleMessage,
} from '../wire/bundle.ts'
import { carriedFor, idsOf, partsOf, partsToCarry, takeParts } from './bundle-parts.ts'
import type { Replica } from './replica.ts'
import type { Imported, Incoming } from './types.ts'

/** As many entries as one message takes comfortably; and as are taken in in one go: in between, others get their turn. */
const ENTRIES_AT_ONCE = 1024
const SLICE = 64

/** What a person has given somebody before: a next file need not carry it again. */
export type Given = {
  readonly heads: readonly EntryId[]
  readonly next: ReadonlyMap<FeedId, number>
  /** Of what is carried for circles. */
  readonly carried: readonly BlobId[]
}

const NOTHING: Given = { heads: [], next: new Map(), carried: [] }

/** What is on this phone now, for a next file to begin after. */
export const givenNow = (replica: Replica): Given => ({
  heads: replica.ledgerHeads(),
  next: new Map(feedsOf(replica).map((feed) => [feed, replica.feeds.nextSeq(feed)])),
  carried: [],
})

/** Also those of which all that is here stands in the documents all have agreed on. */
const feedsOf = ({ state, feeds }: Replica): readonly FeedId[] => [
  ...new Set([...state.feeds.keys(), ...feeds.heads().map(({ feed }) => feed)]),
]

/** A file, and what it gives: for a next one to begin after, once this one has reached somewhere. */
export type Exported = { readonly file: Uint8Array; readonly given: Given }

/**
 * Everything this phone may pass on, or what is new `since`, as a file every active phone of the collective can open and
 * nobody else. `TooLarge`: more than one file may hold. `StorageFailed`: this disk does not give back all that is to go in.
 */
export const exportBundle = async (of: {
  readonly replica: Replica
  readonly random: Random
  readonly now: number
  readonly since?: Given | undefined
  /** What this device carries for circles. */
  readonly shelf?: Shelf | undefined
}): Promise<Result<Exported, { readonly type: 'TooLarge' | 'StorageFailed' }>> => {
  const { replica, random, now, since = NOTHING, shelf } = of
  await replica.flush()
  // Before anything is read: what comes meanwhile may or may not be in it, and is in the next.
  const given = givenNow(replica)
  const messages = [...entriesFor(replica, since), ...(await boxesFor(replica, since))]
  let room = MAX_BUNDLE_BYTES / 2
  for (const feed of feedsOf(replica)) {
    const end = replica.feeds.nextSeq(feed)
    const from = since.next.get(feed) ?? 0
    // What stands below is in the documents all have agreed on, and may be gone.
    let reached = Math.max(from - 1, replica.feeds.baseSeq(feed))
    for await (const { records, seal, last } of replica.packs.read(feed, from)) {
      room -= sizeOf(records)
      if (room < 0) return err({ type: 'TooLarge' })
      messages.push({ type: 'segment', records, seal })
      reached = Math.max(reached, last)
    }
    // A disk that gives only some of it would make a file with a hole nobody hears of.
    if (reached < end - 1) return err({ type: 'StorageFailed' })
  }
  const parts = partsToCarry(replica, since, now)
  room -= sizeOf([...parts.messages.map(({ part }) => part), ...parts.closed])
  if (room < 0) return err({ type: 'TooLarge' })
  messages.push(...parts.messages)
  const before = new Set(since.carried)
  const carried = shelf ? await carriedFor(shelf, { before, room }) : []
  const { state, coll } = replica
  const recipients = activeDevices(state).map((id) => state.devices.get(id)!.kemPk)
  const { closed } = parts
  const payload = encodeBundle({ coll, rules: state.minRules, messages, carried, closed })
  const sealed = await sealFile({ payload, recipients, random })
  if (!sealed.ok) return err({ type: 'TooLarge' })
  const stillHere = since.carried.filter((id) => shelf?.has(id))
  return ok({ file: sealed.value, given: { ...given, carried: [...stillHere, ...idsOf(carried)] } })
}

export type BadImport =
  | BadFile
  | BadBundlePayload
  /** Of another collective, or one this phone is not part of. */
  | { readonly type: 'OtherCollective' }

/** What a file would bring, shown before anything of it is taken. */
export type Import = {
  readonly news: Incoming['news']
  readonly bytes: number
  /** The collective has gone on to rules this program does not know: once taken, it is only read here (ledger.md §12). */
  readonly rulesAreAhead: boolean
  /** Takes it in as from any stranger: by the same rules as over a link. Nothing of what is here is lost. */
  apply(): Promise<Imported>
}

/** Opens a file with this phone’s keys and says what is in it. Changes nothing. Never throws. */
export const readBundleFile = async (
  file: Uint8Array,
  of: {
    readonly secrets: Parameters<typeof openFile>[0]['secrets']
    readonly targetOf: (coll: CollId) => Target | null
  },
): Promise<Result<Import, BadImport>> => {
  const opened = await openFile({ file, secrets: of.secrets, most: MAX_BUNDLE_BYTES })
  if (!opened.ok) return opened
  const bundle = parseBundle(opened.value)
  if (!bundle.ok) return bundle
  const target = of.targetOf(bundle.value.coll)
  if (!target) return err({ type: 'OtherCollective' })
  return ok({
    news: await newsIn(bundle.value, target),
    bytes: file.length,
    rulesAreAhead: bundle.value.rules > RULES,
    apply: () => applyBundle(bundle.value, target),
  })
}

/** Where a file goes: the collective, and what it carries for its circles where that lies on this device. */
export type Target = {
  readonly replica: Replica
  readonly shelf?: Shelf | undefined
  readonly exchange?: Exchange | undefined
}

const entriesFor = (replica: Replica, { heads }: Given): BundleMessage[] => {
  const wires = replica.entriesSince(heads)
  const messages: BundleMessage[] = []
  for (let at = 0; at < wires.length; at += ENTRIES_AT_ONCE)
    messages.push({ type: 'entries', entries: wires.slice(at, at + ENTRIES_AT_ONCE), heads: [] })
  return messages
}

/** The boxes of epochs made since, so that whoever missed their rotations can read what was written under them. */
const boxesFor = async (replica: Replica, { heads }: Given): Promise<BundleMessage[]> => {
  const messages: BundleMessage[] = []
  for (const epoch of replica.state.epochs.keys()) {
    if (heads.length > 0 && replica.ledger.inClosure(heads, epoch)) continue
    const boxes = await replica.boxes(epoch)
    if (boxes) messages.push({ type: 'boxes', epoch, boxes })
  }
  return messages
}

const newsIn = async (bundle: Bundle, { replica, shelf }: Target): Promise<Import['news']> => {
  const acts = new Set<EntryId>()
  const records = new Set<string>()
  const missing = new Set(replica.missingBoxes())
  const keys = new Set<EntryId>()
  for (const message of bundle.messages) {
    await nextTurn()
    if (message.type === 'boxes' && missing.has(message.epoch)) keys.add(message.epoch)
    if (message.type === 'entries')
      for (const wire of message.entries) {
        const entry = parseEntry(wire)
        if (entry.ok && !replica.ledger.has(entry.value.id)) acts.add(entry.value.id)
      }
    if (message.type === 'segment')
      for (const wire of message.records) {
        const record = parseRecord(wire)
        if (record.ok && record.value.pub.seq >= replica.feeds.nextSeq(record.value.pub.feed))
          records.add(record.value.id)
      }
  }
  const lacking = new Set(replica.checkpoints.lacking().map(hexFromBytes))
  const held = lacking.size > 0 ? partsOf(bundle, replica) : []
  const parts = held.filter((part) =>
    [manifestHash(part), snapshotHash(part)].some((digest) => lacking.has(hexFromBytes(digest))),
  )
  const carried = shelf ? idsOf(bundle.carried).filter((id) => !shelf.has(id)) : []
  return {
    acts: acts.size,
    records: records.size,
    keys: keys.size,
    parts: parts.length,
    carried: carried.length,
  }
}

const applyBundle = async (bundle: Bundle, { replica, exchange }: Target): Promise<Imported> => {
  const { messages } = bundle
  const before = holdingsOf(replica)
  for (const message of messages)
    if (message.type === 'entries')
      for (let at = 0; at < message.entries.length; at += SLICE) {
        replica.absorbEntries(message.entries.slice(at, at + SLICE))
        await nextTurn()
      }
  for (const message of messages)
    if (message.type === 'boxes') {
      replica.absorbBoxes(message.epoch, message.boxes)
      await nextTurn()
    }
  let refused = await absorbSegments(bundle, replica)
  await replica.settled()
  if (takeParts(partsOf(bundle, replica), replica)) {
    // Whatever of the records below was to come has come.
    await replica.checkpoints.settleNow()
    // What stands upon it was waiting.
    refused = await absorbSegments(bundle, replica)
    await replica.settled()
  }
  const brought = await exchange?.bring(bundle.carried, replica.own.id)
  const after = holdingsOf(replica)
  const waits = isWaiting(replica)
  if (!waits) replica.isLevelWith(null, replica.ledger.heads())
  return {
    acts: after.acts - before.acts,
    records: after.records - before.records,
    carried: brought?.taken ?? 0,
    refused: refused + (brought?.refused ?? 0),
    waits,
  }
}

/** Something here stands on what is not; or what all agreed on last reaches further than what is here, and does not open. */
const isWaiting = ({ feeds, ledger, checkpoints, state }: Replica): boolean => {
  const newest = state.finals.at(-1)
  const agreed = newest ? [...(checkpoints.positionsOf(newest) ?? [])] : []
  return (
    feeds.missingFrom().length > 0 ||
    ledger.missing().length > 0 ||
    agreed.some(([feed, { seq }]) => feeds.nextSeq(feed) <= seq)
  )
}

/** Returns how many segments did not hold. */
const absorbSegments = async ({ messages }: Bundle, replica: Replica): Promise<number> => {
  let refused = 0
  for (const message of messages)
    if (message.type === 'segment') {
      if (!replica.absorbSegment(message.records, message.seal)) refused += 1
      await nextTurn()
    }
  return refused
}

const sizeOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0)

const holdingsOf = (replica: Replica): { readonly acts: number; readonly records: number } => ({
  acts: replica.ledger.since([]).length,
  records: feedsOf(replica).reduce((sum, feed) => sum + replica.feeds.nextSeq(feed), 0),
})
