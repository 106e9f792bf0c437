import { decodeCbor, encodeCbor, isUint } from '../core/cbor.ts'
import { blobIdFrom, deviceIdFrom, idBytes, type BlobId, type CollId, type DeviceId } from '../core/ids.ts'
import { bytesFromHex } from '../core/bytes.ts'
import { err, ok, type Result } from '../core/result.ts'
import { blobIdOf } from '../feed/files.ts'
import type { Storage, StorageFailed } from './ports.ts'

/** `file`: a piece of a file of this collective. `carried`: something of a circle in it, which this device may or may not be in. */
export type BlobKind = 'file' | 'carried'

/** What is kept of one blob beside its bytes. */
type Shelved = {
  readonly kind: BlobKind
  /** Who handed it over; `null`: made here. */
  readonly from: DeviceId | null
  readonly size: number
  /** Dropped from then on, milliseconds since 1970; `null`: kept. */
  readonly until: number | null
}

/** How much one other device may hand over to this one. Beyond it nothing is taken, and nothing of anybody’s is lost. */
export type Quota = { readonly [Kind in BlobKind]: { readonly bytes: number; readonly count: number } }

export const QUOTA: Quota = {
  file: { bytes: 512 * 1024 * 1024, count: 8192 },
  carried: { bytes: 64 * 1024 * 1024, count: 2048 },
}

/** How one shelf differs from that of a member’s phone. */
export type ShelfRules = {
  readonly quota?: Quota
  /** Whether there is room for so many bytes more, where `held` lie here. */
  readonly hasRoomFor?: (of: { readonly bytes: number; readonly held: number }) => boolean
  /** Whether a row says who handed a blob over. Where the disk is not sealed it does not: that would tell who may be in a circle. */
  readonly accounts?: 'written down' | 'in memory'
}

export type OverQuota = { readonly type: 'OverQuota'; readonly from: DeviceId }

/** Sealed blobs of one collective on this disk, by the hash of their bytes, each on the account of whoever handed it over. */
export class Shelf {
  readonly #storage: Storage
  readonly #coll: CollId
  readonly #rules: Required<ShelfRules>
  readonly #index = new Map<BlobId, Shelved>()

  private constructor(storage: Storage, coll: CollId, rules: ShelfRules) {
    this.#storage = storage
    this.#coll = coll
    this.#rules = { quota: QUOTA, hasRoomFor: () => true, accounts: 'written down', ...rules }
  }

  static async open(
    storage: Storage,
    coll: CollId,
    rules: ShelfRules = {},
  ): Promise<Result<Shelf, StorageFailed>> {
    const rows = await storage.all('shelf', `${coll}/`)
    if (!rows.ok) return rows
    const shelf = new Shelf(storage, coll, rules)
    for (const [key, value] of rows.value.rows) {
      const id = blobIdFrom(bytesFromHex(key.slice(coll.length + 1)))
      const shelved = parseShelved(value)
      if (id && shelved) shelf.#index.set(id, shelved)
    }
    return ok(shelf)
  }

  has(id: BlobId): boolean {
    return this.#index.has(id)
  }

  kindOf(id: BlobId): BlobKind | null {
    return this.#index.get(id)?.kind ?? null
  }

