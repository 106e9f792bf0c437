import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import type { Clock } from '../../src/lib/core/clock.ts'
import { Cell } from '../../src/lib/core/watched.ts'
import type { Hub } from '../../src/lib/net/types.ts'

/** What a hub does with a blob on its way to one reader: deliver it so many times, each so many turns later. */
export type Mischief = (blob: Uint8Array) => readonly { readonly blob: Uint8Array; readonly turns: number }[]

export type HubClientInMemory = Hub & {
  /** The way to the hub is gone, or back. */
  setReachable(reachable: boolean): void
}

/** A hub in memory: keeps the last eight blobs of a mailbox for two minutes, and everything it ever saw in `log`. */
export interface MemoryHub {
  connect(): HubClientInMemory
  readonly log: { readonly mailbox: Uint8Array; readonly blob: Uint8Array }[]
  readonly asked: string[]
  /** As an outsider or the hub itself may: puts any bytes anywhere. */
  put(mailbox: Uint8Array, blob: Uint8Array): void
}

const KEPT = 8
const KEPT_MS = 120_000

export const createMemoryHub = (clock: Clock, mischief?: Mischief): MemoryHub => {
  const kept = new Map<string, { readonly blob: Uint8Array; readonly at: number }[]>()
  const readers = new Map<string, Set<(blob: Uint8Array) => void>>()
  const log: { mailbox: Uint8Array; blob: Uint8Array }[] = []
  const asked: string[] = []

  const deliver = (reader: (blob: Uint8Array) => void, blob: Uint8Array) => {
    for (const { blob: copy, turns } of mischief?.(blob) ?? [{ blob, turns: 0 }]) {
      const later = (left: number): void =>
        void setImmediate(() => (left > 0 ? later(left - 1) : reader(copy.slice())))
      later(turns)
    }
  }
  const put = (mailbox: Uint8Array, blob: Uint8Array) => {
    const name = hexFromBytes(mailbox)
    log.push({ mailbox, blob })
    const fresh = (kept.get(name) ?? []).filter(({ at }) => clock.now() - at < KEPT_MS)
    kept.set(name, [...fresh, { blob, at: clock.now() }].slice(-KEPT))
    for (const reader of readers.get(name) ?? []) deliver(reader, blob)
  }

  const connect = (): HubClientInMemory => {
    const state = new Cell<'open' | 'searching' | 'closed'>('open')
    const mine = new Set<{ readonly name: string; readonly reader: (blob: Uint8Array) => void }>()
    const begin = ({ name, reader }: { name: string; reader: (blob: Uint8Array) => void }) => {
      asked.push(name)
      readers.set(name, (readers.get(name) ?? new Set()).add(reader))
      for (const { blob, at } of kept.get(name) ?? []) if (clock.now() - at < KEPT_MS) deliver(reader, blob)
    }
    const end = ({ name, reader }: { name: string; reader: (blob: Uint8Array) => void }) =>
      readers.get(name)?.delete(reader)
    return {
      state,
      subscribe: (mailbox, handler) => {
        let stopped = false
        const reader = (blob: Uint8Array) => {
          if (!stopped && state.read() === 'open') handler(blob)
        }
        const subscription = { name: hexFromBytes(mailbox), reader }
        mine.add(subscription)
        if (state.read() === 'open') begin(subscription)
        return () => {
          stopped = true
          mine.delete(subscription)
          end(subscription)
        }
      },
      put: (mailbox, blob) => {
        if (state.read() === 'open') put(mailbox, blob)
      },
      close: () => {
        mine.forEach(end)
        state.set('closed')
      },
      setReachable: (reachable) => {
        if (state.read() === 'closed') return
        if (!reachable) mine.forEach(end)
        const before = state.read()
        state.set(reachable ? 'open' : 'searching')
        if (reachable && before !== 'open') mine.forEach(begin)
      },
    }
  }
  return { connect, log, asked, put }
}
