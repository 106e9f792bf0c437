import type { CollId, FeedId } from '../core/ids.ts'
import { nextTurn } from '../core/next-turn.ts'
import { chainsOf, smallChainsOf, type Span } from '../feed/joining.ts'
import { encodeRun, parseRun, type Run } from '../feed/run.ts'
import { encodeFeedSeal } from '../feed/seal.ts'
import type { Base, FeedSeal, SealedRecord } from '../feed/types.ts'
import type { Storage, Write } from '../sync/ports.ts'
import { recordsKey } from './rows.ts'

/** One message of records holds about this many bytes: enough to be worth its seal, little enough to be read between two keystrokes. */
const SEGMENT_BYTES = 96 * 1024
type RecordTable = 'records' | 'tail'

/** Where a run begins and ends, and where it lies. */
type Start = {
  readonly seq: number
  readonly last: number
  readonly key: string
  readonly table: RecordTable
}

/** A run as it was read, and its row. */
type Row = { readonly key: string; readonly table: RecordTable; readonly run: Run }

/** What is to be written so that rows leave the tail, and what to say once that is on disk, or given up. */
type Leaving = {
  readonly writes: readonly Write[]
  readonly done: () => void
  readonly calledOff: () => void
}

/**
 * Records on disk: runs of one feed with the seal at their end, each one row. The bytes stay there; memory holds where
 * runs start. New ones go to the tail, and from there to the rest once the documents that hold them are written down.
 */
export class Packs {
  readonly #storage: Storage
  readonly #coll: CollId
  /** By feed, and by table and key. */
  readonly #starts = new Map<FeedId, Map<string, Start>>()
  /** Resolves when it is known where everything lies. */
  #known: Promise<unknown> = Promise.resolve()
  /** One rewriting at a time: each is planned by what lies on the disk, and must still lie there when it is written. */
  #turn: Promise<unknown> = Promise.resolve()
  /** Rows on their way out of the tail, and what takes their place: no other rewriting touches them until that is on disk. */
  readonly #leaving = new Set<string>()
  #tailRows = 0

  constructor(storage: Storage, coll: CollId) {
    this.#storage = storage
    this.#coll = coll
  }

  /** Rows in the tail: what the next start has to read before anything can be shown. */
  get tailRows(): number {
    return this.#tailRows
  }

  /** What to write so that these contiguous records of one feed are kept. */
  add(records: readonly SealedRecord[], seal: FeedSeal): Write {
    this.#tailRows += 1
    const row = this.#rowOf('tail', { records, seal })
    this.#note(row)
    return { table: row.table, key: row.key, value: encodeRun(row.run) }
  }

