import type { Clock } from '../core/clock.ts'
import { dayOf } from '../core/clock.ts'
import type { BlobId, DeviceId } from '../core/ids.ts'
import { err, type Result } from '../core/result.ts'
import { dayOfCarried } from '../feed/carried.ts'
import { blobIdOf } from '../feed/files.ts'
import type { Link, StorageFailed } from './ports.ts'
import {
  encodeFilesMessage,
  MAX_CARRIED_IDS,
  MAX_WANTED_IDS,
  parseFilesMessage,
  type FilesMessage,
} from '../wire/files.ts'
import type { OverQuota, Shelf } from './blobs-shelf.ts'
import { Fetching, type NobodyHere } from './blobs-fetching.ts'

/** What a circle gave to carry is dropped everywhere this many days after it was made. */
export const CARRY_DAYS = 45
/** Clocks of phones differ. Days. */
const AHEAD_DAYS = 2
const DAY_MS = 86_400_000
/** Asked of one peer at a time, so that what is urgent is not stuck behind it. */
const OUTSTANDING = 16
const EARLY_KEPT = 16
/** A peer that does not answer for this long is not waited for. Milliseconds. */
const PATIENCE_MS = 30_000
const MAX_BAD = 64

/** What may pass over a link: everything, or, where one of the two is a keeper, what circles give to carry and nothing else. */
export type Passes = 'all' | 'carried' | 'nothing'

type Peer = {
  readonly link: Link
  /** Asked anew each time. */
  readonly mayPass: () => Passes
  passes: Passes
  /** Said by a peer that is ready before this device is. */
  early: Uint8Array[]
  /** What it carries and was not taken yet, in the order it was offered. */
  readonly carries: Set<BlobId>
  /** What it was asked for, and how to stop waiting for it. */
  readonly asked: Map<BlobId, () => void>
  serving: Promise<void>
  bad: number
}

export type ExchangeEvents = {
  /** Something was taken in to carry. */
  readonly carried: (blob: Uint8Array) => void
  /** A device in good standing said something to this one alone. */
  readonly whispered: (link: Link, what: Uint8Array) => void
  readonly opened: (link: Link) => void
  /** Nothing may pass any more, though the link is there. */
  readonly shut: (link: Link) => void
}

/**
 * The `files` stream of every link of a collective: files on demand, and what circles give others to carry. Of those, a keeper
 * takes and gives the latter.
 */
export class Exchange {
  readonly #shelf: Shelf
  readonly #clock: Clock
  readonly #peers = new Map<string, Peer>()
  readonly #fetching: Fetching
  readonly #events = new Set<Partial<ExchangeEvents>>()
  /** Being written to disk just now. */
  readonly #arriving = new Map<BlobId, Promise<void>>()
  /** Came today, and was not of these days. */
  #passedOver = { day: 0, ids: new Set<BlobId>() }

