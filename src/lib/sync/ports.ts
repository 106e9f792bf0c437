import type { DeviceId } from '../core/ids.ts'
import type { Result } from '../core/result.ts'

/** The streams multiplexed on a link, highest lane first. */
export const STREAMS = ['control', 'live', 'records', 'files'] as const
export type StreamName = (typeof STREAMS)[number]

/**
 * How much a link may carry. Narrow: ledger both ways and the peer's own feeds, nothing else. Sealed: one of the two is a
 * keeper, which is no recipient of anything: ledger, records and whole sets of boxes, nothing else. Spec: wire.md §7.
 */
export type Standing = 'full' | 'sealed' | 'narrow' | 'stranger'

/** An authenticated, sealed connection to one device. Implemented by net/. */
export interface Link {
  /** Differs for every link ever made, also two to the same device. */
  readonly id: string
  readonly peer: DeviceId
  /** Takes any message up to 64 MiB, in order per stream. After `close` it is silently dropped. */
  send(stream: StreamName, message: Uint8Array): void
  /** Resolves when little enough is queued that the next megabyte may be sent. Resolves also when the link closes. */
  drained(): Promise<void>
  /** Sets who receives whole messages of a stream. What arrived earlier is delivered first. Returns the undoing. */
  receive(stream: StreamName, handler: (message: Uint8Array) => void): () => void
  close(): void
  /** Calls `then` once when the link is gone, at once if it is already. */
  closed(then: () => void): void
}

/** The tables of a vault. Each row is sealed under a subkey of its own table. */
export const TABLES = [
  'meta',
  'ledger',
  'records',
  // Records since the last time the documents were written down: only these are read before a workspace can be used.
  'tail',
  'heads',
  'keys',
  'boxes',
  'snapshots',
  // Once held what was brought back; that stands in the document now. The name stays for vaults that have it.
  'aside',
  // What is kept of each sealed blob, and its bytes apart: only the former is read at start-up.
  'shelf',
  'blobs',
] as const
export type Table = (typeof TABLES)[number]

/** Writes that happen together or not at all. `value: null` deletes. */
export type Write = { readonly table: Table; readonly key: string; readonly value: Uint8Array | null }

/** The disk could not take it (full, evicted, or broken). Nothing was written. */
export type StorageFailed = { readonly type: 'StorageFailed' }
/** A row does not open: altered, or from another vault. */
export type StorageCorrupt = { readonly type: 'StorageCorrupt'; readonly table: Table }

/** A vault's rows: logical keys and plaintext on this side, random-looking names and sealed bytes on the disk. Implemented by store/. */
export interface Storage {
  get(table: Table, key: string): Promise<Result<Uint8Array | null, StorageFailed | StorageCorrupt>>
  /** All rows of a table whose key starts with `prefix`, in order of key. Rows that do not open are counted, not returned. */
  all(
    table: Table,
    prefix?: string,
  ): Promise<
    Result<
      { readonly rows: readonly (readonly [string, Uint8Array])[]; readonly corrupt: number },
      StorageFailed
    >
  >
  /** One transaction: after it resolves ok, a crash loses none of it; otherwise none of it happened. */
  commit(writes: readonly Write[]): Promise<Result<void, StorageFailed>>
  close(): void
}

/** Turns logical rows into what may touch a disk. Implemented by the vault (crypto). */
export interface RowSealer {
  /** The name a row has on disk: 32 bytes as hex, says nothing about `key`. */
  name(table: Table, key: string): string
  seal(table: Table, key: string, value: Uint8Array): Uint8Array
  /** `null` when it does not open under this name. Gives back the logical key too. */
  open(
    table: Table,
    name: string,
    sealed: Uint8Array,
  ): { readonly key: string; readonly value: Uint8Array } | null
}
