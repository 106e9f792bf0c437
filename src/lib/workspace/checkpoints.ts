import * as Y from 'yjs'
import { equalBytes, hexFromBytes } from '../core/bytes.ts'
import type { Clock } from '../core/clock.ts'
import {
  CLOSED_DOC,
  MAIN_DOC,
  type CollId,
  type DeviceId,
  type DocId,
  type EntryId,
  type EpochId,
  type FeedId,
  type RecId,
} from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { Cell, type Watched } from '../core/watched.ts'
import { hasToClose } from '../domain/closing.ts'
import { mergeInto } from '../domain/merge.ts'
import { isStateOf } from '../domain/same-document.ts'
import {
  encodeManifest,
  isSameBase,
  manifestHash,
  MAX_MANIFEST_BYTES,
  openSnapshotWith,
  parseManifest,
  sealSnapshot,
  snapshotAgain,
  snapshotHash,
  snapshotKey,
  snapshotNonce,
  type Manifest,
} from '../feed/checkpoint.ts'
import { Feeds } from '../feed/feeds.ts'
import { parseRecord } from '../feed/record.ts'
import type { Base, BasePosition, SealedRecord } from '../feed/types.ts'
import { writeEpoch } from '../ledger/epochs.ts'
import { mayCosign, type MayNotCosign } from '../ledger/conduct.ts'
import type { Ledger } from '../ledger/graph.ts'
import { rulesAreAhead } from '../ledger/rules.ts'
import type { LedgerView } from '../ledger/types.ts'
import type { Storage, Write } from '../sync/ports.ts'
import { areClosedDocs, closeDocs } from './closing.ts'
import type { Keyring } from './keyring.ts'
import type { Packs } from './packs.ts'
import { blobKey } from './rows.ts'
import type { OpenedPart, SettledPart } from './settled-row.ts'

/** What this device found when it worked a checkpoint out by itself. */
export type Check =
  /** Ledger, positions and documents are what it says. */
  | 'same'
  | 'working'
  /** Its parts, or records or keys it names, are not here (yet). */
  | 'missing'
  | 'differs'
  /** It goes by rules or is in a form that this program does not know, and so cannot say. */
  | 'newer'

/** Documents as they were, with the positions they stand for. */
export type Settled = {
  readonly checkpoint: EntryId
  readonly base: Base
  readonly docs: ReadonlyMap<DocId, Uint8Array>
  readonly opened: readonly OpenedPart[]
}

/** Parts of the checkpoint held to, which lie opened among the documents; `null`: one of these is gone. */
export type PartsHeld = {
  readonly parts: readonly SettledPart[]
  readonly docs: ReadonlyMap<DocId, Uint8Array> | null
}

export type CarriablePart = {
  readonly checkpoint: EntryId
  /** The device that proposed its checkpoint. */
  readonly by: DeviceId
  readonly digest: Uint8Array
  /** What was over before somebody came: not for all who hold a key now. */
  readonly isClosed: boolean
}

export type CannotPropose =
  /** Not everything here is known well enough: this device began from what one member handed over. */
  { readonly type: 'CheckpointIncomplete' }

/** What checkpoints need of the replica they belong to. */
export type CheckpointPort = {
  readonly coll: CollId
  readonly device: DeviceId
  readonly ledger: Ledger
  readonly keyring: Keyring
  readonly packs: Packs
  readonly storage: Storage
  readonly clock: Clock
  readonly feeds: () => Feeds
  /** What this device itself started from. */
  readonly base: () => {
    readonly base: Base
    readonly docs: ReadonlyMap<DocId, Uint8Array>
    /** Who handed it over; `null`: all have signed it. */
    readonly by: DeviceId | null
  } | null
  readonly docs: () => ReadonlyMap<DocId, Uint8Array>
  /** Signs what was typed and is in no record yet. */
  readonly flush: () => void
  readonly act: (checkpoint: { readonly hash: Uint8Array; readonly size: number } | EntryId) => EntryId
  readonly save: (writes: readonly Write[]) => void
  /** Until nothing is on its way to the disk any more, or the disk takes nothing. */
  readonly onDisk: () => Promise<void>
  /** Has every link asked what it would give: something is still missing. */
  readonly ask: () => void
  /** The one this device holds to by its own work or that of those who signed: not one it was merely told of. */
  readonly held: () => EntryId | null
  /** Its parts, where this device keeps them as documents. */
  readonly partsHeld: () => PartsHeld | null
  /** A final checkpoint this device verified, or has to take on the word of those who signed it. */
  readonly settle: (settled: Settled, how: 'verified' | 'adopted') => Promise<void>
}