  constructor(of: { readonly shelf: Shelf; readonly clock: Clock }) {
    this.#shelf = of.shelf
    this.#clock = of.clock
    this.#fetching = new Fetching({
      clock: of.clock,
      links: () => this.openLinks(),
      ask: (link, id) => send(link, { type: 'want', ids: [id] }),
    })
  }

  on(events: Partial<ExchangeEvents>): () => void {
    this.#events.add(events)
    return () => void this.#events.delete(events)
  }

  /** Joins a link. `mayPass`: by whether the ledger is in step and by the peer’s standing; call {@link look} when that may have changed. */
  attach(link: Link, mayPass: () => Passes): void {
    const peer: Peer = {
      link,
      mayPass,
      passes: 'nothing',
      early: [],
      carries: new Set(),
      asked: new Map(),
      serving: Promise.resolve(),
      bad: 0,
    }
    this.#peers.set(link.id, peer)
    link.receive('files', (bytes) => this.#receive(peer, bytes))
    link.closed(() => {
      peer.passes = 'nothing'
      this.#forget(peer)
      this.#peers.delete(link.id)
      this.#fetching.left(link)
      for (const other of this.#peers.values()) this.#pull(other)
    })
    this.look()
  }

  /** Opens and shuts each link by what may pass now. */
  look(): void {
    for (const peer of [...this.#peers.values()]) {
      const passes = peer.mayPass()
      if (passes === peer.passes) continue
      if (peer.passes !== 'nothing') this.#shut(peer)
      peer.passes = passes
      if (passes !== 'nothing') this.#welcome(peer)
    }
  }

  /** A blob by its name: from here, else from whoever is linked and holds it. `NobodyHere`: try again when others are. */
  async fetch(
    id: BlobId,
    until: number | null,
  ): Promise<Result<Uint8Array, NobodyHere | OverQuota | StorageFailed>> {
    const here = await this.#shelf.read(id)
    return here ? { ok: true, value: here } : this.#fetching.fetch(id, until)
  }

  /** Gives something of a circle to everybody to carry. */
  async carry(blob: Uint8Array): Promise<void> {
    const kept = await this.#keep(blob, null)
    if (kept.ok) this.#offer([kept.value])
  }

  /**
   * Takes in what was brought by hand, as from a link: of these days alone, and on the account of `by`, this very device.
   * Returns how many are new here, and how many can be of no circle.
   */
  async bring(
    blobs: readonly Uint8Array[],
    by: DeviceId,
  ): Promise<{ readonly taken: number; readonly refused: number }> {
    const taken: BlobId[] = []
    let refused = 0
    for (const blob of blobs) {
      if (this.#shelf.has(blobIdOf(blob))) continue
      const kept = await this.#keep(blob, by)
      if (!kept.ok) {
        if (kept.error.type === 'NotCarriable') refused += 1
        continue
      }
      taken.push(kept.value)
      this.#tell((events) => events.carried?.(blob))
    }
    for (let at = 0; at < taken.length; at += MAX_CARRIED_IDS)
      this.#offer(taken.slice(at, at + MAX_CARRIED_IDS))
    return { taken: taken.length, refused }
  }

  whisper(link: Link, what: Uint8Array): void {
    if (this.#peers.get(link.id)?.passes === 'all') send(link, { type: 'whisper', what })
  }

  /** Links over which anything may pass. */
  openLinks(): readonly Link[] {
    return [...this.#peers.values()].filter(({ passes }) => passes === 'all').map(({ link }) => link)
  }

  /** Until what was asked for so far is sent, and what came so far is on the disk. */
  async settled(): Promise<void> {
    await Promise.all([...this.#peers.values()].map(({ serving }) => serving))
    await Promise.all(this.#arriving.values())
  }

  async expire(): Promise<void> {
    await this.#shelf.expire(this.#clock.now())
  }

  #welcome(peer: Peer): void {
    const ids = this.#shelf.ids('carried').slice(0, MAX_CARRIED_IDS)
    if (ids.length > 0) send(peer.link, { type: 'carry', ids })
    if (peer.passes === 'all') this.#tell((events) => events.opened?.(peer.link))
    for (const bytes of peer.early.splice(0)) this.#receive(peer, bytes)
    this.#fetching.joined()
  }

  #shut(peer: Peer): void {
    const { passes } = peer
    peer.passes = 'nothing'
    this.#forget(peer)
    this.#fetching.left(peer.link)
    if (passes === 'all') this.#tell((events) => events.shut?.(peer.link))
  }

  #receive(peer: Peer, bytes: Uint8Array): void {
    if (peer.passes === 'nothing') {
      if (peer.mayPass() !== 'nothing') this.look()
      else if (peer.early.length < EARLY_KEPT) return void peer.early.push(bytes)
      if (isShut(peer)) return
    }
    const message = parseFilesMessage(bytes)
    if (!message.ok) return this.#bad(peer)
    switch (message.value.type) {
      case 'want':
        return this.#serve(peer, message.value.ids)
      case 'blob':
        return this.#arrived(peer, message.value.blob)
      case 'lack': {
        for (const id of message.value.ids) {
          this.#answered(peer, id)
          peer.carries.delete(id)
          this.#fetching.lacks(peer.link, id)
        }
        return this.#pull(peer)
      }
      case 'carry': {
        for (const id of message.value.ids)
          if (!this.#shelf.has(id) && peer.carries.size < MAX_CARRIED_IDS) peer.carries.add(id)
        return this.#pull(peer)
      }
      case 'whisper': {
        const { what } = message.value
        if (peer.passes === 'all') this.#tell((events) => events.whispered?.(peer.link, what))
        return
      }
    }
  }

  #serve(peer: Peer, ids: readonly BlobId[]): void {
    peer.serving = peer.serving.then(async () => {
      for (const id of ids) {
        const isTheirs = peer.passes === 'all' || this.#shelf.kindOf(id) === 'carried'
        const blob = isTheirs && !isShut(peer) ? await this.#shelf.read(id) : null
        await peer.link.drained()
        // Whoever was suspended meanwhile gets nothing more.
        if (isShut(peer) || peer.mayPass() === 'nothing') return
        send(peer.link, blob ? { type: 'blob', blob } : { type: 'lack', ids: [id] })
      }
    })
  }

  #arrived(peer: Peer, blob: Uint8Array): void {
    const id = blobIdOf(blob)
    const wanted = this.#fetching.wantedFrom(peer.link, id)
    if (wanted) {
      void this.#shelf
        .put(blob, { kind: 'file', from: peer.link.peer, until: wanted.until })
        .then((kept) => this.#fetching.came(id, kept.ok ? { ok: true, value: blob } : kept))
      return
    }
    if (!this.#answered(peer, id)) return this.#bad(peer)
    peer.carries.delete(id)
    const arriving = this.#keep(blob, peer.link.peer).then((kept) => {
      this.#arriving.delete(id)
      if (kept.ok) {
        this.#offer([id], peer)
        this.#tell((events) => events.carried?.(blob))
      } else if (kept.error.type === 'NotCarriable') this.#bad(peer)
      else if (kept.error.type === 'NotOfTheseDays') this.#passOver(id)
      this.#pull(peer)
    })
    this.#arriving.set(id, arriving)
  }

  async #keep(
    blob: Uint8Array,
    from: DeviceId | null,
  ): Promise<
    Result<BlobId, OverQuota | StorageFailed | { readonly type: 'NotCarriable' | 'NotOfTheseDays' }>
  > {
    const day = dayOfCarried(blob)
    const today = dayOf(this.#clock.now())
    if (day === null) return err({ type: 'NotCarriable' })
    // Whose clock is wrong, theirs or this one, nobody knows: not kept, and nobody's fault.
    if (day > today + AHEAD_DAYS || day + CARRY_DAYS <= today) return err({ type: 'NotOfTheseDays' })
    return this.#shelf.put(blob, { kind: 'carried', from, until: (day + CARRY_DAYS) * DAY_MS })
  }

  /** What is not of these days is not asked for again today, whoever offers it. */
  #passOver(id: BlobId): void {
    const today = dayOf(this.#clock.now())
    if (this.#passedOver.day !== today) this.#passedOver = { day: today, ids: new Set() }
    if (this.#passedOver.ids.size < MAX_CARRIED_IDS) this.#passedOver.ids.add(id)
  }

  #isPassedOver(id: BlobId): boolean {
    return this.#passedOver.day === dayOf(this.#clock.now()) && this.#passedOver.ids.has(id)
  }

  /** Asks for what the peer carries and nobody else is bringing. */
  #pull(peer: Peer): void {
    if (isShut(peer)) return
    const ids: BlobId[] = []
    for (const id of peer.carries) {
      if (peer.asked.size >= OUTSTANDING || ids.length >= MAX_WANTED_IDS) break
      if (this.#shelf.has(id) || this.#isPassedOver(id)) {
        peer.carries.delete(id)
        continue
      }
      if (this.#arriving.has(id) || [...this.#peers.values()].some(({ asked }) => asked.has(id))) continue
      // A peer that says nothing is passed over; it may offer it again.
      const stop = this.#clock.after(PATIENCE_MS, () => {
        peer.asked.delete(id)
        peer.carries.delete(id)
        for (const other of this.#peers.values()) this.#pull(other)
      })
      peer.asked.set(id, stop)
      ids.push(id)
    }
    if (ids.length > 0) send(peer.link, { type: 'want', ids })
  }

  #offer(ids: readonly BlobId[], except?: Peer): void {
    for (const peer of this.#peers.values())
      if (!isShut(peer) && peer !== except) send(peer.link, { type: 'carry', ids })
  }

  #answered(peer: Peer, id: BlobId): boolean {
    peer.asked.get(id)?.()
    return peer.asked.delete(id)
  }

  #forget(peer: Peer): void {
    for (const id of [...peer.asked.keys()]) this.#answered(peer, id)
    peer.carries.clear()
  }

  #bad(peer: Peer): void {
    peer.bad += 1
    if (peer.bad > MAX_BAD) peer.link.close()
  }

  #tell(about: (events: Partial<ExchangeEvents>) => void): void {
    for (const events of [...this.#events]) about(events)
  }
}

const send = (link: Link, message: FilesMessage): void => link.send('files', encodeFilesMessage(message))

const isShut = ({ passes }: Peer): boolean => passes === 'nothing'
