import { err, ok, type Result } from '../core/result.ts'
import type { SignPublic } from '../crypto/sign.ts'
import type { LedgerState } from '../ledger/types.ts'
import { parseRecord } from './record.ts'
import { parseFeedSeal, verifyFeedSeal } from './seal.ts'
import type { BadRecord, SealedRecord, Segment } from './types.ts'

/**
 * Whether a run of records may be carried: one feed of a known device, each record naming the one before, known epochs,
 * and at its last record a seal by that device. Only that seal counts: an author can put rubbish in the place of every
 * seal below it, and who then asks for those would refuse what others took. Spec: feed.md §5.
 */
export const checkSegment = (segment: Segment, state: LedgerState): Result<void, BadRecord> => {
  const { feed, records, seal } = segment
  const signPk = signerOf(segment, state)
  if (!signPk) return err({ type: 'UnknownFeed' })
  const chained = checkChain(segment)
  if (!chained.ok) return chained
  if (records.some(({ pub }) => !state.epochs.has(pub.epoch))) return err({ type: 'UnknownEpoch' })
  return seal.feed === feed && verifyFeedSeal(signPk, seal) ? ok(undefined) : err({ type: 'BadSeal' })
}

/** The part of {@link checkSegment} that needs no ledger and no signature: enough for what this device's own store gives back. */
export const checkChain = ({ feed, records, seal }: Segment): Result<void, BadRecord> => {
  let before = records[0]
  if (!before) return err({ type: 'BadChain' })
  for (const record of records) {
    const { pub } = record
    const follows = record === before || (pub.seq === before.pub.seq + 1 && pub.prev === before.id)
    if (pub.feed !== feed || !follows) return err({ type: 'BadChain' })
    before = record
  }
  return seal.seq === before.pub.seq && seal.rec === before.id ? ok(undefined) : err({ type: 'BadSeal' })
}

/** Any device that was ever granted: what a device wrote before it was suspended or revoked is carried on. A keeper writes nothing. */
const signerOf = ({ feed }: Segment, state: LedgerState): SignPublic | null => {
  const device = state.devices.get(state.feeds.get(feed)?.device ?? ('' as never))
  return device?.kind === 'member' ? device.device.signPk : null
}

/** A segment as it came: records, and the seal at their end. `null`: one does not parse, or is of another feed. Whether it holds is for {@link checkSegment}. */
export const segmentFrom = (recordWires: readonly Uint8Array[], sealWire: Uint8Array): Segment | null => {
  const seal = parseFeedSeal(sealWire)
  if (!seal.ok) return null
  const records: SealedRecord[] = []
  for (const wire of recordWires) {
    const record = parseRecord(wire)
    if (!record.ok || record.value.pub.feed !== seal.value.feed) return null
    records.push(record.value)
  }
  return { feed: seal.value.feed, records, seal: seal.value }
}
