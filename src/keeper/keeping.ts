import type { Clock } from '../lib/core/clock.ts'
import type { CollId, DeviceId, EntryId, EpochId } from '../lib/core/ids.ts'
import { Cell, type Watched } from '../lib/core/watched.ts'
import { deviceIdOf, type Device } from '../lib/crypto/device.ts'
import { checkSegment, segmentFrom } from '../lib/feed/chain.ts'
import { parseFeedSeal } from '../lib/feed/seal.ts'
import { parseBoxSet, verifyBoxSet } from '../lib/ledger/boxes.ts'
import { writeEpoch } from '../lib/ledger/epochs.ts'
import { createLedger, type Ledger } from '../lib/ledger/graph.ts'
import type { LedgerState, SignedEntry } from '../lib/ledger/types.ts'
import type { Answer } from '../lib/net/keeper-meeting.ts'
import { QUOTA, Shelf as BlobShelf } from '../lib/sync/blobs-shelf.ts'
import type { Standing, Write } from '../lib/sync/ports.ts'
import type { LogStorage } from './log-storage.ts'
import { Room } from './room.ts'
import {
  boxesKey,
  encodeFinals,
  encodeHeld,
  encodeServiceRow,
  FINALS_KEY,
  HELD_KEY,
  ledgerKey,
  MAX_ASKERS,
  parseFinals,
  parseHeld,
  parseServiceRow,
  SERVICE_KEY,
  type HeldThen,
  type ServiceRow,
} from './rows.ts'
import { Shelf } from './shelf.ts'

const DAY_MS = 24 * 3_600_000
/** As with members: what lies so long below a final checkpoint is let go of, boxes and records. ms. */
const KEPT_MS = 30 * DAY_MS
/** What circles gave to carry goes day by day; from the disk it goes with this delay, as all is then written anew. ms. */
const REWRITTEN_MS = 7 * DAY_MS

/** What one device may hand over for circles, of the room there is: a phone that floods leaves the others theirs. */
const FROM_ONE_DEVICE = 0.1

/** Where a keeper stands: asked by nobody, asked and not let in, or as the ledger says. */
export type KeeperStanding = 'idle' | 'waiting' | 'active' | 'suspended' | 'ended'

/** What became of something a link brought. `bad`: it does not hold. */
export type Taken = 'taken' | 'known' | 'full' | 'bad'

/**
 * What one keeper keeps for one collective: ledger, sealed records and sets of boxes, checked as any device checks them and
 * opened by nobody here; and what circles give to carry, which it cannot tell from noise. It has no key, signs no act, and knows no name. Spec: keeper.md §4.
 */
export class Keeping {
  readonly device: DeviceId
  readonly #storage: LogStorage
  readonly #clock: Clock
  readonly #room: Room
  readonly #changed = new Cell(0)
  readonly #refused = new Set<EntryId>()
  #service: ServiceRow | null = null
  #ledger: Ledger | null = null
  #ledgerRows = 0
  /** Acts that count and are not on the disk yet, oldest first. */
  #unwritten: readonly SignedEntry[] = []
  /** Heads of the ledger as it is on the disk. */
  readonly #heads = new Cell<readonly EntryId[]>([])
  #shelf: Shelf | null = null
  #blobs: BlobShelf | null = null
  #finals: ReadonlyMap<EntryId, number> = new Map()
  /** How far feeds were held at each of the last final checkpoints, oldest first; of those a month back only the last. */
  #held: readonly HeldThen[] = []
  /** Since when the log holds what nobody needs, as far as this run knows. */
  #deadSince: number | null
  readonly #boxes = new Set<string>()
  /** One thing at a time: what a link brings is judged by what is on the disk. */
  #work: Promise<unknown> = Promise.resolve()

  private constructor(of: { device: DeviceId; storage: LogStorage; clock: Clock; quota: number }) {
    this.device = of.device
    this.#storage = of.storage
    this.#clock = of.clock
    this.#room = new Room(of.storage, of.quota)
    this.#deadSince = of.storage.dead > 0 ? of.clock.now() : null
  }

