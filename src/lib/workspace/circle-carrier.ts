import { randomBelow, dayOf, type Clock, type Random } from '../core/clock.ts'
import type { BlobId, EpochId } from '../core/ids.ts'
import { carriedSizeOf, dayOfCarried } from '../feed/carried.ts'
import { blobIdOf } from '../feed/files.ts'
import { parseRecord } from '../feed/record.ts'
import { parseEntry } from '../ledger/entry.ts'
import { writeEpoch } from '../ledger/epochs.ts'
import type { SignedEntry } from '../ledger/types.ts'
import { CARRY_DAYS, type Exchange } from '../sync/blobs-exchange.ts'
import { QUOTA, type Shelf } from '../sync/blobs-shelf.ts'
import type { Storage } from '../sync/ports.ts'
import type { SyncMessage } from '../wire/sync.ts'
import type { Binding } from './circle-binding.ts'
import { Carried } from './circle-carried.ts'
import { openEnvelope, sealEnvelopes, type Envelope } from './circle-envelope.ts'
import { declaredIn, type Gate } from './circle-gate.ts'
import { dayOfPart, epochOfThoseWhoCount, PartsFound, partsIn } from './circle-parts.ts'
import type { Replica } from './replica.ts'

/** One’s own news is given to carry after this long: what is written together travels together. Milliseconds. */
const SOON_MS = 700
/** What another wrote is left to them for this long, and a random while more. Milliseconds. */
const RELAY_MS = 20_000
/** As many rotations back as somebody may have missed. */
const RECENT_EPOCHS = 64
const RETRY_MS = 400
const ENTRIES_AT_ONCE = 64
const DAY_MS = 86_400_000
/** Of what others keep of this device, parts of checkpoints leave at least half for what people write. */
const FOR_PARTS = 0.5
/** What an envelope and a message take around a part, at most. Bytes. */
const AROUND_A_PART = 256

type Item = { readonly message: SyncMessage; readonly bindings: readonly Binding[] }

/** Gives what happens in a circle to everybody to carry, and takes out of what this device carries what is the circle’s. Spec: circle.md §4. */
export class Carrier {
  readonly #replica: Replica
  readonly #gate: Gate
  readonly #exchange: Exchange
  readonly #shelf: Shelf
  readonly #clock: Clock
  readonly #random: Random
  readonly #carried: Carried
  readonly #parts = new PartsFound()
  /** Told when an envelope brought what the gate waited for. */
  readonly #learned: () => void
  readonly #done = new Set<BlobId>()
  #incomplete: { readonly epoch: EpochId; readonly envelope: Envelope }[] = []
  readonly #triedWith = new Set<EpochId>()
  readonly #stops: (() => void)[] = []
  #soon: (() => void) | null = null
  #relay: (() => void) | null = null
  #retry: (() => void) | null = null
  #work: Promise<void> = Promise.resolve()
  #closed = false

