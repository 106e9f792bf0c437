import type { Clock, Random } from '../core/clock.ts'
import { FILE_ID_BYTES, fileIdFrom } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { openChunk, openManifest, sealFile, type BadFile, type FileRef } from '../feed/files.ts'
import { writeEpoch } from '../ledger/epochs.ts'
import type { StorageFailed } from '../sync/ports.ts'
import type { Exchange } from '../sync/blobs-exchange.ts'
import type { NobodyHere } from '../sync/blobs-fetching.ts'
import type { OverQuota, Shelf } from '../sync/blobs-shelf.ts'
import type { Replica } from './replica.ts'

/** Why a file is not to be had now. Only `BadFile` and `Expired` are for ever. */
export type NoFile =
  | NobodyHere
  | OverQuota
  | StorageFailed
  | BadFile
  | { readonly type: 'Expired' }
  /** Sealed under an epoch whose key this device was not given. */
  | { readonly type: 'NoKey' }

/** Pieces asked for at once. */
const AT_ONCE = 4

/** Voice, drawings and whatever else is attached: sealed here, fetched when somebody opens it. Spec: files.md. */
export class Files {
  readonly #replica: Replica
  readonly #shelf: Shelf
  readonly #exchange: Exchange
  readonly #clock: Clock
  readonly #random: Random

  constructor(of: {
    readonly replica: Replica
    readonly shelf: Shelf
    readonly exchange: Exchange
    readonly clock: Clock
    readonly random: Random
  }) {
    this.#replica = of.replica
    this.#shelf = of.shelf
    this.#exchange = of.exchange
    this.#clock = of.clock
    this.#random = of.random
  }

  /** Seals a file and keeps it here. What it gives back is for a document to name; whoever reads that can fetch it. */
  async add(
    bytes: Uint8Array,
    keepUntil: number | null = null,
  ): Promise<Result<FileRef, StorageFailed | { readonly type: 'TooLarge' } | { readonly type: 'NoKey' }>> {
    const replica = this.#replica
    const epoch = writeEpoch(replica.state, (one) => replica.keyring.has(one))
    const key = epoch && replica.keyring.key(epoch)
    if (!epoch || !key || replica.standing() !== 'active') return err({ type: 'NoKey' })
    const id = fileIdFrom(this.#random.bytes(FILE_ID_BYTES))!
    const sealed = sealFile(bytes, { key, coll: replica.coll, id, epoch, keepUntil })
    if (!sealed.ok) return sealed
    for (const blob of sealed.value.blobs) {
      const kept = await this.#shelf.put(blob, { kind: 'file', from: null, until: keepUntil })
      if (!kept.ok && kept.error.type === 'StorageFailed') return err(kept.error)
    }
    return ok(sealed.value.ref)
  }

  /** The whole file, from here or from others. What arrived before a link broke is not fetched again. */
  async read(ref: FileRef): Promise<Result<Uint8Array, NoFile>> {
    if (ref.keepUntil !== null && ref.keepUntil <= this.#clock.now()) return err({ type: 'Expired' })
    const key = this.#replica.keyring.key(ref.epoch)
    if (!key) return err({ type: 'NoKey' })
    const place = { key, coll: this.#replica.coll, id: ref.id }
    const blob = await this.#exchange.fetch(ref.manifest, ref.keepUntil)
    const manifest = blob.ok ? openManifest(blob.value, ref, place) : blob
    if (!manifest.ok) return manifest
    const { chunks, size } = manifest.value
    const whole = new Uint8Array(size)
    const pieces: Result<Uint8Array, NoFile>[] = []
    for (let first = 0; first < chunks.length; first += AT_ONCE)
      pieces.push(
        ...(await Promise.all(
          chunks.slice(first, first + AT_ONCE).map(async (id, i) => {
            const fetched = await this.#exchange.fetch(id, ref.keepUntil)
            return fetched.ok ? openChunk(fetched.value, first + i, { ...place, size }) : fetched
          }),
        )),
      )
    let at = 0
    for (const piece of pieces) {
      if (!piece.ok) return piece
      whole.set(piece.value, at)
      at += piece.value.length
    }
    return ok(whole)
  }

  /** Whether all of it lies here already. */
  async isHere(ref: FileRef): Promise<boolean> {
    const key = this.#replica.keyring.key(ref.epoch)
    const blob = key && (await this.#shelf.read(ref.manifest))
    if (!key || !blob) return false
    const manifest = openManifest(blob, ref, { key, coll: this.#replica.coll, id: ref.id })
    return manifest.ok && manifest.value.chunks.every((id) => this.#shelf.has(id))
  }
}
