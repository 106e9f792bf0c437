import { equalBytes, hexFromBytes } from '../core/bytes.ts'
import type { Clock } from '../core/clock.ts'
import type { Note } from '../wire/rendezvous.ts'
import { openBlob, openDays, sealNote, type Mailbox } from './mailboxes.ts'
import type { Hub } from './types.ts'
import { createAllowance } from './waiting.ts'

export type PostboxOptions = {
  readonly hub: Hub
  readonly clock: Clock
  /** The mailbox others write to on a day, and the one this side writes to. */
  readonly inbound: (day: number) => Mailbox
  readonly outbound: (day: number) => Mailbox
  /** Every note once, however often the hub delivers it. */
  readonly onNote: (note: Note) => void
  /** How many notes may come at once; then one every second. */
  readonly burst: number
}

/** Notes to and from one other side, from day to day. */
export interface Postbox {
  send(note: Note): void
  stop(): void
}

/** How often we look whether another day has begun. ms. */
const LOOK_MS = 10 * 60_000
/** Ids of notes remembered. A hub that keeps copies longer than this many notes repeats at most a knock. */
const SEEN = 512

export const createPostbox = (options: PostboxOptions): Postbox => {
  const { hub, clock, inbound, outbound, onNote, burst } = options
  const seen = new Set<string>()
  const allowance = createAllowance(clock, { burst, everyMs: 1000 })
  const subscriptions = new Map<string, { readonly id: Uint8Array; readonly stop: () => void }>()
  let stopped = false

  const take = (mailbox: Mailbox, blob: Uint8Array) => {
    const note = stopped ? null : openBlob(mailbox, blob)
    const id = note && hexFromBytes(note.id)
    if (!note || !id || seen.has(id) || !allowance.take()) return
    seen.add(id)
    for (const oldest of seen) {
      if (seen.size <= SEEN) break
      seen.delete(oldest)
    }
    onNote(note)
  }

  const look = () => {
    const open = openDays(clock).map(inbound)
    for (const [name, { id, stop }] of subscriptions)
      if (!open.some((mailbox) => equalBytes(mailbox.id, id))) {
        stop()
        subscriptions.delete(name)
      }
    for (const mailbox of open) {
      const name = hexFromBytes(mailbox.id)
      if (subscriptions.has(name)) continue
      const stop = hub.subscribe(mailbox.id, (blob) => take(mailbox, blob))
      subscriptions.set(name, { id: mailbox.id, stop })
    }
    callOff = clock.after(LOOK_MS, look)
  }
  let callOff = () => {}
  look()

  return {
    send: (note) => {
      if (stopped) return
      for (const day of openDays(clock)) {
        const mailbox = outbound(day)
        hub.put(mailbox.id, sealNote(mailbox, note))
      }
    },
    stop: () => {
      stopped = true
      callOff()
      for (const { stop } of subscriptions.values()) stop()
      subscriptions.clear()
    },
  }
}
