import type { Clock } from '../lib/core/clock.ts'
import { WatchTable } from './watch-table.ts'

/** Someone who is told what arrives in the mailboxes they watch. */
export type Watcher = { deliver(mailbox: Uint8Array, blob: Uint8Array): void }

/** How much is kept for others to come and fetch, whoever asks. */
export type Bounds = {
  readonly blobsPerMailbox: number
  readonly keptMs: number
  readonly mailboxes: number
  readonly bytes: number
  readonly watchedByOne: number
  readonly watchedByAll: number
}

export const BOUNDS: Bounds = {
  blobsPerMailbox: 8,
  keptMs: 2 * 60_000,
  mailboxes: 8192,
  bytes: 32 * 1024 * 1024,
  watchedByOne: 512,
  watchedByAll: 65_536,
}

/**
 * Boxes with random-looking names. A blob reaches everybody who watches its box, and stays two minutes for those
 * who come later. When room runs out, the box untouched for longest is emptied.
 */
export interface Mailboxes {
  /** Delivers what is kept, then whatever comes. `false`: too many are watched already. Watching twice is watching once. */
  watch(watcher: Watcher, mailbox: Uint8Array): boolean
  unwatch(watcher: Watcher, mailbox: Uint8Array): void
  put(mailbox: Uint8Array, blob: Uint8Array): void
  /** Forgets a watcher. What it put stays its two minutes. */
  leave(watcher: Watcher): void
  /** Drops what is older than two minutes. */
  sweep(): void
  held(): { readonly mailboxes: number; readonly bytes: number; readonly watched: number }
}

type Kept = { readonly blob: Uint8Array; readonly until: number }

export const createMailboxes = (clock: Clock, bounds: Bounds = BOUNDS): Mailboxes => {
  // In order of the last put: the first box is always the one to go.
  const boxes = new Map<string, Kept[]>()
  // There are a dozen watched boxes for each who is here.
  const watches = new WatchTable<Watcher>()
  let bytes = 0

  const sizeOf = (kept: readonly Kept[]): number => kept.reduce((sum, { blob }) => sum + blob.length, 0)

  /** Sets what a box holds and moves it to the end of the line. */
  const refill = (name: string, kept: Kept[]): void => {
    bytes += sizeOf(kept) - sizeOf(boxes.get(name) ?? [])
    boxes.delete(name)
    if (kept.length > 0) boxes.set(name, kept)
  }

  const fresh = (name: string): Kept[] => {
    const now = clock.now()
    return (boxes.get(name) ?? []).filter(({ until }) => until > now)
  }

  const isFull = (): boolean => boxes.size > bounds.mailboxes || bytes > bounds.bytes

  return {
    watch: (watcher, mailbox) => {
      if (watches.has(watcher, mailbox)) return true
      if (watches.countOf(watcher) >= bounds.watchedByOne || watches.count >= bounds.watchedByAll)
        return false
      watches.add(watcher, mailbox)
      for (const { blob } of fresh(nameOf(mailbox))) watcher.deliver(mailbox, blob)
      return true
    },
    unwatch: (watcher, mailbox) => watches.remove(watcher, mailbox),
    put: (mailbox, blob) => {
      const name = nameOf(mailbox)
      // A copy: a view would keep the whole network buffer behind it alive.
      const kept = { blob: new Uint8Array(blob), until: clock.now() + bounds.keptMs }
      refill(name, [...fresh(name), kept].slice(-bounds.blobsPerMailbox))
      if (isFull())
        for (const oldest of boxes.keys()) {
          refill(oldest, [])
          if (!isFull()) break
        }
      for (const watcher of watches.watching(mailbox)) watcher.deliver(mailbox, blob)
    },
    leave: (watcher) => watches.forget(watcher),
    sweep: () => {
      const now = clock.now()
      // A box whose last put is still fresh is followed by fresher ones only; old blobs in it wait for its next put.
      for (const [name, kept] of boxes) {
        if ((kept.at(-1)?.until ?? 0) > now) break
        refill(name, [])
      }
    },
    held: () => ({ mailboxes: boxes.size, bytes, watched: watches.count }),
  }
}

/** The 32 bytes as a text of as many, the shortest that can be a key. */
const nameOf = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('latin1')
