import type { Random } from '../core/clock.ts'
import type { CollId, EntryId, FeedId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { parseRecord } from '../feed/record.ts'
import { activeDevices } from '../ledger/epochs.ts'
import { parseEntry } from '../ledger/entry.ts'
import { RULES } from '../ledger/rules.ts'
import { openFile, sealFile, type BadFile } from '../net/bundle.ts'
import {
  encodeBundle,
  MAX_BUNDLE_BYTES,
  parseBundle,
  type BadBundlePayload,
  type Bundle,
  type BundleMessage,
} from '../wire/bundle.ts'
import type { Replica } from './replica.ts'
import type { Imported } from './types.ts'

/** As many entries as one message takes comfortably. */
const ENTRIES_AT_ONCE = 1024

/** What a person has given somebody before: a next file need not carry it again. */
export type Given = {
  readonly heads: readonly EntryId[]
  readonly next: ReadonlyMap<FeedId, number>
}

/** What is on this phone now, for a next file to begin after. */
export const givenNow = (replica: Replica): Given => ({
  heads: replica.ledger.heads(),
  next: new Map(replica.feeds.heads().map(({ feed, seq }) => [feed, seq + 1])),
})

/**
 * Everything this phone may pass on, or what is new `since`, as a file every active phone of the collective can open and
 * nobody else. `TooLarge`: more than one file may hold.
 */
export const exportBundle = async (
  replica: Replica,
  random: Random,
  since: Given = { heads: [], next: new Map() },
): Promise<Result<Uint8Array, { readonly type: 'TooLarge' }>> => {
  await replica.flush()
  const messages = [...entriesFor(replica, since), ...(await boxesFor(replica, since))]
  let bytes = 0
  for (const { feed } of replica.feeds.heads())
    for await (const { records, seal } of replica.packs.read(feed, since.next.get(feed) ?? 0)) {
      bytes += records.reduce((sum, { length }) => sum + length, 0)
      if (bytes > MAX_BUNDLE_BYTES / 2) return err({ type: 'TooLarge' })
      messages.push({ type: 'segment', records, seal })
    }
  const { state } = replica
  const recipients = activeDevices(state).map((id) => state.devices.get(id)!.kemPk)
  const payload = encodeBundle({ coll: replica.coll, rules: state.minRules, messages })
  const sealed = await sealFile({ payload, recipients, random })
  return sealed.ok ? sealed : err({ type: 'TooLarge' })
}

export type BadImport =
  | BadFile
  | BadBundlePayload
  /** Of another collective, or one this phone is not part of. */
  | { readonly type: 'OtherCollective' }

/** What a file would bring, shown before anything of it is taken. */
export type Import = {
  /** Acts and records this phone does not have yet. */
  readonly news: { readonly acts: number; readonly records: number }
  readonly bytes: number
  /** The collective has gone on to rules this program does not know: once taken, it is only read here (ledger.md §12). */
  readonly rulesAreAhead: boolean
  /** Takes it in as from any stranger: by the same rules as over a link. Nothing of what is here is lost. */
  apply(): Promise<Imported>
}

/** Opens a file with this phone’s keys and says what is in it. Changes nothing. Never throws. */
export const readBundleFile = async (
  file: Uint8Array,
  replicaOf: (coll: CollId) => Replica | null,
  secrets: Parameters<typeof openFile>[0]['secrets'],
): Promise<Result<Import, BadImport>> => {
  const opened = await openFile({ file, secrets, most: MAX_BUNDLE_BYTES })
  if (!opened.ok) return opened
  const bundle = parseBundle(opened.value)
  if (!bundle.ok) return bundle
  const replica = replicaOf(bundle.value.coll)
  if (!replica) return err({ type: 'OtherCollective' })
  return ok({
    news: newsIn(bundle.value, replica),
    bytes: file.length,
    rulesAreAhead: bundle.value.rules > RULES,
    apply: () => applyBundle(bundle.value, replica),
  })
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

const newsIn = ({ messages }: Bundle, replica: Replica): Import['news'] => {
  const acts = new Set<EntryId>()
  const records = new Set<string>()
  for (const message of messages) {
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
  return { acts: acts.size, records: records.size }
}

const applyBundle = async ({ messages }: Bundle, replica: Replica): Promise<Imported> => {
  const before = holdingsOf(replica)
  let refused = 0
  for (const message of messages) if (message.type === 'entries') replica.absorbEntries(message.entries)
  for (const message of messages)
    if (message.type === 'boxes') replica.absorbBoxes(message.epoch, message.boxes)
  for (const message of messages)
    if (message.type === 'segment' && !replica.absorbSegment(message.records, message.seal)) refused += 1
  await replica.settled()
  const after = holdingsOf(replica)
  return {
    acts: after.acts - before.acts,
    records: after.records - before.records,
    refused,
    waits: replica.feeds.waiting().gaps > 0 || replica.ledger.missing().length > 0,
  }
}

const holdingsOf = (replica: Replica): { readonly acts: number; readonly records: number } => ({
  acts: replica.ledger.since([]).length,
  records: replica.feeds.heads().reduce((sum, { seq }) => sum + seq + 1, 0),
})