  /** Reads back what a folder holds. `quota`: bytes of the log at most. */
  static async open(of: {
    readonly device: DeviceId
    readonly storage: LogStorage
    readonly clock: Clock
    readonly quota: number
  }): Promise<Keeping> {
    const keeping = new Keeping(of)
    const service = await of.storage.get('meta', SERVICE_KEY)
    keeping.#service = service.ok && service.value ? parseServiceRow(service.value) : null
    const finals = await of.storage.get('meta', FINALS_KEY)
    keeping.#finals = finals.ok && finals.value ? parseFinals(finals.value) : new Map()
    const held = await of.storage.get('meta', HELD_KEY)
    keeping.#held = held.ok && held.value ? parseHeld(held.value) : []
    await keeping.#restore()
    return keeping
  }

  get coll(): CollId | null {
    return this.#service?.coll ?? null
  }

  get ledger(): Ledger | null {
    return this.#ledger
  }

  /** As far as the ledger is on the disk: nothing beyond is held out to anybody as kept. */
  get heads(): Watched<readonly EntryId[]> {
    return this.#heads
  }

  /** {@link Ledger.marks}, as far as they are on the disk. */
  marks(): readonly EntryId[] {
    const unwritten = new Set(this.#unwritten.map(({ id }) => id))
    return (this.#ledger?.marks() ?? []).filter((id) => !unwritten.has(id))
  }

  /** Whether there are acts that are not on the disk. */
  get waits(): boolean {
    return this.#unwritten.length > 0
  }

  get shelf(): Shelf | null {
    return this.#shelf
  }

  /** What it carries for circles. */
  get blobs(): BlobShelf | null {
    return this.#blobs
  }

  get pin(): EntryId | null {
    return this.#service?.pin ?? null
  }

  get state(): LedgerState | null {
    return this.#ledger?.state() ?? null
  }

  get room(): Room {
    return this.#room
  }

  /** Anything above may have changed. */
  get changed(): Watched<number> {
    return this.#changed
  }

  standing(): KeeperStanding {
    if (!this.#service) return 'idle'
    const standing = this.state?.devices.get(this.device)?.standing ?? 'waiting'
    return standing === 'revoked' || standing === 'retired' ? 'ended' : standing
  }

  /** Devices it looks for: members not shut out, other keepers in good standing; before there is a ledger, who asked. */
  peers(): readonly { readonly id: DeviceId; readonly device: Device }[] {
    const { state } = this
    if (this.standing() === 'ended') return []
    const known = state
      ? [...state.devices.values()].filter(({ id }) => this.judge(id) !== null)
      : (this.#service?.askedBy ?? []).map((device) => ({ id: deviceIdOf(device), device }))
    return known.map(({ id, device }) => ({ id, device })).filter(({ id }) => id !== this.device)
  }

  /** How it treats a device; `null`: no link. Whoever is let in by nobody here serves nobody. */
  judge(peer: DeviceId): { readonly device: Device; readonly standing: Standing } | null {
    const { state } = this
    if (!state) {
      const asker = this.#service?.askedBy.find((device) => deviceIdOf(device) === peer)
      return asker ? { device: asker, standing: 'stranger' } : null
    }
    const known = state.devices.get(peer)
    if (!known || this.standing() === 'ended') return null
    const { device, kind, standing } = known
    if (standing === 'suspended' && kind === 'member') return { device, standing: 'narrow' }
    if (standing !== 'active') return null
    return { device, standing: this.standing() === 'active' ? 'sealed' : 'stranger' }
  }

  /** Whether it will keep for `coll`: for the first that asks and no other. On the disk when this resolves to `kept`. */
  accept(asked: {
    readonly coll: CollId
    readonly pin: EntryId | null
    readonly by: Device
  }): Promise<Answer> {
    return this.#inTurn(async () => {
      if (this.#service && this.#service.coll !== asked.coll) return 'keeps for others'
      const others = (this.#service?.askedBy ?? []).filter(
        (device) => deviceIdOf(device) !== deviceIdOf(asked.by),
      )
      const row: ServiceRow = {
        coll: asked.coll,
        pin: this.#service?.pin ?? asked.pin,
        askedBy: [...others, asked.by].slice(-MAX_ASKERS),
      }
      const kept = await this.#storage.commit([this.#serviceWrite(row)])
      if (!kept.ok) return 'disk failed'
      await this.#openShelves(row.coll)
      this.#service = row
      this.#touch()
      return 'kept'
    })
  }

  // ── what links ask ───────────────────────────────────────────────────────────────────────────────────────────────

  isSettled(id: EntryId): boolean {
    return this.#refused.has(id) || (this.#ledger?.has(id) ?? false)
  }

  /** Epochs whose boxes are not here and not long past. */
  missingBoxes(): readonly EpochId[] {
    return [...(this.state?.epochs.keys() ?? [])].filter(
      (epoch) => !this.#boxes.has(epoch) && !this.#isPast(epoch),
    )
  }

  /** Whether a seal is of a feed of `device`. */
  isSealOf(device: DeviceId, wire: Uint8Array): boolean {
    const seal = parseFeedSeal(wire)
    return seal.ok && this.state?.feeds.get(seal.value.feed)?.device === device
  }

  async boxes(epoch: EpochId): Promise<Uint8Array | null> {
    const row = this.coll ? await this.#storage.get('boxes', boxesKey(this.coll, epoch)) : null
    return row?.ok ? row.value : null
  }

  // ── what links bring ─────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes in acts; the first that ever come begin with the genesis this collective is named by. They count at once, and are kept
   * when this resolves to `taken`; else they wait in memory for {@link writeAgain}.
   */
  absorbEntries(wires: readonly Uint8Array[]): Promise<Taken> {
    const fresh = this.#ledger ? this.#add(wires) : this.#begin(wires)
    if (fresh.length === 0) return Promise.resolve('known')
    this.#unwritten = [...this.#unwritten, ...fresh]
    this.#touch()
    return this.writeAgain()
  }

  /** Writes the acts that a full disk did not take. To be called now and then. */
  writeAgain(): Promise<Taken> {
    return this.#inTurn(() => this.#writeEntries())
  }

  /** Stores records that are carriable: a chain of a feed of a device let in, known epochs, a good seal at the end. */
  absorbSegment(wires: readonly Uint8Array[], sealWire: Uint8Array): Promise<Taken> {
    const segment = segmentFrom(wires, sealWire)
    return this.#inTurn(async () => {
      const { state } = this
      if (!segment || !state || !checkSegment(segment, state).ok) return 'bad'
      if (this.standing() !== 'active') return 'known'
      const planned = this.#shelf!.plan(segment)
      if (!planned) return 'known'
      const bytes = planned.write.value!.length
      // Never on the disk before the acts it hangs on.
      if ((await this.#writeEntries()) === 'full') return 'full'
      const author = state.feeds.get(segment.feed)!.device
      if (this.#room.hasNoRoomFor({ bytes, held: this.#bytesOf(author) })) return 'full'
      const kept = await this.#storage.commit([planned.write])
      if (!kept.ok) return this.#room.failed()
      this.#room.worked()
      planned.done()
      this.#touch()
      return 'taken'
    })
  }

  /** Stores the boxes of an epoch, whole, if they are the very ones its rotation named. None is for this device. */
  absorbBoxes(epoch: EpochId, bytes: Uint8Array): Promise<Taken> {
    return this.#inTurn(async () => {
      const of = this.state?.epochs.get(epoch)
      const boxes = of ? parseBoxSet(bytes) : null
      if (!of || !boxes?.ok || !verifyBoxSet(of, boxes.value)) return 'bad'
      if (this.#boxes.has(epoch) || this.#isPast(epoch) || this.standing() !== 'active') return 'known'
      if ((await this.#writeEntries()) === 'full') return 'full'
      if (this.#room.isTooFullFor(bytes.length)) return 'full'
      const kept = await this.#storage.commit([
        { table: 'boxes', key: boxesKey(this.coll!, epoch), value: bytes },
      ])
      if (!kept.ok) return this.#room.failed()
      this.#room.worked()
      this.#boxes.add(epoch)
      this.#touch()
      return 'taken'
    })
  }

  /**
   * Lets go of boxes and records that lie a month below a final checkpoint, from the disk too; and of what circles gave to carry
   * and whose days are over, from the disk within a week. To be called once a day. Spec: keeper.md §4.
   */
  tidy(): Promise<void> {
    return this.#inTurn(async () => {
      const now = this.#clock.now()
      if ((await this.#blobs?.expire(now)) ?? 0) this.#deadSince ??= now
      const gone = [...this.#boxes].filter((epoch) => this.#isPast(epoch as EpochId))
      const writes = gone.map((epoch): Write => ({
        table: 'boxes',
        key: boxesKey(this.coll!, epoch),
        value: null,
      }))
      if (gone.length > 0 && !(await this.#storage.commit(writes)).ok) return
      for (const epoch of gone) this.#boxes.delete(epoch)
      const isGone = (await this.#letGoOfRecords(now)) || gone.length > 0
      // At once; should the disk fail now, the next day.
      if (isGone) this.#deadSince = now - REWRITTEN_MS
      const isLong = this.#deadSince !== null && now - this.#deadSince >= REWRITTEN_MS
      if (!isLong) return
      if ((await this.#storage.compact()).ok) this.#deadSince = null
      this.#room.freed()
    })
  }

  /** Until everything that came in so far is on the disk. */
  async settled(): Promise<void> {
    await this.#inTurn(() => Promise.resolve())
  }

  // ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async #restore(): Promise<void> {
    const { coll } = this
    if (!coll) return
    await this.#openShelves(coll)
    const keys = this.#storage.keys('ledger', `${coll}/`)
    // After a damaged row there is a gap in the numbers: the next is above them all.
    this.#ledgerRows = Number(keys.at(-1)?.slice(coll.length + 1) ?? -1) + 1
    const rows = await this.#storage.all('ledger', `${coll}/`)
    const wires = rows.ok ? rows.value.rows.map(([, wire]) => wire) : []
    // The first, unless that row was damaged and came again.
    for (const wire of wires) {
      const begun = createLedger(wire, this.pin)
      if (!begun.ok || begun.value.coll !== coll) continue
      begun.value.restore(wires)
      this.#ledger = begun.value
      this.#heads.set(begun.value.heads())
      break
    }
    for (const key of this.#storage.keys('boxes', `${coll}/`)) this.#boxes.add(key.slice(coll.length + 1))
  }

  async #openShelves(coll: CollId): Promise<void> {
    this.#shelf ??= await Shelf.open(this.#storage, coll)
    const of = { bytes: FROM_ONE_DEVICE * this.#room.quota, count: QUOTA.carried.count }
    const blobs = await BlobShelf.open(this.#storage, coll, {
      quota: {
        file: { bytes: 0, count: 0 },
        carried: { ...of, bytes: Math.min(of.bytes, QUOTA.carried.bytes) },
      },
      hasRoomFor: (blob) => this.#room.hasRoomForCircles(blob),
      accounts: 'in memory',
    })
    if (blobs.ok) this.#blobs ??= blobs.value
  }

  /** All of them, in the order they came in, or none. */
  async #writeEntries(): Promise<Taken> {
    const [entries, heads] = [this.#unwritten, this.#ledger?.heads() ?? []]
    if (entries.length === 0) return 'known'
    if (this.#room.isTooFullFor(entries.reduce((total, { wire }) => total + wire.length, 0))) return 'full'
    const writes = entries.map(({ wire }, i): Write => ({
      table: 'ledger',
      key: ledgerKey(this.coll!, this.#ledgerRows + i),
      value: wire,
    }))
    if (!(await this.#storage.commit(writes)).ok) return this.#room.failed()
    this.#ledgerRows += entries.length
    this.#unwritten = this.#unwritten.slice(entries.length)
    this.#room.worked()
    await this.#noteFinals()
    this.#heads.set(heads)
    return 'taken'
  }

  #begin([genesis, ...rest]: readonly Uint8Array[]): readonly SignedEntry[] {
    const ledger = genesis && this.coll ? createLedger(genesis, this.pin) : null
    if (!ledger?.ok || ledger.value.coll !== this.coll) return []
    this.#ledger = ledger.value
    const [first] = ledger.value.since([])
    return [first!, ...this.#add(rest)]
  }

  #add(wires: readonly Uint8Array[]): readonly SignedEntry[] {
    const report = this.#ledger!.add(wires)
    for (const { id, type } of report.refused) {
      // A forged signature says nothing about the entry it was put on: the genuine one may still come.
      if (id && type !== 'BadSignature') this.#refused.add(id)
      if (this.#refused.size > 10_000) this.#refused.delete(this.#refused.values().next().value!)
    }
    return report.added
  }

  /** Holds on to the newest final checkpoint it sees, and remembers since when. */
  async #noteFinals(): Promise<void> {
    const finals = this.state?.finals ?? []
    const news = finals.filter((id) => !this.#finals.has(id))
    const newest = finals.at(-1)
    if (news.length === 0 || !newest || !this.#service) return
    const now = this.#clock.now()
    const known = new Map([...this.#finals, ...news.map((id) => [id, now] as const)])
    const row = { ...this.#service, pin: newest }
    const kept = await this.#storage.commit([
      this.#serviceWrite(row),
      { table: 'meta', key: FINALS_KEY, value: encodeFinals(known) },
    ])
    if (!kept.ok) return void this.#room.failed()
    this.#finals = known
    this.#service = row
    this.#ledger!.setPin(newest)
    await this.#noteHeld(now)
  }

  /** Of several within a day the first and the last count. */
  async #noteHeld(at: number): Promise<void> {
    const seqs = new Map((this.#shelf?.extents() ?? []).map(({ feed, seq }) => [feed, seq] as const))
    const [before, last] = this.#held.slice(-2)
    const isSoon = last !== undefined && last.at - before!.at < DAY_MS
    const held = [...(isSoon ? this.#held.slice(0, -1) : this.#held), { at, seqs }]
    const kept = await this.#storage.commit([{ table: 'meta', key: HELD_KEY, value: encodeHeld(held) }])
    if (kept.ok) this.#held = held
  }

  async #letGoOfRecords(now: number): Promise<boolean> {
    // It kept on before it wrote this down, or the row is damaged: from today on it counts.
    if (this.#held.length === 0 && this.#finals.size > 0) await this.#noteHeld(now)
    const due = this.#held.findLast(({ at }) => now - at >= KEPT_MS)
    if (!due || !this.#shelf) return false
    this.#held = this.#held.slice(this.#held.indexOf(due))
    const past = new Map<EpochId, boolean>()
    return this.#shelf.letGo(due.seqs, (epoch) => {
      const isPast = past.get(epoch) ?? this.#isPast(epoch)
      past.set(epoch, isPast)
      return isPast
    })
  }

  #isPast(epoch: EpochId): boolean {
    const { state } = this
    if (!state || writeEpoch(state, () => true) === epoch) return false
    const now = this.#clock.now()
    return state.finals.some(
      (final) => now - (this.#finals.get(final) ?? now) >= KEPT_MS && this.#ledger!.isBelow(epoch, final),
    )
  }

  #bytesOf(device: DeviceId): number {
    const feeds = [...(this.state?.feeds.values() ?? [])].filter((feed) => feed.device === device)
    return feeds.reduce((total, { id }) => total + this.#shelf!.bytesOf(id), 0)
  }

  #serviceWrite(row: ServiceRow): Write {
    return { table: 'meta', key: SERVICE_KEY, value: encodeServiceRow(row) }
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#work.then(run)
    this.#work = turn.catch(() => {})
    return turn
  }

  #touch(): void {
    this.#changed.set(this.#changed.read() + 1)
  }
}