  /**
   * All runs of `feed` that hold something at or above `from`, joined into messages of about a hundred kilobytes. Branches of a
   * forked feed lie beside each other, and what came twice lies one over the other: where the next run begins says nothing of
   * where one ends.
   */
  async *read(
    feed: FeedId,
    from: number,
  ): AsyncGenerator<{ records: readonly Uint8Array[]; seal: Uint8Array; last: number }> {
    await this.#known
    const starts = [...(this.#starts.get(feed)?.values() ?? [])]
      .filter(({ last }) => last >= from)
      .sort((a, b) => a.seq - b.seq)
    let joined: { records: SealedRecord[]; bytes: number; seal: FeedSeal } | null = null
    for (const start of starts) {
      const run = await this.#runAt(start)
      if (!run) {
        if (joined) yield messageOf(joined)
        // It has been joined with others meanwhile, or it is gone.
        if (!this.#lies(feed, start)) yield* this.read(feed, Math.max(from, start.seq))
        return
      }
      const wanted = run.records.slice(Math.max(0, from - start.seq))
      if (wanted.length === 0) continue
      // Branches of a forked feed lie among each other here: each goes by itself.
      if (joined && wanted[0]!.pub.prev !== joined.records.at(-1)!.id) {
        yield messageOf(joined)
        joined = null
      }
      joined ??= { records: [], bytes: 0, seal: run.seal }
      joined.records.push(...wanted)
      joined.bytes += bytesIn(wanted)
      joined.seal = run.seal
      if (joined.bytes >= SEGMENT_BYTES) {
        yield messageOf(joined)
        joined = null
      }
    }
    if (joined) yield messageOf(joined)
  }

  /** Lets go of the records at or below `base`: what they say is in the documents there. Of a run that goes on above it, the rest stays. */
  prune(base: Base): Promise<void> {
    return this.#inTurn(() => this.#prune(base))
  }

  async #prune(base: Base): Promise<void> {
    const writes: Write[] = []
    const rests: Row[] = []
    const gone: { readonly feed: FeedId; readonly place: string }[] = []
    for (const [feed, starts] of this.#starts) {
      const at = base.get(feed)
      if (!at) continue
      for (const [place, start] of starts) {
        if (this.#leaving.has(place)) continue
        const run = start.seq <= at.seq ? await this.#runAt(start) : null
        // On another branch than the one the base names it is evidence: whole, or not at all.
        const isRest = run && run.seal.seq > at.seq
        if (!run || (isRest && run.records[at.seq - start.seq]?.id !== at.rec)) continue
        if (isRest) {
          const records = run.records.slice(at.seq - start.seq + 1)
          rests.push(this.#rowOf(start.table, { records, seal: run.seal }, rests))
        }
        writes.push({ table: start.table, key: start.key, value: null })
        gone.push({ feed, place })
      }
    }
    for (const { table, key, run } of rests) writes.push({ table, key, value: encodeRun(run) })
    if (writes.length === 0 || !(await this.#storage.commit(writes)).ok) return
    for (const { feed, place } of gone) this.#starts.get(feed)?.delete(place)
    for (const row of rests) this.#note(row)
  }

  // ── reading back ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** What came since the documents were last written down. Whoever begins with it calls {@link restore} soon. */
  async restoreTail(): Promise<readonly Run[]> {
    const rows = await this.#rowsOf('tail')
    this.#tailRows = rows.length
    for (const row of rows) this.#note(row)
    return rows.map(({ run }) => run)
  }

  /**
   * Everything kept of this collective, feed by feed in order; small rows are joined on the way. `tail`: whether the next
   * start still counts on what lies in the tail, or it may be joined too.
   */
  restore(tail: 'isCountedOn' | 'mayBeJoined'): Promise<readonly Run[]> {
    const restored = this.#inTurn(() => this.#restore(tail))
    this.#known = restored
    return restored
  }

  async #restore(tail: 'isCountedOn' | 'mayBeJoined'): Promise<readonly Run[]> {
    // Behind what is shown already: nobody waits for it, and who opened it comes first.
    if (tail === 'isCountedOn') await nextTurn()
    const [old, recent] = [await this.#rowsOf('records'), await this.#rowsOf('tail')]
    const rows = [...old, ...recent].sort((a, b) => (a.key < b.key ? -1 : 1))
    for (const row of rows) this.#note(row)
    const small = (tail === 'isCountedOn' ? old : rows).filter((row) => !this.#leaving.has(placeOf(row)))
    // Single records pile up while people type together: runs of them become one row when the chance comes.
    const long = smallChainsOf(small, spanOf)
    const joined = this.#join(long)
    if (long.length > 0 && (await this.#storage.commit(joined.writes)).ok) joined.done()
    this.#tailRows = tail === 'isCountedOn' ? recent.length : 0
    return rows.map(({ run }) => run)
  }

  /**
   * Moves out of the tail what lies at or below `base`. To be committed in one transaction with what holds it; `done`, once
   * it is, or `calledOff`: it never will be.
   */
  leaveTail(base: Base): Promise<Leaving> {
    return this.#inTurn(async () => {
      const rows = await this.#rowsOf('tail')
      const covered = rows.filter(
        (row) =>
          row.run.seal.seq <= (base.get(row.run.seal.feed)?.seq ?? -1) && !this.#leaving.has(placeOf(row)),
      )
      const { writes, done } = this.#join(chainsOf(covered, spanOf))
      const places = writes.map(placeOf)
      for (const place of places) this.#leaving.add(place)
      const calledOff = () => places.forEach((place) => this.#leaving.delete(place))
      return {
        writes,
        calledOff,
        done: () => {
          calledOff()
          done()
          this.#tailRows = Math.max(0, this.#tailRows - covered.length)
        },
      }
    })
  }

  async #rowsOf(table: RecordTable): Promise<readonly Row[]> {
    const rows = await this.#storage.all(table, `${this.#coll}/`)
    if (!rows.ok) return []
    return rows.value.rows.flatMap(([key, value]) => {
      const run = parseRun(value)
      return run ? [{ key, table, run }] : []
    })
  }

  async #runAt({ table, key }: Start): Promise<Run | null> {
    const row = await this.#storage.get(table, key)
    return row.ok && row.value ? parseRun(row.value) : null
  }

  // ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(run)
    this.#turn = turn.catch(() => {})
    return turn
  }

  /**
   * Where a run is to lie: never over another that begins with the same record, which may be longer, or go on otherwise.
   * `beside`: rows that are about to be written with it.
   */
  #rowOf(table: RecordTable, run: Run, beside: readonly Row[] = []): Row {
    const first = run.records[0]!
    const key = recordsKey(this.#coll, run.seal.feed, first.pub.seq, first.id)
    const isTaken =
      this.#lies(run.seal.feed, { table, key }) ||
      this.#leaving.has(placeOf({ table, key })) ||
      beside.some((row) => row.table === table && row.key === key)
    return { table, key: isTaken ? `${key}/${run.seal.rec}` : key, run }
  }

  #note({ table, key, run }: Row): void {
    const { feed } = run.seal
    const starts = this.#starts.get(feed) ?? new Map<string, Start>()
    const [seq, last] = [run.records[0]!.pub.seq, run.seal.seq]
    this.#starts.set(feed, starts.set(placeOf({ table, key }), { seq, last, key, table }))
  }

  /** Each chain as one row in place of its many. `done`: to be called once that is on disk. */
  #join(all: readonly (readonly [Row, ...Row[]])[]): {
    readonly writes: readonly Write[]
    readonly done: () => void
  } {
    const joined: { readonly whole: Row; readonly gone: readonly Row[] }[] = []
    for (const chain of all) {
      const [first] = chain
      const run = { records: chain.flatMap(({ run }) => run.records), seal: chain.at(-1)!.run.seal }
      const wholes = joined.map(({ whole }) => whole)
      // Where the first of them lies among the rest already, that row grows.
      const whole = first.table === 'records' ? { ...first, run } : this.#rowOf('records', run, wholes)
      joined.push({
        whole,
        gone: chain.filter(({ table, key }) => table !== whole.table || key !== whole.key),
      })
    }
    return {
      writes: joined.flatMap(({ whole, gone }) => [
        ...gone.map(({ table, key }): Write => ({ table, key, value: null })),
        { table: whole.table, key: whole.key, value: encodeRun(whole.run) },
      ]),
      done: () => {
        for (const { whole, gone } of joined) {
          for (const { table, key } of gone)
            this.#starts.get(whole.run.seal.feed)?.delete(placeOf({ table, key }))
          this.#note(whole)
        }
      },
    }
  }

  #lies(feed: FeedId, { table, key }: Pick<Start, 'table' | 'key'>): boolean {
    return this.#starts.get(feed)?.has(placeOf({ table, key })) ?? false
  }
}

const placeOf = ({ table, key }: Pick<Write, 'table' | 'key'>): string => `${table}/${key}`

const spanOf = ({ run: { records, seal } }: Row): Span => ({
  seq: records[0]!.pub.seq,
  prev: records[0]!.pub.prev,
  count: records.length,
  last: seal.rec,
  bytes: bytesIn(records),
})

const bytesIn = (records: Run['records']): number => records.reduce((sum, { wire }) => sum + wire.length, 0)

const messageOf = ({ records, seal }: { records: readonly SealedRecord[]; seal: FeedSeal }) => ({
  records: records.map(({ wire }) => wire),
  seal: encodeFeedSeal(seal),
  last: seal.seq,
})