  constructor(of: {
    readonly replica: Replica
    readonly gate: Gate
    readonly exchange: Exchange
    readonly shelf: Shelf
    readonly storage: Storage
    readonly clock: Clock
    readonly random: Random
    readonly learned: () => void
  }) {
    this.#replica = of.replica
    this.#gate = of.gate
    this.#exchange = of.exchange
    this.#shelf = of.shelf
    this.#clock = of.clock
    this.#random = of.random
    this.#learned = of.learned
    this.#carried = new Carried(of.storage, of.replica.coll)
    const news = () => this.#news()
    this.#stops.push(
      of.replica.on({ ledgerMoved: news, wrote: news, holdingsMoved: news, rotated: news }),
      of.replica.checkpoints.changed.watch(news),
      of.exchange.on({ carried: (blob) => this.#later(() => this.#look(blob, this.#epochs())) }),
    )
    this.#later(async () => {
      await this.#carried.restore()
      await this.#sweep()
      this.#news()
    })
  }

  /** Everything begun so far is done. */
  settled(): Promise<void> {
    return this.#work
  }

  stop(): void {
    this.#closed = true
    for (const stop of this.#stops) stop()
    for (const stop of [this.#soon, this.#relay, this.#retry]) stop?.()
  }

  #later(work: () => Promise<void>): void {
    this.#work = this.#work.then(() => (this.#closed ? undefined : work()))
  }

  #news(): void {
    if (this.#closed) return
    this.#soon ??= this.#clock.after(SOON_MS, () => {
      this.#soon = null
      this.#later(() => this.#pack('own'))
    })
    this.#relay ??= this.#clock.after(RELAY_MS + randomBelow(this.#random, RELAY_MS), () => {
      this.#relay = null
      this.#later(() => this.#pack('all'))
    })
    this.#retry ??= this.#clock.after(RETRY_MS, () => {
      this.#retry = null
      this.#later(() => this.#again())
    })
  }

  // ── giving ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async #pack(whose: 'own' | 'all'): Promise<void> {
    const { state, own, keyring } = this.#replica
    const before = await this.#packRotations(whose)
    const epoch = writeEpoch(state, (id) => keyring.has(id))
    let given = before
    if (epoch) {
      const entries = this.#uncarried(epoch)
      if (whose === 'all' || entries.some(({ entry }) => entry.author === own.id))
        given = (await this.#give(epoch, this.#inMessages(entries))).length > 0 || given
    }
    given = (await this.#packRecords(whose)) || given
    given = (await this.#packParts(whose)) || given
    if (given) await this.#carried.keep()
  }

  /** A rotation travels once under each epoch before it, with every act since that one: whoever holds a key finds the next. */
  async #packRotations(whose: 'own' | 'all'): Promise<boolean> {
    const { state, own, keyring, ledger } = this.#replica
    const recent = [...state.epochs.values()]
      .filter((epoch) => !epoch.void && !this.#carried.hasEpoch(epoch.id))
      .sort((a, b) => b.depth - a.depth)
      .slice(0, RECENT_EPOCHS)
    let given = false
    for (const epoch of recent) {
      if (whose === 'own' && epoch.author !== own.id) continue
      const boxes = await this.#replica.boxes(epoch.id)
      const held = epoch.prev.filter((prev) => keyring.has(prev))
      if (!boxes || held.length < Math.min(1, epoch.prev.length)) continue
      for (const prev of held) {
        const items = this.#inMessages(ledger.since([prev]))
        const message: SyncMessage = { type: 'boxes', epoch: epoch.id, boxes }
        await this.#give(prev, [...items, { message, bindings: [] }])
      }
      this.#carried.epoch(epoch.id)
      given = true
    }
    return given
  }

  /** Records under the epoch of the last of each run: who may not read that may not see that it was written either. */
  async #packRecords(whose: 'own' | 'all'): Promise<boolean> {
    const { feeds, packs, feed: mine, keyring } = this.#replica
    const byEpoch = new Map<EpochId, Item[]>()
    await this.#replica.settled()
    for (const { feed, seq } of feeds.heads()) {
      if ((whose === 'own' && feed !== mine) || seq < this.#carried.next(feed)) continue
      for await (const { records, seal, last } of packs.read(feed, this.#carried.next(feed))) {
        const parsed = parseRecord(records.at(-1)!)
        if (!parsed.ok || !keyring.has(parsed.value.pub.epoch)) break
        const { epoch } = parsed.value.pub
        const message: SyncMessage = { type: 'segment', records, seal }
        byEpoch.set(epoch, [...(byEpoch.get(epoch) ?? []), { message, bindings: [] }])
        this.#carried.records(feed, last - records.length + 1, last)
      }
    }
    for (const [epoch, items] of byEpoch) await this.#give(epoch, items)
    return byEpoch.size > 0
  }

  /** Parts of the checkpoints that matter, so that they can be worked out, and begun from, where only others carry. */
  async #packParts(whose: 'own' | 'all'): Promise<boolean> {
    const { checkpoints, ledger, own, keyring, state } = this.#replica
    const holds = (id: EpochId) => keyring.has(id)
    const now = this.#clock.now()
    const due = checkpoints
      .carriable()
      .filter(
        ({ by, digest }) => (whose === 'all' || by === own.id) && (this.#parts.of(digest)?.until ?? 0) <= now,
      )
    const together = new Map<string, { epoch: EpochId; day: number; items: Item[] }>()
    let size = 0
    for (const { digest, isClosed } of due) {
      const epoch = isClosed ? epochOfThoseWhoCount(ledger, holds) : writeEpoch(state, holds)
      const part = epoch && checkpoints.blob(digest)
      const ofBlob = part && carriedSizeOf(part.length + AROUND_A_PART)
      if (!epoch || !part || !ofBlob || !this.#mayGive(size + ofBlob)) continue
      size += ofBlob
      const day = dayOfPart(part.length, now)
      const name = `${epoch} ${day}`
      const { items } = together.get(name) ?? together.set(name, { epoch, day, items: [] }).get(name)!
      items.push({ message: { type: 'part', part }, bindings: [] })
    }
    // Looked into like any other: so it is known that they are carried, after a restart too.
    for (const { epoch, day, items } of together.values())
      for (const blob of await this.#give(epoch, items, day)) await this.#look(blob, [epoch])
    return together.size > 0
  }

  /** What is of use for some days only never takes the room of what people write. */
  #mayGive(size: number): boolean {
    const { bytes, count } = this.#shelf.heldFrom('carried', null)
    return bytes + size <= FOR_PARTS * QUOTA.carried.bytes && count < FOR_PARTS * QUOTA.carried.count
  }

  async #give(
    epoch: EpochId,
    items: readonly Item[],
    day = dayOf(this.#clock.now()),
  ): Promise<readonly Uint8Array[]> {
    const key = this.#replica.keyring.key(epoch)
    if (!key || items.length === 0) return []
    const blobs = sealEnvelopes(items, { key, coll: this.#replica.coll, day })
    for (const blob of blobs) {
      this.#done.add(blobIdOf(blob))
      await this.#exchange.carry(blob)
    }
    for (const { message } of items) if (message.type === 'entries') this.#note(epoch, message.entries)
    return blobs
  }

  #uncarried(epoch: EpochId): readonly SignedEntry[] {
    const carried = this.#carried.under(epoch)
    return this.#replica.ledger.since([epoch]).filter(({ id }) => !carried.has(id))
  }

  #inMessages(entries: readonly SignedEntry[]): readonly Item[] {
    const items: Item[] = []
    for (let i = 0; i < entries.length; i += ENTRIES_AT_ONCE) {
      const some = entries.slice(i, i + ENTRIES_AT_ONCE)
      const bindings = some
        .flatMap(({ act }) => (act ? declaredIn(act) : []))
        .flatMap(([device]) => this.#gate.bindingOf(device) ?? [])
      items.push({ message: { type: 'entries', entries: some.map(({ wire }) => wire), heads: [] }, bindings })
    }
    return items
  }

  // ── taking ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #epochs(): readonly EpochId[] {
    return [...this.#replica.state.epochs.keys()].filter((id) => this.#replica.keyring.has(id)).reverse()
  }

  /** Looks into everything that lies here, with every key. */
  async #sweep(): Promise<void> {
    const epochs = this.#epochs()
    for (const epoch of epochs) this.#triedWith.add(epoch)
    for (const id of this.#shelf.ids('carried')) {
      const blob = this.#done.has(id) ? null : await this.#shelf.read(id)
      if (blob) await this.#look(blob, epochs)
    }
  }

  /** What was not understood before may be now: a key came, or what something stood on. */
  async #again(): Promise<void> {
    const waiting = this.#incomplete.splice(0)
    for (const { epoch, envelope } of waiting) this.#take(epoch, envelope)
    if (this.#epochs().some((epoch) => !this.#triedWith.has(epoch))) await this.#sweep()
    await this.#takeParts()
  }

  async #look(blob: Uint8Array, epochs: readonly EpochId[]): Promise<void> {
    for (const epoch of epochs) {
      const key = this.#replica.keyring.key(epoch)
      const envelope = key && openEnvelope(blob, { key, coll: this.#replica.coll })
      if (!envelope) continue
      const id = blobIdOf(blob)
      this.#done.add(id)
      this.#take(epoch, envelope)
      const until = (dayOfCarried(blob)! + CARRY_DAYS) * DAY_MS
      this.#parts.note(envelope.messages, { blob: id, epoch, until })
      await this.#takeParts()
      return this.#carried.keep()
    }
  }

  /** A part is taken when a checkpoint asks for it, from where it lies: nothing is kept for one that never comes. */
  async #takeParts(): Promise<void> {
    const { checkpoints, keyring, coll } = this.#replica
    const next = () =>
      this.#closed ? undefined : checkpoints.lacking().find((digest) => this.#parts.of(digest))
    for (let digest = next(); digest; digest = next()) {
      const { blob: id, epoch } = this.#parts.of(digest)!
      const [blob, key] = [await this.#shelf.read(id), keyring.key(epoch)]
      const envelope = blob && key && openEnvelope(blob, { key, coll })
      // Gone by now: it may be given again.
      if (!envelope) this.#parts.forget(digest)
      else for (const part of partsIn(envelope.messages)) checkpoints.absorbBlob(part)
    }
  }

  #take(epoch: EpochId, envelope: Envelope): void {
    if (this.#closed) return
    const replica = this.#replica
    if (envelope.bindings.length > 0) {
      this.#gate.learn(envelope.bindings)
      this.#learned()
    }
    let whole = true
    for (const message of envelope.messages)
      if (message.type === 'entries') {
        replica.absorbEntries(message.entries)
        whole &&= this.#note(epoch, message.entries).every((id) => replica.isSettled(id))
      } else if (message.type === 'boxes') {
        replica.absorbBoxes(message.epoch, message.boxes)
        whole &&= replica.state.epochs.has(message.epoch)
        if (replica.areBoxesOf(message.epoch, message.boxes)) this.#carried.epoch(message.epoch)
      } else if (message.type === 'segment') {
        const holds = replica.absorbSegment(message.records, message.seal)
        whole &&= holds
        // Only what holds is carried: else anybody could have it believed of what is not, and nobody would give it.
        if (holds) this.#noteRecords(message.records)
      }
    if (!whole && this.#incomplete.length < 1024) this.#incomplete.push({ epoch, envelope })
  }

  #note(epoch: EpochId, wires: readonly Uint8Array[]) {
    const ids = wires.flatMap((wire) => {
      const parsed = parseEntry(wire)
      return parsed.ok ? [parsed.value.id] : []
    })
    for (const id of ids) this.#carried.under(epoch).add(id)
    return ids
  }

  #noteRecords(records: readonly Uint8Array[]): void {
    const [first, last] = [parseRecord(records[0]!), parseRecord(records.at(-1)!)]
    if (first.ok && last.ok && first.value.pub.feed === last.value.pub.feed)
      this.#carried.records(first.value.pub.feed, first.value.pub.seq, last.value.pub.seq)
  }
}
