import { decodeCbor, encodeCbor, isUint } from '../core/cbor.ts'
import type { Clock, Random } from '../core/clock.ts'
import { ok, type Result } from '../core/result.ts'
import { Cell, type Watched } from '../core/watched.ts'
import type { HubClient } from '../net/hub-client.ts'
import { createScannedHub, readHubCode } from '../net/hub-scan.ts'
import type { JoinedHubs } from '../net/hubs.ts'
import type { Rtc } from '../net/types.ts'
import type { Storage } from '../sync/ports.ts'
import type { HubCode } from '../wire/hub-code.ts'
import type { BadScan, RoomHub } from './types.ts'

/**
 * The hubs in the room whose code was scanned. They are looked for again after the app was closed, for as long as a
 * gathering lasts; then they are forgotten, so that a phone does not call for ever at addresses of past places.
 */
export interface RoomHubs {
  readonly all: Watched<readonly RoomHub[]>
  join(text: string): Result<RoomHub, BadScan>
  restore(): Promise<void>
}

export type RoomHubsOptions = {
  readonly hubs: JoinedHubs
  readonly rtc: Rtc
  readonly clock: Clock
  readonly random: Random
  readonly storage: Storage
}

/** The oldest gives way to one more. */
const MOST = 4
const KEPT_MS = 3 * 24 * 3_600_000
const ROW = 'room-hubs'

type Entry = {
  readonly code: string
  readonly since: number
  readonly client: HubClient
  readonly shown: RoomHub
}

export const createRoomHubs = ({ hubs, rtc, clock, random, storage }: RoomHubsOptions): RoomHubs => {
  const entries = new Cell<readonly Entry[]>([])
  const all = new Cell<readonly RoomHub[]>([])

  const set = (now: readonly Entry[]) => {
    entries.set(now)
    all.set(now.map(({ shown }) => shown))
  }
  /** A row that cannot be written costs one scan after the next start, no more. */
  const write = () =>
    void storage.commit([
      {
        table: 'meta',
        key: ROW,
        value: encodeCbor(entries.read().map(({ code, since }) => [code, since])),
      },
    ])
  const leave = (entry: Entry) => {
    if (!entries.read().includes(entry)) return
    set(entries.read().filter((other) => other !== entry))
    hubs.remove(entry.client)
    entry.client.close()
  }
  const begin = (text: string, hubCode: HubCode, since: number): Entry => {
    const code = text.replace(/\s+/g, '').toUpperCase()
    const known = entries.read().find((entry) => entry.code === code)
    if (known) return known
    const client = createScannedHub({ code: hubCode, rtc, clock, random })
    const entry: Entry = {
      code,
      since,
      client,
      shown: {
        id: code,
        state: client.state,
        leave: () => {
          leave(entry)
          write()
        },
      },
    }
    hubs.add(client)
    const [oldest] = entries.read()
    if (oldest && entries.read().length >= MOST) leave(oldest)
    set([...entries.read(), entry])
    return entry
  }

  return {
    all,
    join: (text) => {
      const read = readHubCode(text)
      if (!read.ok) return read
      const entry = begin(text, read.value, clock.now())
      entry.client.wake()
      write()
      return ok(entry.shown)
    },
    restore: async () => {
      const row = await storage.get('meta', ROW)
      if (!row.ok || !row.value) return
      for (const { code, since } of entriesFrom(row.value)) {
        const read = readHubCode(code)
        const age = clock.now() - since
        if (read.ok && age >= 0 && age < KEPT_MS) begin(code, read.value, since)
      }
    },
  }
}

const entriesFrom = (bytes: Uint8Array): readonly { code: string; since: number }[] => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value)) return []
  return decoded.value.flatMap((item: unknown) => {
    const [code, since] = Array.isArray(item) ? (item as readonly unknown[]) : []
    return typeof code === 'string' && isUint(since) ? [{ code, since }] : []
  })
}
