import type { CollId, FeedId } from '../core/ids.ts'
import { parseRecord } from '../feed/record.ts'
import { encodeFeedSeal, parseFeedSeal } from '../feed/seal.ts'
import type { FeedSeal, SealedRecord } from '../feed/types.ts'
import type { Storage, Write } from '../sync/ports.ts'
import { encodePack, parsePack, recordsKey } from './rows.ts'

/** One message of records holds about this many bytes. */
const SEGMENT_BYTES = 512 * 1024
/** Single records pile up while people type together: at the next start, runs of them become one row. */
const COMPACT_FROM = 64
const PACK_RECORDS = 512

export type RestoredPack = { readonly records: readonly SealedRecord[]; readonly seal: FeedSeal }

/** Records on disk: runs of one feed with the seal at their end, each one row. The bytes stay there; memory holds where runs start. */
export class Packs {
  readonly #storage: Storage
  readonly #coll: CollId
  readonly #starts = new Map<FeedId, number[]>()

  constructor(storage: Storage, coll: CollId) {
    this.#storage = storage
    this.#coll = coll
  }

  /** What to write so that these contiguous records of one feed are kept. */
  add(records: readonly SealedRecord[], seal: FeedSeal): Write {
    const first = records[0]!.pub.seq
    const starts = this.#starts.get(seal.feed) ?? []
    starts.push(first)
    this.#starts.set(seal.feed, starts)
    const value = encodePack({ records: records.map(({ wire }) => wire), seal: encodeFeedSeal(seal) })
    return { table: 'records', key: recordsKey(this.#coll, seal.feed, first), value }
  }

  /** Runs of `feed` from the one that holds `from` on, joined into messages of about half a megabyte. */
  async *read(
    feed: FeedId,
    from: number,
  ): AsyncGenerator<{ records: readonly Uint8Array[]; seal: Uint8Array; last: number }> {
    const starts = [...(this.#starts.get(feed) ?? [])].sort((a, b) => a - b)
    let index = starts.findLastIndex((start) => start <= from)
    if (index < 0) index = 0
    let records: Uint8Array[] = []
    let bytes = 0
    for (; index < starts.length; index++) {
      const start = starts[index]!
      const row = await this.#storage.get('records', recordsKey(this.#coll, feed, start))
      const pack = row.ok && row.value ? parsePack(row.value) : null
      if (!pack) return
      const wanted = pack.records.slice(Math.max(0, from - start))
      records.push(...wanted)
      bytes += wanted.reduce((total, record) => total + record.length, 0)
      if (records.length === 0) continue
      if (bytes >= SEGMENT_BYTES || index === starts.length - 1) {
        yield { records, seal: pack.seal, last: start + pack.records.length - 1 }
        records = []
        bytes = 0
      }
    }
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
      else for (const { pack } of run) this.#note(pack)
      run = []
    }
    for (const [key, value] of rows.value.rows) {
      const pack = parseRestored(value)
      if (!pack) continue
      packs.push(pack)
      const last = run.at(-1)?.pack
      const follows =
        last?.seal.feed === pack.seal.feed &&
        last.seal.seq + 1 === pack.records[0]!.pub.seq &&
        run.length < PACK_RECORDS &&
        pack.records.length < COMPACT_FROM
      if (!follows) closeRun()
      run.push({ key, pack })
    }
    closeRun()
    if (writes.length > 0) await this.#storage.commit(writes)
    return packs
  }

  #note(pack: RestoredPack): void {
    const starts = this.#starts.get(pack.seal.feed) ?? []
    starts.push(pack.records[0]!.pub.seq)
    this.#starts.set(pack.seal.feed, starts)
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