/** Open checkpoints whose parts are fetched: whoever proposes more than this at once is not waited for. */
const MAX_OPEN = 8
/** So long one peer is waited for before another is asked for the same bytes; and before the same one is. ms. */
const ASK_NEXT_MS = 1000
const ASK_AGAIN_MS = 15_000
/** Records may still be on their way for so long before a final checkpoint is taken in their place. ms. */
const PATIENCE_MS = 60_000
/** A disk that did not give back what is in memory is asked again after this long. ms. */
const READ_AGAIN_MS = 15_000
/** After something moved, a check waits a little: what moves next often belongs to it. ms. */
const CHECK_MS = 300
/** Records merged in one go while working a checkpoint out; in between, others get their turn. */
const SLICE = 500

/**
 * The checkpoints of one collective as this device sees them: it fetches their parts, works each out by itself, and says
 * whether it found the same; and it settles on those that became final. Spec: checkpoint.md.
 */
export class Checkpoints {
  readonly #port: CheckpointPort
  readonly #blobs = new Map<string, Uint8Array>()
  /** Those of them that were read as manifests; `null`: what is none. It is looked at with every act that comes over a link. */
  readonly #manifests = new WeakMap<Uint8Array, Manifest | null>()
  #outOfReach: EntryId | null = null
  /** When each part was last asked for, and of whom. */
  readonly #asked = new Map<string, Map<DeviceId, number>>()
  readonly #checks = new Map<EntryId, Check>()
  /** Worked out once more since they became final: of a forked feed the branch they name stands from then on. */
  readonly #checkedFinal = new Set<EntryId>()
  readonly #firstSeen = new Map<EntryId, number>()
  readonly #moved = new Cell(0)
  #waiting: (() => void) | null = null
  #asking: (() => void) | null = null
  #readingAgain: (() => void) | null = null
  #working: Promise<void> | null = null
  #again = false
  #closed = false
  /** Before the parts kept are read back, nothing is asked for and nothing worked out. */
  #isRestored = false

  constructor(port: CheckpointPort) {
    this.#port = port
  }

  /** Something above changed: a check came to an end, parts arrived. */
  get changed(): Watched<number> {
    return this.#moved
  }

  /** Reads back the parts kept. */
  async restore(): Promise<void> {
    const rows = await this.#port.storage.all('snapshots', blobKey(this.#port.coll, ''))
    this.#isRestored = true
    if (!rows.ok) return
    for (const [key, bytes] of rows.value.rows) this.#blobs.set(key.slice(key.lastIndexOf('/') + 1), bytes)
  }

  // ── proposing and signing ────────────────────────────────────────────────────────────────────────────────────────

