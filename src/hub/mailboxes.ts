import type { Clock } from '../lib/core/clock.ts'

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
  // Nearly every box is watched by one alone, and there are a dozen for each who is here: a set for each would be most of
  // what a hub holds.
  const watchers = new Map<string, Watcher | ReadonlySet<Watcher>>()
  const watchedBy = new Map<Watcher, string[]>()
  let bytes = 0
  let watched = 0

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

  const watching = (name: string): readonly Watcher[] => {
    const those = watchers.get(name)
    if (those === undefined) return []
    return those instanceof Set ? [...(those as ReadonlySet<Watcher>)] : [those as Watcher]
  }
  const setWatching = (name: string, now: readonly Watcher[]): void => {
    if (now.length === 0) watchers.delete(name)
    else watchers.set(name, now.length === 1 ? now[0]! : new Set(now))
  }

  const stopWatching = (watcher: Watcher, name: string): void => {
    const before = watching(name)
    if (!before.includes(watcher)) return
    setWatching(
      name,
      before.filter((other) => other !== watcher),
    )
    watched--
    const left = (watchedBy.get(watcher) ?? []).filter((other) => other !== name)
    if (left.length > 0) watchedBy.set(watcher, left)
    else watchedBy.delete(watcher)
  }

  return {
    watch: (watcher, mailbox) => {
      const name = nameOf(mailbox)
      const before = watching(name)
      if (before.includes(watcher)) return true
      const own = watchedBy.get(watcher) ?? []
      if (own.length >= bounds.watchedByOne || watched >= bounds.watchedByAll) return false
      own.push(name)
      watchedBy.set(watcher, own)
      setWatching(name, [...before, watcher])
      watched++
      for (const { blob } of fresh(name)) watcher.deliver(mailbox, blob)
      return true
    },
    unwatch: (watcher, mailbox) => stopWatching(watcher, nameOf(mailbox)),
    put: (mailbox, blob) => {
      const name = nameOf(mailbox)
      // A copy: a view would keep the whole network buffer behind it alive.
      const kept = { blob: new Uint8Array(blob), until: clock.now() + bounds.keptMs }
      refill(name, [...fresh(name), kept].slice(-bounds.blobsPerMailbox))
      for (const oldest of boxes.keys()) {
        if (boxes.size <= bounds.mailboxes && bytes <= bounds.bytes) break
        refill(oldest, [])
      }
      for (const watcher of watching(name)) watcher.deliver(mailbox, blob)
    },
    leave: (watcher) => {
      for (const name of watchedBy.get(watcher) ?? []) stopWatching(watcher, name)
    },
    sweep: () => {
      const now = clock.now()
      // A box whose last put is still fresh is followed by fresher ones only; old blobs in it wait for its next put.
      for (const [name, kept] of boxes) {
        if ((kept.at(-1)?.until ?? 0) > now) break
        refill(name, [])
      }
    },
    held: () => ({ mailboxes: boxes.size, bytes, watched }),
  }
}

/** The 32 bytes as a text of as many, the shortest that can be a key. */
const nameOf = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('latin1')
