import type { CollId, FeedId } from '../core/ids.ts'
import { parseRecord } from '../feed/record.ts'
import { encodeFeedSeal, parseFeedSeal } from '../feed/seal.ts'
import type { Base, FeedSeal, SealedRecord } from '../feed/types.ts'
import type { Storage, Write } from '../sync/ports.ts'
import { encodePack, parsePack, recordsKey } from './rows.ts'

/** One message of records holds about this many bytes. */
const SEGMENT_BYTES = 512 * 1024
/** Single records pile up while people type together: at the next start, runs of them become one row. */
const COMPACT_FROM = 64
const PACK_RECORDS = 512

/** Where a run begins, and under which name it lies. */
type Start = { readonly seq: number; readonly key: string }

export type RestoredPack = { readonly records: readonly SealedRecord[]; readonly seal: FeedSeal }

/** Records on disk: runs of one feed with the seal at their end, each one row. The bytes stay there; memory holds where runs start. */
export class Packs {
  readonly #storage: Storage
  readonly #coll: CollId
  readonly #starts = new Map<FeedId, Start[]>()

  constructor(storage: Storage, coll: CollId) {
    this.#storage = storage
    this.#coll = coll
  }

  /** What to write so that these contiguous records of one feed are kept. */
  add(records: readonly SealedRecord[], seal: FeedSeal): Write {
    const first = records[0]!
    const key = recordsKey(this.#coll, seal.feed, first.pub.seq, first.id)
    this.#note(seal.feed, { seq: first.pub.seq, key })
    const value = encodePack({ records: records.map(({ wire }) => wire), seal: encodeFeedSeal(seal) })
    return { table: 'records', key, value }
  }

  /** Runs of `feed` from the one that holds `from` on, joined into messages of about half a megabyte. */
  async *read(
    feed: FeedId,
    from: number,
  ): AsyncGenerator<{ records: readonly Uint8Array[]; seal: Uint8Array; last: number }> {
    const starts = [...(this.#starts.get(feed) ?? [])].sort((a, b) => a.seq - b.seq)
    const first = Math.max(
      0,
      starts.findLastIndex(({ seq }) => seq <= from),
    )
    let run: { records: Uint8Array[]; bytes: number; seal: Uint8Array; last: number } | null = null
    for (const { seq, key } of starts.slice(first)) {
      const row = await this.#storage.get('records', key)
      const pack = row.ok && row.value ? parsePack(row.value) : null
      if (!pack) return
      const wanted = pack.records.slice(Math.max(0, from - seq))
      if (wanted.length === 0) continue
      // Branches of a forked feed lie among each other here: each goes by itself.
      if (run && !follows(wanted[0]!, run.records.at(-1)!)) {
        yield run
        run = null
      }
      run ??= { records: [], bytes: 0, seal: pack.seal, last: 0 }
      run.records.push(...wanted)
      run.bytes += wanted.reduce((total, record) => total + record.length, 0)
      run.seal = pack.seal
      run.last = seq + pack.records.length - 1
      if (run.bytes >= SEGMENT_BYTES) {
        yield run
        run = null
      }
    }
    if (run) yield run
  }

  /** Lets go of the runs that lie wholly at or below `base`: what they say is in the documents there. */
  async prune(base: Base): Promise<void> {
    const writes: Write[] = []
    for (const [feed, starts] of this.#starts) {
      const most = base.get(feed)?.seq ?? -1
      const kept: Start[] = []
      for (const start of starts) {
        const row = start.seq <= most ? await this.#storage.get('records', start.key) : null
        const pack = row?.ok && row.value ? parsePack(row.value) : null
        if (pack && start.seq + pack.records.length - 1 <= most)
          writes.push({ table: 'records', key: start.key, value: null })
        else kept.push(start)
      }
      this.#starts.set(feed, kept)
    }
    if (writes.length > 0) await this.#storage.commit(writes)
  }

  /** Everything kept of this collective, feed by feed in order; small rows are joined on the way. */
  async restore(): Promise<readonly RestoredPack[]> {
    const rows = await this.#storage.all('records', `${this.#coll}/`)
    if (!rows.ok) return []
    this.#starts.clear()
    const packs: RestoredPack[] = []
    const writes: Write[] = []
    let run: { key: string; pack: RestoredPack }[] = []
    const closeRun = () => {
      if (run.length >= COMPACT_FROM) writes.push(...this.#join(run))
      else for (const { key, pack } of run) this.#note(pack.seal.feed, { seq: pack.records[0]!.pub.seq, key })
      run = []
    }
    for (const [key, value] of rows.value.rows) {
      const pack = parseRestored(value)
      if (!pack) continue
      packs.push(pack)
      const last = run.at(-1)?.pack
      const goesOn =
        last !== undefined &&
        pack.records[0]!.pub.prev === last.records.at(-1)!.id &&
        run.length < PACK_RECORDS &&
        pack.records.length < COMPACT_FROM
      if (!goesOn) closeRun()
      run.push({ key, pack })
    }
    closeRun()
    if (writes.length > 0) await this.#storage.commit(writes)
    return packs
  }

  #note(feed: FeedId, start: Start): void {
    const starts = this.#starts.get(feed) ?? []
    if (starts.some(({ key }) => key === start.key)) return
    starts.push(start)
    this.#starts.set(feed, starts)
  }

  #join(run: readonly { key: string; pack: RestoredPack }[]): readonly Write[] {
    const records = run.flatMap(({ pack }) => pack.records)
    const seal = run.at(-1)!.pack.seal
    const [, ...rest] = run
    return [
      this.add(records, seal),
      ...rest.map(({ key }): Write => ({ table: 'records', key, value: null })),
    ]
  }
}

const follows = (next: Uint8Array, last: Uint8Array): boolean => {
  const [after, before] = [parseRecord(next), parseRecord(last)]
  return after.ok && before.ok && after.value.pub.prev === before.value.id
}

const parseRestored = (value: Uint8Array): RestoredPack | null => {
  const pack = parsePack(value)
  const seal = pack ? parseFeedSeal(pack.seal) : null
  if (!pack || !seal?.ok) return null
  const records: SealedRecord[] = []
  for (const wire of pack.records) {
    const record = parseRecord(wire)
    if (!record.ok) return null
    records.push(record.value)
  }
  return { records, seal: seal.value }
}
