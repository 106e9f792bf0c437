import { decodeCbor, encodeCbor, isUint } from '../core/cbor.ts'
import type { CollId, DeviceId } from '../core/ids.ts'
import { Cell } from '../core/watched.ts'
import type { Storage, Write } from '../sync/ports.ts'
import { intakeKey } from './rows.ts'

const DAY_MS = 24 * 3_600_000
/** So much of one device is taken in at once, counted from the last final checkpoint. Bytes. */
const AT_ONCE = 64 * 2 ** 20
/** And so much more with every day after that. Bytes. */
const EACH_DAY = 8 * 2 ** 20

/**
 * How fast the records of one device are taken in, so that one phone does not fill the disks of all. Nothing is refused by it: what is
 * beyond waits with whoever has it. Spec: feed.md §5.
 */
export class Intake {
  readonly #coll: CollId
  /** Since when each device is beyond, ms since 1970. */
  #since: ReadonlyMap<DeviceId, number> = new Map()
  /** The devices beyond. */
  readonly devices = new Cell<readonly DeviceId[]>([])

  constructor(coll: CollId) {
    this.#coll = coll
  }

  async restore(storage: Storage): Promise<void> {
    const row = await storage.get('meta', intakeKey(this.#coll))
    const decoded = row.ok && row.value ? decodeCbor(row.value) : null
    const rows = decoded?.ok && decoded.value ? Object.entries(decoded.value) : []
    this.#set(new Map(rows.filter((row): row is [DeviceId, number] => isUint(row[1]))))
  }

  /** Whether so many bytes of a device are more than is taken in by now. */
  isBeyond(device: DeviceId, bytes: number, now: number): boolean {
    const days = Math.floor(Math.max(0, now - (this.#since.get(device) ?? now)) / DAY_MS)
    return bytes > AT_ONCE + EACH_DAY * days
  }

  /** From now on, where it is not already; a time ahead was of a clock that is set right by now. What to write. */
  note(device: DeviceId, now: number): readonly Write[] {
    const isBeyond = (this.#since.get(device) ?? Infinity) <= now
    return isBeyond ? [] : this.#set(new Map(this.#since).set(device, now))
  }

  /** A final checkpoint is held to: who is not beyond any more begins anew. What to write. */
  lookAgain(held: (device: DeviceId) => number): readonly Write[] {
    const left = new Map([...this.#since].filter(([device]) => held(device) > AT_ONCE))
    return left.size < this.#since.size ? this.#set(left) : []
  }

  #set(since: ReadonlyMap<DeviceId, number>): readonly Write[] {
    this.#since = since
    this.devices.set([...since.keys()])
    const value = encodeCbor(Object.fromEntries(since))
    return [{ table: 'meta', key: intakeKey(this.#coll), value }]
  }
}