  /** Proposes everything accepted here, as the documents are now, and signs it. */
  propose(): Result<EntryId, CannotPropose> {
    // Words that are in the documents and in no record nobody else would find.
    this.#port.flush()
    const { ledger, keyring, coll } = this.#port
    const epoch = writeEpoch(ledger.state(), (id) => keyring.has(id))
    const key = epoch && keyring.key(epoch)
    const base = this.#port.feeds().baseNow()
    const isComplete = [...base.values()].every(({ lheads }) => lheads !== undefined)
    if (!epoch || !key || !isComplete) return err({ type: 'CheckpointIncomplete' })
    const parents = ledger.heads()
    const snapshots = new Map<DocId, Uint8Array>()
    for (const [doc, state] of closeDocs(coll, parents, this.#port.docs()).docs) {
      const sealed = sealSnapshot({ key, coll, doc, parents }, state)
      this.#keep(snapshotHash(sealed), sealed)
      snapshots.set(doc, snapshotHash(sealed))
    }
    const stateHash = ledger.checkpointState(parents).hash
    const bytes = encodeManifest({ epoch, base, snapshots, stateHash })
    if (bytes.length > MAX_MANIFEST_BYTES) return err({ type: 'CheckpointIncomplete' })
    this.#keep(manifestHash(bytes), bytes)
    const id = this.#port.act({ hash: manifestHash(bytes), size: bytes.length })
    this.#set(id, 'same')
    if (mayCosign(ledger, this.#port.device, id).ok) this.#port.act(id)
    return ok(id)
  }

  /** Puts this member’s name under a checkpoint this device found to be the same as what it has. */
  cosign(
    id: EntryId,
  ): Result<void, MayNotCosign | { readonly type: 'CheckpointDiffers' | 'CheckpointIncomplete' }> {
    const check = this.checkOf(id)
    if (check === 'differs') return err({ type: 'CheckpointDiffers' })
    if (check !== 'same') return err({ type: 'CheckpointIncomplete' })
    const may = mayCosign(this.#port.ledger, this.#port.device, id)
    if (!may.ok) return may
    this.#port.act(id)
    return ok(undefined)
  }

  checkOf(id: EntryId): Check {
    return this.#checks.get(id) ?? (this.#manifestOf(id) ? 'working' : 'missing')
  }

  /**
   * The newest final checkpoint, where what this device was handed when it joined neither lies below it nor holds what lies
   * there: the records in between others may have let go of. `null`: there is none.
   */
  outOfReach(): EntryId | null {
    const newest = this.#port.ledger.state().finals.at(-1)
    return newest !== undefined && newest === this.#outOfReach && newest !== this.#port.held() ? newest : null
  }

  /** The documents a checkpoint speaks of, if they are here and this device has the key. */
  docsOf(id: EntryId): ReadonlyMap<DocId, Uint8Array> | null {
    const manifest = this.#manifestOf(id)
    return manifest ? this.#openAll(id, manifest) : null
  }

  /** The parts of a checkpoint, opened; `null`: one is not here, or does not open. */
  openedParts(id: EntryId): readonly OpenedPart[] | null {
    const manifest = this.#manifestOf(id)
    return manifest && this.#openParts(id, manifest)
  }

  /** The positions a checkpoint speaks of, if its manifest is here. */
  positionsOf(id: EntryId): Base | null {
    return this.#manifestOf(id)?.base ?? null
  }

  // ── parts, by hash ───────────────────────────────────────────────────────────────────────────────────────────────

  blob(digest: Uint8Array): Uint8Array | null {
    const kept = this.#blobs.get(hexFromBytes(digest))
    const held = kept ? null : this.#heldPart(digest)
    return held ? snapshotAgain({ ...held, coll: this.#port.coll }, held.state) : (kept ?? null)
  }

  /** Whether this is what some checkpoint closed. */
  isClosedPart(digest: Uint8Array): boolean {
    return [...this.#port.ledger.state().checkpoints.keys()].some((id) => {
      const named = this.#manifestOf(id)?.snapshots.get(CLOSED_DOC)
      return named !== undefined && equalBytes(named, digest)
    })
  }

  /** Whether a part is here. */
  has(digest: Uint8Array): boolean {
    return this.#blobs.has(hexFromBytes(digest)) || this.#heldAs(digest) !== null
  }

  /** A part that lies among the documents and can be sealed again from there: it has no row of its own any more. */
  #heldAs(digest: Uint8Array): (SettledPart & { readonly nonce: Uint8Array }) | null {
    const { parts = [], docs = null } = this.#port.partsHeld() ?? {}
    const part = docs && parts.find((one) => equalBytes(one.digest, digest))
    return part?.nonce ? { ...part, nonce: part.nonce } : null
  }

  #heldPart(digest: Uint8Array): OpenedPart | null {
    const held = this.#heldAs(digest)
    const state = held && this.#port.partsHeld()?.docs?.get(held.doc)
    return state ? { ...held, state } : null
  }

  /** Parts of checkpoints that matter and are not here, to be asked of `peer` now: one peer after the other, not all at once. */
  missingBlobs(peer: DeviceId): readonly Uint8Array[] {
    const now = this.#port.clock.now()
    const wanted = this.#wanted()
    const due = wanted.filter((digest) => {
      const asked = this.#asked.get(hexFromBytes(digest)) ?? new Map<DeviceId, number>()
      const latest = Math.max(-Infinity, ...asked.values())
      return now - latest >= ASK_NEXT_MS && now - (asked.get(peer) ?? -Infinity) >= ASK_AGAIN_MS
    })
    for (const digest of due) {
      const name = hexFromBytes(digest)
      this.#asked.set(name, (this.#asked.get(name) ?? new Map<DeviceId, number>()).set(peer, now))
    }
    if (wanted.length > 0)
      this.#asking ??= this.#port.clock.after(ASK_NEXT_MS + 100, () => {
        this.#asking = null
        if (!this.#closed) this.#port.ask()
      })
    return due
  }

  /** Takes a part if it is one that is wanted; anything else is let go. */
  absorbBlob(bytes: Uint8Array): void {
    const names = [manifestHash(bytes), snapshotHash(bytes)].map(hexFromBytes)
    const wanted = this.#wanted().find((digest) => names.includes(hexFromBytes(digest)))
    if (!wanted) return
    this.#keep(wanted, bytes)
    this.look()
  }

  /** The parts that are here of checkpoints that matter, except those this device found to differ: to be carried for others. */
  carriable(): readonly CarriablePart[] {
    return this.#relevant().flatMap((id) => {
      const by = this.#port.ledger.entry(id)?.entry.author
      if (!by || this.#checks.get(id) === 'differs') return []
      const closed = this.#manifestOf(id)?.snapshots.get(CLOSED_DOC)
      return this.#partsOf(id)
        .filter((digest) => this.has(digest))
        .map((digest) => ({
          checkpoint: id,
          by,
          digest,
          isClosed: closed !== undefined && equalBytes(closed, digest),
        }))
    })
  }

  /** Parts of checkpoints that matter and are not here, by hash. */
  lacking(): readonly Uint8Array[] {
    return this.#wanted()
  }

  #wanted(): readonly Uint8Array[] {
    return this.#relevant().flatMap((id) => {
      const digest = this.#attachmentOf(id)
      if (!digest) return []
      const manifest = this.#manifestOf(id)
      const parts = manifest ? [...manifest.snapshots.values()] : [digest]
      return parts.filter((part) => !this.has(part))
    })
  }

  /** The newest final above what this device holds to, and open ones that could still become final. */
  #relevant(): readonly EntryId[] {
    const { ledger } = this.#port
    if (!this.#isRestored) return []
    const { checkpoints, devices, finals } = ledger.state()
    const newest = finals.at(-1)
    const open = [...checkpoints.values()]
      .filter(
        ({ id, status, author }) =>
          status === 'open' &&
          devices.get(author)?.standing === 'active' &&
          (!newest || ledger.isBelow(newest, id)),
      )
      .map(({ id }) => id)
    return [...(newest ? [newest] : []), ...open.slice(-MAX_OPEN)]
  }

  /**
   * Lets go of the parts that no checkpoint needs any more: all but those of the one held to, of those that could still
   * become final, and, while none is held to, of those that contradict each other. Spec: checkpoint.md §6.
   */
  tidy(): void {
    const { ledger, coll } = this.#port
    if (!this.#isRestored) return
    const { checkpoints } = ledger.state()
    const conflicting = [...checkpoints.values()].filter(({ status }) => status === 'conflicting')
    const needed = [...(ledger.pin ? [ledger.pin] : conflicting.map(({ id }) => id)), ...this.#relevant()]
    const kept = new Set(needed.flatMap((id) => this.#partsOf(id)).map(hexFromBytes))
    for (const { digest } of this.#port.partsHeld()?.parts ?? [])
      if (this.#heldAs(digest)) this.#blobs.delete(hexFromBytes(digest))
    const gone = [...this.#blobs.keys()].filter((name) => !kept.has(name))
    for (const name of gone) this.#blobs.delete(name)
    if (gone.length > 0)
      this.#port.save(gone.map((name) => ({ table: 'snapshots', key: blobKey(coll, name), value: null })))
  }

  #partsOf(id: EntryId): readonly Uint8Array[] {
    const digest = this.#attachmentOf(id)
    return digest ? [digest, ...(this.#manifestOf(id)?.snapshots.values() ?? [])] : []
  }

  // ── working out ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Records or keys came. Looks, if one of these may have been lacking. */
  lookIfLacking(): void {
    const isLacking = (id: EntryId) => ['working', 'missing'].includes(this.checkOf(id))
    if (this.#relevant().some(isLacking)) this.look()
  }

  /** Looks, a little later, whether anything is to be checked or settled. Call after the ledger moved. */
  look(): void {
    this.#moved.set(this.#moved.read() + 1)
    this.#again = true
    if (this.#waiting || this.#working || this.#closed) return
    if (this.#relevant().length === 0) return
    this.#waiting = this.#port.clock.after(CHECK_MS, () => {
      this.#waiting = null
      this.#working ??= this.#work().finally(() => {
        this.#working = null
        if (this.#again) this.look()
      })
    })
  }

  /** The same at once, waiting for no more records: for whoever knows that none are on their way. */
  async settleNow(): Promise<void> {
    await this.settled()
    if (this.#closed) return
    this.#working = this.#work(0).finally(() => {
      this.#working = null
      if (this.#again) this.look()
    })
    await this.#working
  }

  /** Until nothing is being worked out. */
  async settled(): Promise<void> {
    while (this.#working) await this.#working
  }

  close(): void {
    this.#closed = true
    this.#waiting?.()
    this.#asking?.()
    this.#readingAgain?.()
  }

  /** `patience`: how long records may still be on their way, ms. */
  async #work(patience = PATIENCE_MS): Promise<void> {
    this.#again = false
    for (const id of this.#relevant()) {
      if (this.#closed) return
      const known = this.#checks.get(id)
      const isFinal = this.#isFinal(id)
      const isKnown = known === 'differs' || known === 'newer'
      if (known === 'same' || (isKnown && !(isFinal && !this.#checkedFinal.has(id)))) continue
      const found = await this.#check(id)
      this.#set(id, found === 'differs' && this.#goesByNewerRules(id) ? 'newer' : found)
      if (isFinal) this.#checkedFinal.add(id)
    }
    await this.#settleOnNewest(patience)
  }

  async #settleOnNewest(patience: number): Promise<void> {
    const { ledger, clock } = this.#port
    const newest = ledger.state().finals.at(-1)
    const manifest = newest && this.#manifestOf(newest)
    if (!newest || !manifest || newest === this.#port.held() || this.#closed) return
    const opened = this.#openParts(newest, manifest)
    const check = this.#checks.get(newest)
    if (!opened) return
    const settled = { checkpoint: newest, base: manifest.base, docs: docsIn(opened), opened }
    if (check === 'same') return this.#port.settle(settled, 'verified')
    // What differs from one member's word is no reason to stay with that word.
    const isOneWord = (this.#port.base()?.by ?? null) !== null
    if (check !== 'missing' && !(isOneWord && (check === 'differs' || check === 'newer'))) return
    const since = this.#firstSeen.get(newest) ?? clock.now()
    this.#firstSeen.set(newest, since)
    if (clock.now() - since < patience) {
      if (!this.#waiting) this.#waiting = clock.after(PATIENCE_MS, () => this.#wake())
      return
    }
    if (this.#covers(manifest.base)) return this.#port.settle(settled, 'adopted')
    // Others let go of the records up to here, and this device cannot begin from here without losing what it was handed.
    if (this.#outOfReach === newest) return
    this.#outOfReach = newest
    this.#port.ask()
  }

  #wake(): void {
    this.#waiting = null
    this.look()
  }

  /** Whether everything this device started from lies at or below a base: else going over to it would lose something. */
  #covers(base: Base): boolean {
    const mine: Base = this.#port.base()?.base ?? new Map()
    return [...mine].every(([feed, { seq }]) => (base.get(feed)?.seq ?? -1) >= seq)
  }

  /**
   * The same from what lies here alone: the ledger as it was at the checkpoint’s parents, the records up to its
   * positions, judged by that ledger, and the documents they make.
   */
  async #check(id: EntryId): Promise<Check> {
    const { ledger } = this.#port
    const manifest = this.#manifestOf(id)
    const entry = ledger.entry(id)
    if (!manifest || !entry) return this.#whyUnreadable(id) ?? 'missing'
    const { parents } = entry.entry
    if (!this.#isWhole(manifest)) return 'missing'
    // Sealed for another place, or not by whoever holds the key it names.
    const claimed = this.#openAll(id, manifest)
    if (!claimed) return 'differs'
    if (hexFromBytes(ledger.checkpointState(parents).hash) !== hexFromBytes(manifest.stateHash))
      return 'differs'
    if (!this.#covers(manifest.base) || !this.#reaches(id, manifest.base)) return 'missing'
    // What came a moment ago is in memory before it is on disk, where it is read from.
    await this.#port.onDisk()
    if (this.#closed) return 'working'
    const base = this.#port.base()
    const feeds = new Feeds({
      ledger: ledgerAt(ledger, parents),
      keys: this.#port.keyring,
      ...(base && { base: base.base }),
    })
    for (const [feed, { seq, rec }] of manifest.base) {
      let reached = base?.base.get(feed)?.seq ?? -1
      const runs = this.#port.packs.read(feed, reached + 1)
      const isForked = this.#port.feeds().isForked(feed)
      for await (const records of isForked && this.#isFinal(id) ? branchTo(rec, runs) : upTo(seq, runs)) {
        restore(feeds, records)
        reached = Math.max(reached, records.at(-1)?.pub.seq ?? -1)
        if (this.#closed) return 'working'
      }
      if (reached < seq) return this.#notRead()
    }
    if (!isSameBase(feeds.baseNow(), manifest.base)) return 'differs'
    const before = base?.docs.get(CLOSED_DOC)
    const main = await this.#mainFrom(base?.docs.get(MAIN_DOC), feeds)
    const isSame =
      before || hasToClose(main)
        ? areClosedDocs(
            closeDocs(this.#port.coll, parents, docsOf(Y.encodeStateAsUpdate(main), before)),
            claimed,
          )
        : claimed.size === 1 && isStateOf(main, claimed.get(MAIN_DOC))
    main.destroy()
    if (isSame) return 'same'
    const isClosing = claimed.has(CLOSED_DOC) || before !== undefined
    return isClosing && !this.#standsOnGroundOf(parents) ? 'missing' : 'differs'
  }

  /** A disk that takes or gives nothing says nothing about a checkpoint. */
  #notRead(): Check {
    this.#readingAgain ??= this.#port.clock.after(READ_AGAIN_MS, () => {
      this.#readingAgain = null
      this.look()
    })
    return 'missing'
  }

  /**
   * What is written into something closed goes nowhere: so what a checkpoint closes hangs on the one before. Whoever holds
   * to another than it stood upon cannot say that it differs.
   */
  #standsOnGroundOf(parents: readonly EntryId[]): boolean {
    const ground = this.#port.ledger.checkpointState(parents).finals.at(-1) ?? null
    return (this.#port.base()?.by ?? null) === null && ground === this.#port.held()
  }

  /** Whether every record a base names is here; of an open one, whether as much is. */
  #reaches(id: EntryId, base: Base): boolean {
    const feeds = this.#port.feeds()
    const isFinal = this.#isFinal(id)
    const isHere = ([feed, { seq, rec }]: readonly [FeedId, BasePosition]) =>
      isFinal ? feeds.holds({ feed, seq, rec }) : feeds.nextSeq(feed) > seq
    return [...base].every(isHere) && feeds.missingEpochs().length === 0
  }

  #isFinal(id: EntryId): boolean {
    return this.#port.ledger.state().checkpoints.get(id)?.status === 'final'
  }

  /** A record may name another document: it is no part of what stands. */
  async #mainFrom(state: Uint8Array | undefined, feeds: Feeds): Promise<Y.Doc> {
    const main = new Y.Doc()
    if (state) Y.applyUpdate(main, state)
    const accepted = [...feeds.accepted()]
    for (let at = 0; at < accepted.length; at += SLICE) {
      main.transact(() => {
        for (const { docs } of accepted.slice(at, at + SLICE))
          for (const { doc, update } of docs) if (doc === MAIN_DOC) mergeInto(main, update)
      })
      await Promise.resolve()
    }
    return main
  }

  // ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #attachmentOf(id: EntryId): Uint8Array | null {
    const act = this.#port.ledger.entry(id)?.act
    return act?.type === 'checkpoint' ? act.attachment.hash : null
  }

  #manifestOf(id: EntryId): Manifest | null {
    const digest = this.#attachmentOf(id)
    const bytes = digest && this.#blobs.get(hexFromBytes(digest))
    if (!bytes) return null
    const known = this.#manifests.get(bytes)
    if (known !== undefined) return known
    const parsed = parseManifest(bytes)
    const manifest = parsed.ok ? parsed.value : null
    this.#manifests.set(bytes, manifest)
    return manifest
  }

  #whyUnreadable(id: EntryId): 'differs' | 'newer' | null {
    const digest = this.#attachmentOf(id)
    const bytes = digest && this.#blobs.get(hexFromBytes(digest))
    const manifest = bytes ? parseManifest(bytes) : null
    if (!manifest || manifest.ok) return null
    return manifest.error.type === 'NewerManifest' ? 'newer' : 'differs'
  }

  /** Of the state there this program has no say. */
  #goesByNewerRules(id: EntryId): boolean {
    const { ledger } = this.#port
    return rulesAreAhead(ledger.checkpointState(ledger.entry(id)?.entry.parents ?? []))
  }

  #isWhole({ epoch, snapshots }: Manifest): boolean {
    return this.#port.keyring.has(epoch) && [...snapshots.values()].every((digest) => this.has(digest))
  }

  #openAll(id: EntryId, manifest: Manifest): ReadonlyMap<DocId, Uint8Array> | null {
    const opened = this.#openParts(id, manifest)
    return opened && docsIn(opened)
  }

  #openParts(id: EntryId, { epoch, snapshots }: Manifest): readonly OpenedPart[] | null {
    const parts: OpenedPart[] = []
    for (const [doc, digest] of snapshots) {
      const part = this.#heldPart(digest) ?? this.#openPart(id, { epoch, doc, digest })
      if (!part) return null
      parts.push(part)
    }
    return parts
  }

  #openPart(
    id: EntryId,
    { epoch, doc, digest }: { readonly epoch: EpochId; readonly doc: DocId; readonly digest: Uint8Array },
  ): OpenedPart | null {
    const { coll, keyring, ledger } = this.#port
    const sealed = this.#blobs.get(hexFromBytes(digest))
    const parents = ledger.entry(id)?.entry.parents
    const secret = keyring.key(epoch)
    if (!sealed || !parents) return null
    const key = secret
      ? snapshotKey({ key: secret, coll, doc, parents })
      : this.#port.partsHeld()?.parts.find((one) => equalBytes(one.digest, digest))?.key
    if (!key) return null
    const opened = openSnapshotWith({ key, coll, doc }, sealed)
    return opened.ok ? { doc, digest, key, nonce: snapshotNonce(sealed), state: opened.value } : null
  }

  #keep(digest: Uint8Array, bytes: Uint8Array): void {
    const name = hexFromBytes(digest)
    this.#blobs.set(name, bytes)
    this.#port.save([{ table: 'snapshots', key: blobKey(this.#port.coll, name), value: bytes }])
  }

  #set(id: EntryId, check: Check): void {
    this.#checks.set(id, check)
    this.#moved.set(this.#moved.read() + 1)
  }
}

const docsOf = (main: Uint8Array, closed: Uint8Array | undefined): ReadonlyMap<DocId, Uint8Array> =>
  new Map([[MAIN_DOC, main] as const, ...(closed ? [[CLOSED_DOC, closed] as const] : [])])

const docsIn = (parts: readonly OpenedPart[]): ReadonlyMap<DocId, Uint8Array> =>
  new Map(parts.map(({ doc, state }) => [doc, state]))

/** The ledger as somebody saw it who knew `parents` and nothing else. */
const ledgerAt = (ledger: Ledger, parents: readonly EntryId[]): LedgerView => {
  const state = ledger.checkpointState(parents)
  return {
    coll: ledger.coll,
    has: (id) => ledger.inClosure(parents, id),
    entry: (id) => (ledger.inClosure(parents, id) ? ledger.entry(id) : undefined),
    heads: () => parents,
    inClosure: (heads, id) => ledger.inClosure(heads, id),
    state: () => state,
    stateOf: (heads) => ledger.checkpointState(heads),
    checkpointState: (heads) => ledger.checkpointState(heads),
  }
}

type Runs = AsyncGenerator<{ readonly records: readonly Uint8Array[] }>

async function* upTo(seq: number, runs: Runs): AsyncGenerator<readonly SealedRecord[]> {
  for await (const run of runs) {
    const records: SealedRecord[] = []
    for (const wire of run.records) {
      const record = parseRecord(wire)
      if (!record.ok || record.value.pub.seq > seq) break
      records.push(record.value)
    }
    yield records
  }
}

/** Of a forked feed, the records that lead to `rec`. */
async function* branchTo(rec: RecId, runs: Runs): AsyncGenerator<readonly SealedRecord[]> {
  const all = new Map<RecId, SealedRecord>()
  for await (const run of runs)
    for (const wire of run.records) {
      const record = parseRecord(wire)
      if (record.ok) all.set(record.value.id, record.value)
    }
  const branch: SealedRecord[] = []
  for (let record = all.get(rec); record; record = record.pub.prev ? all.get(record.pub.prev) : undefined)
    branch.push(record)
  yield branch.reverse()
}

const restore = (feeds: Feeds, records: readonly SealedRecord[]): void => {
  const last = records.at(-1)
  if (!last) return
  // What lies here was verified when it came; only the chain is looked at again.
  feeds.restore(records, { feed: last.pub.feed, seq: last.pub.seq, rec: last.id, sig: new Uint8Array(64) })
}
