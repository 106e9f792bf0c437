import { hexFromBytes } from '../core/bytes.ts'
import { drawn, type Clock, type Random } from '../core/clock.ts'
import type { DeviceId } from '../core/ids.ts'
import { hash } from '../crypto/hash.ts'
import { MAX_HOPS, type PassedNote } from '../wire/control.ts'
import { createAllowance, type Allowance } from './waiting.ts'

export type RelayOptions = {
  readonly own: DeviceId
  readonly clock: Clock
  readonly random: Random
  /** Devices with a full link now. */
  readonly neighbours: () => readonly DeviceId[]
  /** Whether a neighbour, by its own word, is linked with a device. */
  readonly reaches: (neighbour: DeviceId, other: DeviceId) => boolean
  readonly isAwake: (peer: DeviceId) => boolean
  readonly send: (neighbour: DeviceId, note: PassedNote) => void
}

/**
 * Notes on their way over links, to devices this one may have no link with: those of its own, and those of others, which
 * it cannot read. Nothing is kept for later; a note that finds no way is lost, and its writer writes another.
 */
export interface Relay {
  /** Sends a note of this device’s own, if there is a way. */
  put(to: DeviceId, mailbox: Uint8Array, blob: Uint8Array): void
  /** A neighbour with a full link handed over a note: for this device, or to be passed on. */
  take(neighbour: DeviceId, note: PassedNote): void
  /** Receives what comes for `mailbox`. Returns the undoing. */
  subscribe(mailbox: Uint8Array, handler: (blob: Uint8Array) => void): () => void
  /** A link is gone: what was remembered of it is forgotten. */
  forget(neighbour: DeviceId): void
}

/** On how many ways a note sets out, while nobody near says it is linked with whom it is for. Each goes on as one. */
const WAYS = 3
/** Notes a neighbour may hand over at once, and how often one more. ms. */
const BURST = { burst: 128, everyMs: 50 }
/** Notes remembered, so that none is passed on twice. */
const SEEN = 2048

export const createRelay = (options: RelayOptions): Relay => {
  const { own, clock, random, neighbours, reaches, isAwake, send } = options
  const readers = new Map<string, Set<(blob: Uint8Array) => void>>()
  const seen = new Set<string>()
  const allowances = new Map<DeviceId, Allowance>()
  /** The neighbour over whom a device was last heard: the way back to it. A hint, as anybody may write any `from`. */
  const cameBy = new Map<DeviceId, DeviceId>()

  const isNew = ({ to, mailbox, blob }: PassedNote): boolean => {
    const name = hexFromBytes(hash('passed', [to, mailbox, blob]))
    if (seen.has(name)) return false
    seen.add(name)
    for (const oldest of seen) {
      if (seen.size <= SEEN) break
      seen.delete(oldest)
    }
    return true
  }

  /** Straight to it; else over who reaches it; else the way it came, and some others: never back where it comes from. */
  const waysTo = (to: DeviceId, from: DeviceId | null): readonly DeviceId[] => {
    const near = neighbours()
    if (near.includes(to)) return [to]
    const open = near.filter((neighbour) => neighbour !== from)
    const sure = open.filter((neighbour) => reaches(neighbour, to))
    if (sure.length > 0) return drawn(sure, 2, random)
    if (!isAwake(to) && !cameBy.has(to)) return []
    const back = cameBy.get(to)
    const first = back !== undefined && open.includes(back) ? [back] : []
    const others = open.filter((neighbour) => !first.includes(neighbour))
    const ways = from === null ? WAYS : 1
    return [...first, ...drawn(others, ways - first.length, random)]
  }

  const pass = (note: PassedNote, from: DeviceId | null) => {
    for (const way of waysTo(note.to, from)) send(way, note)
  }

  return {
    put: (to, mailbox, blob) => {
      const note: PassedNote = { from: own, to, hops: MAX_HOPS, mailbox, blob }
      isNew(note)
      pass(note, null)
    },
    take: (neighbour, note) => {
      const allowance = allowances.get(neighbour) ?? createAllowance(clock, BURST)
      allowances.set(neighbour, allowance)
      if (!allowance.take() || note.from === own || !isNew(note)) return
      cameBy.delete(note.from) // the latest last
      cameBy.set(note.from, neighbour)
      for (const oldest of cameBy.keys()) {
        if (cameBy.size <= SEEN) break
        cameBy.delete(oldest)
      }
      if (note.to === own) {
        for (const reader of [...(readers.get(hexFromBytes(note.mailbox)) ?? [])]) reader(note.blob)
      } else if (note.hops > 0) pass({ ...note, hops: note.hops - 1 }, neighbour)
    },
    subscribe: (mailbox, handler) => {
      const name = hexFromBytes(mailbox)
      const handlers = readers.get(name) ?? new Set()
      readers.set(name, handlers.add(handler))
      return () => {
        handlers.delete(handler)
        if (handlers.size === 0) readers.delete(name)
      }
    },
    forget: (neighbour) => {
      for (const [device, way] of cameBy) if (way === neighbour) cameBy.delete(device)
    },
  }
}