  /** Everything that lies here, in order of name. */
  all(): readonly { readonly id: BlobId; readonly size: number; readonly until: number | null }[] {
    const sorted = [...this.#index].sort(([a], [b]) => (a < b ? -1 : 1))
    return sorted.map(([id, { size, until }]) => ({ id, size, until }))
  }

  /** Own ones first, then in turn one of each device that handed any over: nobody's flood stands before the others. */
  ids(kind: BlobKind): readonly BlobId[] {
    const accounts = new Map<DeviceId | null, BlobId[]>([[null, []]])
    for (const [id, shelved] of this.#index)
      if (shelved.kind === kind)
        (accounts.get(shelved.from) ?? accounts.set(shelved.from, []).get(shelved.from)!).push(id)
    const own = accounts.get(null) ?? []
    accounts.delete(null)
    const turns: BlobId[] = []
    const longest = Math.max(0, ...[...accounts.values()].map(({ length }) => length))
    for (let turn = 0; turn < longest; turn++)
      for (const ids of accounts.values()) if (turn < ids.length) turns.push(ids[turn]!)
    return [...own, ...turns]
  }

  /** How much lies here that one device handed over; `null`: that was made here. */
  heldFrom(kind: BlobKind, from: DeviceId | null): { readonly bytes: number; readonly count: number } {
    let [bytes, count] = [0, 0]
    for (const shelved of this.#index.values())
      if (shelved.from === from && shelved.kind === kind) {
        bytes += shelved.size
        count += 1
      }
    return { bytes, count }
  }

  /** The bytes behind a name, or `null`. What does not match its name any more is forgotten, so that it can be fetched again. */
  async read(id: BlobId): Promise<Uint8Array | null> {
    if (!this.#index.has(id)) return null
    const row = await this.#storage.get('blobs', this.#key(id))
    if (row.ok && row.value && blobIdOf(row.value) === id) return row.value
    await this.drop([id])
    return null
  }

  /** Keeps a blob. `OverQuota`: whoever hands it over has handed over enough. */
  async put(
    blob: Uint8Array,
    of: { readonly kind: BlobKind; readonly from: DeviceId | null; readonly until: number | null },
  ): Promise<Result<BlobId, OverQuota | StorageFailed>> {
    const id = blobIdOf(blob)
    const held = this.#index.get(id)
    if (held) return ok(id)
    if (of.from && !this.#fits(of.kind, of.from, blob.length))
      return err({ type: 'OverQuota', from: of.from })
    const shelved: Shelved = { ...of, size: blob.length }
    this.#index.set(id, shelved)
    const kept = await this.#storage.commit([
      { table: 'blobs', key: this.#key(id), value: blob },
      { table: 'shelf', key: this.#key(id), value: encodeShelved(this.#written(shelved)) },
    ])
    if (kept.ok) return ok(id)
    this.#index.delete(id)
    return kept
  }

  /** Drops what is past its time. Returns how many. */
  async expire(now: number): Promise<number> {
    const past = [...this.#index].filter(([, { until }]) => until !== null && until <= now).map(([id]) => id)
    await this.drop(past)
    return past.length
  }

  async drop(ids: readonly BlobId[]): Promise<void> {
    if (ids.length === 0) return
    for (const id of ids) this.#index.delete(id)
    await this.#storage.commit(
      ids.flatMap((id) => [
        { table: 'blobs', key: this.#key(id), value: null } as const,
        { table: 'shelf', key: this.#key(id), value: null } as const,
      ]),
    )
  }

  #fits(kind: BlobKind, from: DeviceId, size: number): boolean {
    const { quota, hasRoomFor } = this.#rules
    const { bytes, count } = this.heldFrom(kind, from)
    if (bytes + size > quota[kind].bytes || count >= quota[kind].count) return false
    const held = [...this.#index.values()].reduce((total, one) => total + one.size, 0)
    return hasRoomFor({ bytes: size, held })
  }

  #written(shelved: Shelved): Shelved {
    return this.#rules.accounts === 'in memory' ? { ...shelved, from: null } : shelved
  }

  #key(id: BlobId): string {
    return `${this.#coll}/${id}`
  }
}

const KINDS: readonly BlobKind[] = ['file', 'carried']

const encodeShelved = ({ kind, from, size, until }: Shelved): Uint8Array =>
  encodeCbor([KINDS.indexOf(kind), from && idBytes(from), size, until])

const parseShelved = (bytes: Uint8Array): Shelved | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 4) return null
  const [kind, by, size, until] = decoded.value as readonly unknown[]
  const from = deviceIdFrom(by)
  const named = isUint(kind) ? KINDS[kind] : undefined
  if (!named || !isUint(size) || (by !== null && !from) || (until !== null && !isUint(until))) return null
  return { kind: named, from, size, until }
}
