import { equalBytes } from '../core/bytes.ts'
import type { Clock, Random } from '../core/clock.ts'
import { mergeUpdates } from 'yjs'
import {
  CLOSED_DOC,
  MAIN_DOC,
  type CollId,
  type DeviceId,
  type DocId,
  type EntryId,
  type EpochId,
  type FeedId,
  type MemberId,
  type RecId,
} from '../core/ids.ts'
import { nextTurn } from '../core/next-turn.ts'
import { err, ok, type Result } from '../core/result.ts'
import { Cell, type Watched } from '../core/watched.ts'
import type { OwnDevice } from '../crypto/device.ts'
import { forget, hash, type SecretKey } from '../crypto/hash.ts'
import type { KemPublic } from '../crypto/kem.ts'
import { wasClosedIn } from '../domain/closing.ts'
import { bringBack, rescuable } from '../domain/rescue.ts'
import { checkSegment, segmentFrom } from '../feed/chain.ts'
import { Feeds } from '../feed/feeds.ts'
import { parseRecord } from '../feed/record.ts'
import { encodeFeedSeal, parseFeedSeal } from '../feed/seal.ts'
import type { Run } from '../feed/run.ts'
import type { Base, CannotAppend, FeedSeal, SealedRecord, Segment, SetAside } from '../feed/types.ts'
import { createEntry } from '../ledger/authoring.ts'
import {
  boxPath,
  encodeBox,
  encodeBoxSet,
  openBox,
  parseBox,
  parseBoxSet,
  verifyBox,
  verifyBoxSet,
  type BoxSet,
} from '../ledger/boxes.ts'
import { writeEpoch } from '../ledger/epochs.ts'
import { feedIdOf, yClientOf } from '../ledger/feed-id.ts'
import { highest } from '../ledger/frontier.ts'
import { isKeyOf, openGrant } from '../ledger/grants.ts'
import { createLedger, restoreLedger, type AddReport, type Ledger } from '../ledger/graph.ts'
import { MAX_ANNULLED } from '../ledger/proposal-body.ts'
import { createRotate } from '../ledger/rotation.ts'
import { mayRaiseRules, rulesAreAhead } from '../ledger/rules.ts'
import { suspendedWith } from '../ledger/suspended-with.ts'
import type { Act, LedgerState, Position, Proposal, SuspendReason, SignedEntry } from '../ledger/types.ts'
import type { Storage, StorageFailed, Write } from '../sync/ports.ts'
import type { SyncMessage } from '../wire/sync.ts'
import type { Above } from './circle-gate.ts'
import { AfterRestore } from './after-restore.ts'
import { Calendar } from './calendar.ts'
import { Checkpoints, type PartsHeld, type Settled } from './checkpoints.ts'
import { isSameState } from '../domain/same-document.ts'
import { Debts } from './debts.ts'
import { Documents } from './documents.ts'
import { encodeBeside, handedBeside, parseBeside, type Together } from './handed-beside.ts'
import { handedTooMuch, type Handed } from './handed-too-much.ts'
import { KemKeys, KEPT_MS } from './kem-keys.ts'
import { Intake } from './intake.ts'
import { Keyring } from './keyring.ts'
import { Packs } from './packs.ts'
import { Past } from './past.ts'
import {
  baseKey,
  besideKey,
  boxesKey,
  calendarKey,
  encodeOwnHead,
  headKey,
  intakeKey,
  kemKey,
  ledgerKey,
  parseOwnHead,
  pastKey,
  type OwnHead,
  settledDocKey,
  settledKey,
  spaceKey,
  startDocKey,
  startKey,
  encodeSpaceRow,
  type SpaceRow,
} from './rows.ts'
import { encodeLost, lostIn, lostKey, parseLost, writeAgain } from './lost-work.ts'
import { mayCarryOut } from './return-checks.ts'
import { readAhead, type Wanted } from './read-ahead.ts'
import { encodeRestored, parseRestored, restoredKey, type CopyState } from './restored-row.ts'
import { Saver } from './saver.ts'
import { readHeld, writeHeld } from './settled-row.ts'
import { readStart, writeStartDocs } from './start-docs.ts'
import { encodeStartRow } from './start-row.ts'
import type { Wish } from './types.ts'
import { createWelcome, openKeptWelcome, openWelcome, type Welcome } from './welcome.ts'

const DAY_MS = 24 * 3_600_000
/** So many boxes (20 KB) are handed on whole, so that whoever gets them can hand them on in turn. */
const FEW_BOXES = 16
/** Rows since the documents were last written down, before they are again; and how long after the last of them. ms. */
const TAIL_ROWS = 128
const QUIET_MS = 5000
/** So many changes of a phone that was in other hands are shown for looking through. */
const LAST_EDITS = 40
/** So long whoever may hold what is gone from this disk has time to be met, before it is written again. ms. */
const MEND_MS = 60_000
/** Records read in one go while everything is read again; in between, others get their turn. */
const SLICE = 64

/** Documents this device starts from, and the positions they stand for. */
type Start = Handed & {
  readonly docs: ReadonlyMap<DocId, Uint8Array>
  /** Who handed it over; `null`: a final checkpoint, or nobody. */
  readonly by: DeviceId | null
}

/** A final checkpoint this device holds to, since when (ms since 1970), and how far it reaches. */
type HeldTo = { readonly checkpoint: EntryId; readonly at: number; readonly base: Base }

/** What a newcomer began from, by whom, and what another member’s word on it was. */
export type HandedOver = {
  readonly by: MemberId | null
  readonly check: 'alone' | 'same' | 'differs'
  readonly against: MemberId | null
}

const ALONE = { check: 'alone', against: null } as const
/** A welcome is a whole document: if they cannot be compared this often, because everybody writes on, it is left. */
const MOST_SECOND_WORDS = 5

/** So many bytes of a feed that are not here, up to a place, and the device that has them. */
export type Coming = {
  readonly feed: FeedId
  readonly seq: number
  readonly bytes: number
  readonly from: DeviceId
}

/** What links and screens hear about. */
export type ReplicaEvents = {
  /** Entries were added, by this device or from a link. */
  readonly ledgerMoved: () => void
  /** A record of this device's own is on disk and may travel. */
  readonly wrote: (record: SealedRecord, seal: FeedSeal) => void
  /** This device made an epoch: its boxes may travel at once. */
  readonly rotated: (epoch: EpochId, boxes: Uint8Array) => void
  /** More is held than before. */
  readonly holdingsMoved: () => void
}

/** Acts that only add: whoever hears of them a moment later lets nothing happen meanwhile that they forbid. */
const PATIENT: ReadonlySet<string> = new Set(['genesis', 'feed', 'rekey', 'checkpoint', 'cosign'])

/**
 * One collective on this device: ledger, feeds, keys and document, kept in the vault and in step with each other. It
 * knows nothing of links: `syncing.ts` carries bytes to and from it.
 */
export class Replica {
  readonly coll: CollId
  readonly own: OwnDevice
  readonly ledger: Ledger
  readonly keyring: Keyring
  readonly kem: KemKeys
  readonly packs: Packs
  readonly documents: Documents
  readonly checkpoints: Checkpoints
  readonly row: SpaceRow
  readonly #storage: Storage
  readonly #saver: Saver
  readonly #above: Above | null
  readonly #debts: Debts
  readonly #calendar: Calendar
  readonly #past: Past
  /** Final checkpoints after which others went on, since when all they hold came here: found anew after each start. */
  readonly #wentOn = new Set<EntryId>()
  readonly #intake: Intake
  readonly #random: Random
  readonly #clock: Clock
  readonly #events = new Set<Partial<ReplicaEvents>>()
  readonly #changed = new Cell(0)
  readonly #refused = new Set<EntryId>()
  /** Acts of this device that are not on disk yet. Nothing another device signed stands upon them. */
  readonly #unsaved = new Set<EntryId>()
  /** Records whose rows are not on disk yet: they are nowhere else when everything is read anew. */
  readonly #unsavedRuns = new Set<Run>()
  /** Where each feed goes on by what this device has signed in it, here or before it was switched off. */
  readonly #signed = new Map<FeedId, number>()
  readonly #badBoxes = new Set<EpochId>()
  /** Grants for this device that were opened, or cannot be. */
  readonly #triedGrants = new Set<EntryId>()
  #feeds: Feeds
  #base: Start | null = null
  #settled: HeldTo | null = null
  /** Its parts, where they lie opened on this disk. */
  #partsHeld: PartsHeld | null = null
  /** While this device goes by what it wrote down, and has not read every record again. */
  #isProving = false
  #whole: Promise<void> = Promise.resolve()
  /** Goes up when what was written down for the next start is no longer what counts. */
  #starts = 0
  #hasStart = false
  #nextStart: (() => void) | null = null
  /** Segments that come in while the feeds are built anew, so that none is missed. */
  #meanwhile: Segment[] | null = null
  #rebasing: Promise<void> = Promise.resolve()
  #ledgerRows = 0
  #feed: FeedId | null = null
  #closed = false
  #rekeying: Promise<void> | null = null
  /** Began again from a copy, and does not know yet what it signed since that was made. */
  #afterRestore: AfterRestore | null = null
  #copyState: CopyState = 'none'
  #goingOn: Promise<void> | null = null
  #nextIncarnation: Uint8Array | null = null
  /** Rows of this device's own feed are gone, which what was written down reaches above: to `upTo`. `base`: what is not gone stands on that. */
  #hole: {
    readonly feed: FeedId
    readonly upTo: number
    readonly base: Start | null
    readonly held: Base
  } | null = null
  #nextMend: (() => void) | null = null
  #nextLook: (() => void) | null = null
  #nextDay: (() => void) | null = null
  #secondWord: Pick<HandedOver, 'check' | 'against'> = ALONE
  #secondAsked = 0
  /** Welcomes that `#base` is made of, as they came, the newest last. */
  #welcomes: readonly Uint8Array[] = []
  /** What the feeds and documents in memory stand on, while another base is being read. */
  #beganFrom: Start | null = null

  private constructor(of: {
    readonly row: SpaceRow
    readonly above?: Above
    readonly ledger: Ledger
    readonly storage: Storage
    readonly clock: Clock
    readonly random: Random
  }) {
    this.row = of.row
    this.coll = of.ledger.coll
    this.own = of.row.own
    this.ledger = of.ledger
    this.#storage = of.storage
    this.#above = of.above ?? null
    this.#saver = new Saver(of.storage, of.clock)
    this.#random = of.random
    this.#clock = of.clock
    this.keyring = new Keyring(this.coll)
    this.kem = new KemKeys({ coll: this.coll, own: this.own, storage: of.storage })
    this.#calendar = new Calendar(this.coll)
    this.#past = new Past(this.coll, (checkpoint) => this.#wentOn.has(checkpoint))
    this.#intake = new Intake(this.coll)
    this.packs = new Packs(of.storage, this.coll)
    this.documents = new Documents((docs) => this.#append(docs), of)
    this.#feeds = new Feeds({ ledger: this.ledger, keys: this.keyring })
    this.checkpoints = new Checkpoints({
      coll: this.coll,
      device: this.own.id,
      ledger: this.ledger,
      keyring: this.keyring,
      packs: this.packs,
      storage: of.storage,
      clock: of.clock,
      feeds: () => this.#feeds,
      base: () => this.#base,
      docs: () => this.#docsForOthers(),
      flush: () => this.documents.flush(),
      act: (about) =>
        this.act(
          typeof about === 'string'
            ? { type: 'cosign', checkpoint: about }
            : { type: 'checkpoint', attachment: about },
        ),
      save: (writes) => this.#saver.save(writes),
      onDisk: () => this.#saver.settled(),
      settle: (settled, how) => this.#settle(settled, how),
      held: () => this.#settled?.checkpoint ?? null,
      partsHeld: () => this.#partsHeld,
      ask: () => this.#tell((events) => events.holdingsMoved?.()),
    })
    this.#debts = new Debts({
      ledger: this.ledger,
      keyring: this.keyring,
      calendar: this.#calendar,
      save: (writes) => this.#saver.save(writes),
      device: this.own.id,
      clock: of.clock,
      random: of.random,
      state: () => this.state,
      isActive: () => this.mayAct(),
      act: (act) => this.act(act),
      mayCarryOut: (proposal) => mayCarryOut(this.state, this.documents.doc.read(), proposal),
      rotate: () => this.rotate(),
      missingBoxes: () => [...this.missingBoxes(), ...this.#lostGrants()],
      epochsInUse: () => this.#feeds.epochsInUse(),
    })
  }

  /** Takes part in a collective for the first time: as its founder, or newly admitted. `entries`: its ledger, genesis first. */
  static async begin(of: {
    readonly row: SpaceRow
    readonly entries: readonly Uint8Array[]
    /** For a circle: what the collective around it says. */
    readonly above?: Above
    readonly storage: Storage
    readonly clock: Clock
    readonly random: Random
  }): Promise<Result<Replica, StorageFailed | { readonly type: 'BadLedger' }>> {
    const [genesis, ...rest] = of.entries
    const pin = of.row.pin ?? null
    const ledger = genesis ? createLedger(genesis, pin, of.above) : null
    if (!ledger?.ok || ledger.value.coll !== of.row.coll) return err({ type: 'BadLedger' })
    const report = ledger.value.add(rest)
    // Not final by those who follow from the genesis: this is another past than the one the words spoke of.
    if (pin && !ledger.value.state().finals.includes(pin)) return err({ type: 'BadLedger' })
    const replica = new Replica({ ...of, ledger: ledger.value })
    const wires = [genesis!, ...report.added.map(({ wire }) => wire)]
    replica.#saver.save([
      { table: 'meta', key: spaceKey(of.row.coll), value: encodeSpaceRow(of.row) },
      ...wires.map((wire) => replica.#ledgerWrite(wire)),
    ])
    await replica.settled()
    if (replica.saving.read() === 'failed') {
      replica.close()
      return err({ type: 'StorageFailed' })
    }
    await replica.checkpoints.restore()
    replica.#registerFeed()
    replica.#ledgerChanged()
    replica.#lookDaily()
    await replica.settled()
    return ok(replica)
  }

  /** Reads a collective back from the vault. */
  static async restore(of: {
    readonly row: SpaceRow
    readonly above?: Above
    readonly storage: Storage
    readonly clock: Clock
    readonly random: Random
  }): Promise<Result<Replica, StorageFailed | { readonly type: 'BadLedger' }>> {
    const storage = readAhead(of.storage, readFirst(of.row.coll))
    const rows = await storage.all('ledger', `${of.row.coll}/`)
    if (!rows.ok) return rows
    const wires = rows.value.rows.map(([, wire]) => wire)
    const ledger = restoreLedger(wires, of.row.pin ?? null, of.above)
    if (ledger?.coll !== of.row.coll) return err({ type: 'BadLedger' })
    const replica = new Replica({ ...of, storage, ledger })
    replica.#ledgerRows = wires.length
    await replica.keyring.restore(storage, (epoch, key) => isKeyOf(replica.ledger, epoch, key))
    await replica.kem.restore()
    await replica.#calendar.restore(storage, of.clock.now())
    await replica.#past.restore(storage)
    await replica.#intake.restore(storage)
    replica.#lookDaily()
    await replica.#recallRestored()
    void replica.#writeLostAgainSoon()
    if (await replica.#startFromRow()) {
      replica.#whole = replica.#proveStart()
      return ok(replica)
    }
    await replica.checkpoints.restore()
    replica.#base = await replica.#restoreBase()
    await replica.#restoreRecords()
    await replica.#restoreOwnHead()
    await replica.#holdOnce()
    await replica.#letGoOfThePast()
    replica.checkpoints.tidy()
    replica.#ledgerChanged()
    await replica.#goingOn
    replica.#keepStartSoon()
    return ok(replica)
  }

  /** Anything above may have changed. */
  get changed(): Watched<number> {
    return this.#changed
  }

  get saving(): Watched<'saved' | 'saving' | 'failed'> {
    return this.#saver.state
  }

  get feeds(): Feeds {
    return this.#feeds
  }

  get feed(): FeedId | null {
    return this.#feed
  }

  get state(): LedgerState {
    return this.ledger.state()
  }

  /** By whom the content this device started from was handed over, when it joined. */
  get welcomedBy(): DeviceId | null {
    return this.#base?.by ?? null
  }

  on(events: Partial<ReplicaEvents>): () => void {
    this.#events.add(events)
    return () => void this.#events.delete(events)
  }

  standing(): 'active' | 'suspended' | 'revoked' | 'retired' | 'waiting' {
    return this.state.devices.get(this.own.id)?.standing ?? 'waiting'
  }

  /** Whether the collective has gone on to rules this program does not know: here it is only read. Spec: ledger.md §12. */
  get outdated(): boolean {
    return rulesAreAhead(this.state)
  }

  /**
   * Whether this device began again from a copy and has not yet heard from others what it signed since that was made: until
   * then here it is only read. Spec: backup.md §5.
   */
  get awaitsOthers(): boolean {
    return this.#afterRestore !== null
  }

  /** Changes this device signed that neither its disk nor anybody met since has given back. */
  get lost(): number {
    return [...this.#signed].reduce(
      (sum, [feed, next]) => sum + Math.max(0, next - this.#feeds.nextSeq(feed)),
      0,
    )
  }

  /**
   * Whether somebody else signs as this device: it never began from a copy, and was shown an act of its own that it did not
   * sign. Of one that did, such an act may be from before.
   */
  get isCopied(): boolean {
    return this.#copyState === 'copied'
  }

  /** `greeting`: the heads this peer named before it was told anything. All that it holds of the ledger is here by now. */
  heardFrom(peer: DeviceId, greeting: readonly EntryId[]): void {
    this.#afterRestore?.heard(peer, greeting)
    this.#goOnIfHeard()
  }

  /** Whether this device may sign acts: it belongs, is not suspended, knows the rules, and knows what it signed before. */
  mayAct(): boolean {
    return this.standing() === 'active' && !this.outdated && !this.awaitsOthers
  }

  // ── acting ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Signs an act of this device, keeps it and tells everybody. Throws when {@link outdated} or {@link awaitsOthers}: whoever calls has looked. */
  act(act: Act): EntryId {
    this.#mustKnowWhere()
    const entry = createEntry({ ledger: this.ledger, own: this.own, act })
    this.#keepOwn(entry.wire)
    return entry.id
  }

  /** A new epoch for whoever is active now. */
  rotate(): EpochId {
    this.#mustKnowWhere()
    const { entry, key, boxes } = createRotate({ ledger: this.ledger, own: this.own })
    const epoch = entry.id as EpochId
    const bytes = encodeBoxSet(boxes)
    this.#saver.save([
      this.keyring.add(epoch, key),
      { table: 'boxes', key: boxesKey(this.coll, epoch), value: bytes },
    ])
    this.#keepOwn(entry.wire)
    this.#keysChanged()
    // Behind the act itself: boxes of an epoch nobody has heard of are not taken in.
    this.#saver.save([], () => this.#tell((events) => events.rotated?.(epoch, bytes)))
    if (this.state.kind !== 'notebook') this.#rekey()
    return epoch
  }

  /** Suspends a device where its feeds stand here, and rotates in the same breath. Spec: keys.md §5. */
  suspend(device: DeviceId, reason: SuspendReason): EntryId {
    this.documents.flush()
    const frontier = suspendedWith(this.state, device).flatMap((one) => this.#feeds.frontierOf(one))
    const id = this.act({ type: 'suspend', device, frontier, reason, evidence: null })
    this.rotate()
    return id
  }

  /**
   * Proposes what a majority decides. A proposal to end a device names how far its feeds stand here; it suspends it, too, so
   * a new key is made in the same breath.
   */
  propose(wish: Wish): EntryId {
    this.documents.flush()
    const id = this.act({ type: 'propose', proposal: this.#proposalOf(wish) })
    if (wish.action === 'revokeDevice' && this.mayAct()) this.rotate()
    return id
  }

  #proposalOf(wish: Wish): Proposal {
    switch (wish.action) {
      case 'revokeDevice': {
        const { action, device, annul } = wish
        const ended = suspendedWith(this.state, device)
        const frontier = ended.flatMap((one) => this.#feeds.frontierOf(one))
        return { action, device, frontier, annul: sortedIds(annul) }
      }
      case 'removeMember':
        return { action: wish.action, member: wish.member, annul: sortedIds(wish.annul) }
      case 'amendFrontier': {
        const frontier = highest(this.asideOf(wish.device).map(({ position }) => position))
        return { action: wish.action, device: wish.device, frontier }
      }
      case 'policy':
        return { action: wish.action, policy: { admit: wish.admit } }
      case 'lift':
      case 'dormant':
        return wish
    }
  }

  /** Votes for a proposal, and says how far the feeds of whom it would end are held here. */
  approve(proposal: EntryId): EntryId {
    this.documents.flush()
    return this.act({ type: 'approve', proposal, seen: this.#seenOf(proposal) })
  }

  /** This device ends here: everything it wrote until now stands. */
  retire(): EntryId {
    this.documents.flush()
    return this.act({ type: 'retire', frontier: this.#feeds.frontierOf(this.own.id) })
  }

  /** Writes what is still in the batch, and waits until everything said so far is on disk. */
  async flush(): Promise<void> {
    this.documents.flush()
    await this.settled()
  }

  async settled(): Promise<void> {
    await this.#saver.settled()
    while (this.#rekeying ?? this.#goingOn) await (this.#rekeying ?? this.#goingOn)
    await this.#saver.settled()
  }

  /** Until every record was read again after a start from what was written down. Bundles and checkpoints wait for it. */
  whole(): Promise<void> {
    return this.#whole
  }

  setAside(): readonly SetAside[] {
    return this.#feeds.setAside()
  }

  /** Changes of a device that was ended, which are here and do not count: a majority may say that they do. */
  asideOf(device: DeviceId): readonly SetAside[] {
    return this.setAside().filter((aside) => aside.device === device && aside.why === 'revoked')
  }

  /** The last changes of a device that count, as if they were set aside: for looking through. Above what is settled alone. */
  lastOf(device: DeviceId): readonly SetAside[] {
    const its = [...this.#feeds.accepted()].filter((record) => record.device === device)
    return its.slice(-LAST_EDITS).map((record) => ({ ...record, why: 'suspended' }))
  }

  close(): void {
    this.#closed = true
    this.#nextMend?.()
    this.#nextLook?.()
    this.#nextDay?.()
    this.#nextStart?.()
    this.#debts.close()
    this.#saver.close()
    this.checkpoints.close()
    this.documents.destroy()
    this.keyring.forget()
    this.kem.forget()
    forget(...(this.#partsHeld?.parts.map(({ key }) => key) ?? []))
  }

  // ── what links may carry ─────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The heads of what may travel. An act of this device is told of when it is on disk, and with it the key it speaks of:
   * else a crash could leave the others with an epoch nobody can open, or with two acts signed for one place.
   */
  ledgerHeads(): readonly EntryId[] {
    if (this.#unsaved.size === 0) return this.ledger.heads()
    const below = [...this.#unsaved].flatMap((id) => this.ledger.entry(id)?.entry.parents ?? [])
    return [...new Set([...this.ledger.heads(), ...below])].filter((id) => !this.#unsaved.has(id)).sort()
  }

  /** Of those that may travel: the heads, and some further and further below (`Ledger.marks`). */
  ledgerMarks(): readonly EntryId[] {
    const below = this.ledger.marks().filter((id) => !this.#unsaved.has(id))
    return [...new Set([...this.ledgerHeads(), ...below])]
  }

  /** Wires of all entries that may travel and are not at or below the known ones of `have`, ancestors first. */
  entriesSince(have: readonly EntryId[]): readonly Uint8Array[] {
    return this.ledger
      .since(have)
      .filter(({ id }) => !this.#unsaved.has(id))
      .map(({ wire }) => wire)
  }

  /** The same, of what lies at or below `acts` alone. */
  entriesUpTo(acts: readonly EntryId[], have: readonly EntryId[]): readonly Uint8Array[] {
    return this.ledger
      .since(have)
      .filter(({ id }) => !this.#unsaved.has(id) && this.ledger.inClosure(acts, id))
      .map(({ wire }) => wire)
  }

  /**
   * Whether all that is not at or below `have` may come to a peer a moment later. A rotation only where its maker reaches the peer
   * itself: what is written next is under its key.
   */
  mayWait(have: readonly EntryId[], reaches: (maker: DeviceId) => boolean): boolean {
    return this.ledger
      .since(have)
      .every(({ act, entry }) =>
        act?.type === 'rotate' ? reaches(entry.author) : act !== null && PATIENT.has(act.type),
      )
  }

  // ── what links bring ─────────────────────────────────────────────────────────────────────────────────────────────

  /** `from`: the device that sent them, if it is one. */
  absorbEntries(wires: readonly Uint8Array[], from?: DeviceId): void {
    this.#keepEntries(this.#above ? this.#above.admits(wires) : wires, from)
  }

  /** The collective around this circle has moved: what mirrors it is judged anew, and what waited for it is taken in. */
  aboveChanged(): void {
    const { added } = this.ledger.parentChanged()
    if (added.length > 0) this.#saver.save(added.map(({ wire }) => this.#ledgerWrite(wire)))
    this.#ledgerChanged()
  }

  /** Entries refused for ever: nothing to wait for. Bounded, oldest forgotten first. */
  isSettled(id: EntryId): boolean {
    return this.ledger.has(id) || this.#refused.has(id)
  }

  /** Devices of which more comes than is taken in at once. */
  get measured(): Watched<readonly DeviceId[]> {
    return this.#intake.devices
  }

  /**
   * Whether so many bytes of a feed, up to `seq`, have to wait where they are, because its device gave more than is taken in at once. Not
   * where another member stands upon them, who took them by the same measure; from the device itself then no more than that. Spec: feed.md §5.
   */
  mustWait({ feed, seq, bytes, from }: Coming): boolean {
    const device = this.state.feeds.get(feed)?.device
    if (!device || device === this.own.id) return false
    const isBeyond = this.#intake.isBeyond(device, this.#feeds.bytesOf(device) + bytes, this.#clock.now())
    // While it proves what it began from it has not counted what lies below.
    if (!isBeyond && !(this.#isProving && this.measured.read().includes(device))) return false
    const next = this.#feeds.nextSeq(feed)
    if (seq < next) return true
    const [member, sender] = [this.#memberOf(device), this.#memberOf(from)]
    const named = this.#namedByOthers(feed, device)
    return named < next || (seq > named && (sender === null || sender === member))
  }

  /** How far records, acts against it and checkpoints of other members name a feed of `device`, −1 for not at all. */
  #namedByOthers(feed: FeedId, device: DeviceId): number {
    const { suspensions, checkpoints, devices } = this.state
    const isOthers = ({ author }: { readonly author: DeviceId }) =>
      this.#memberOf(author) !== this.#memberOf(device)
    const frontiers = [...suspensions.values()].filter(isOthers).map(({ frontier }) => frontier)
    const { revokedBy, frontier } = devices.get(device)!
    if (revokedBy.length > 0) frontiers.push(frontier)
    const acts = frontiers.flat().filter((one) => one.feed === feed)
    const agreed = [...checkpoints.values()]
      .filter(isOthers)
      .map(({ id }) => this.checkpoints.positionsOf(id)?.get(feed))
    return Math.max(this.#feeds.awaited(feed), ...[...acts, ...agreed].map((at) => at?.seq ?? -1))
  }

  /** Of a segment that comes: the bytes that are not here yet; 0 also where it does not hold. */
  freshIn(recordWires: readonly Uint8Array[], sealWire: Uint8Array): number {
    const segment = segmentFrom(recordWires, sealWire)
    if (!segment || !checkSegment(segment, this.state).ok) return 0
    return segment.records
      .filter(({ id, pub }) => !this.#feeds.holds({ feed: pub.feed, seq: pub.seq, rec: id }))
      .reduce((sum, { wire }) => sum + wire.length, 0)
  }

  /** More came of the device that writes `feed` than is taken in at once. */
  noteMeasured(feed: FeedId): void {
    this.#saver.save(this.#intake.note(this.state.feeds.get(feed)!.device, this.#clock.now()))
  }

  absorbSegment(recordWires: readonly Uint8Array[], sealWire: Uint8Array): boolean {
    const segment = segmentFrom(recordWires, sealWire)
    const offered = segment && this.#feeds.offer(segment)
    if (!offered?.ok) return false
    // What waited for this segment comes with it: the seal at its end is not always the one offered.
    const { fresh, seal: last, partsBelow } = offered.value
    if (fresh.length === 0) {
      // It waits for what comes before it: somebody is to hear of that, if it does not come.
      if (this.#feeds.missingFrom().includes(segment!.feed)) this.#touch()
      return true
    }
    this.#keepStartSoon()
    this.#meanwhile?.push({ feed: last.feed, records: fresh, seal: last })
    this.#saveRun({ records: fresh, seal: last })
    if (partsBelow && this.#base?.by) void this.#rebase('documentsStand')
    else this.#apply()
    // Under one that is void since: not all who belong may have its key.
    if (fresh.some(({ pub }) => this.state.epochs.get(pub.epoch)?.void)) this.#debts.look()
    this.checkpoints.lookIfLacking()
    this.#tell((events) => events.holdingsMoved?.())
    return true
  }

  /** Which feed a record claims, without opening it. */
  feedOfRecord(wire: Uint8Array): FeedId | null {
    const record = parseRecord(wire)
    return record.ok ? record.value.pub.feed : null
  }

  /** How far a feed goes by the word of a seal, unverified. */
  headOfSeal(wire: Uint8Array): { readonly feed: FeedId; readonly seq: number } | null {
    const seal = parseFeedSeal(wire)
    return seal.ok ? { feed: seal.value.feed, seq: seal.value.seq } : null
  }

  absorbBoxes(epoch: EpochId, bytes: Uint8Array): void {
    const state = this.state.epochs.get(epoch)
    if (!state || this.keyring.has(epoch) || this.#isPast(epoch)) return
    const boxes = parseBoxSet(bytes)
    if (!boxes.ok || !verifyBoxSet(state, boxes.value)) return
    this.#saver.save([{ table: 'boxes', key: boxesKey(this.coll, epoch), value: bytes }])
    if (state.recipients.includes(this.own.id)) this.#openBox(epoch, boxes.value)
  }

  /** Whether these are all the boxes of an epoch that is known here, whoever hands them over. */
  areBoxesOf(epoch: EpochId, bytes: Uint8Array): boolean {
    const [state, boxes] = [this.state.epochs.get(epoch), parseBoxSet(bytes)]
    return state !== undefined && boxes.ok && verifyBoxSet(state, boxes.value)
  }

  /** This device's own box of an epoch that has many, with the hashes that lead from it to the root. */
  absorbBox(epoch: EpochId, bytes: Uint8Array, path: readonly Uint8Array[]): void {
    const state = this.state.epochs.get(epoch)
    if (!state || this.keyring.has(epoch) || this.#isPast(epoch)) return
    const box = parseBox(bytes)
    if (!box.ok || box.value.device !== this.own.id || !verifyBox(state, box.value, path)) return
    this.#openBox(epoch, [box.value])
  }

  #openBox(epoch: EpochId, boxes: BoxSet): void {
    const opened = this.#openWithAnyKey((own) => openBox({ ledger: this.ledger, own, epoch, boxes }))
    if (opened.ok) return this.#learnKey(epoch, opened.value)
    if (opened.error.type === 'NotForMe' || this.#badBoxes.has(epoch)) return
    // A key made after the copy this device began from: nobody did wrong, and it is asked for as one that never came.
    if (this.outdated || this.awaitsOthers || this.#hasLostKeyOf(epoch)) return
    this.#badBoxes.add(epoch)
    const reason = opened.error.type === 'BadCommit' ? 'badCommit' : 'badBox'
    // Said before the last start, it stands.
    const isSaid = this.state.complaints.some(
      (one) => one.author === this.own.id && one.epoch === epoch && one.reason === reason,
    )
    if (!isSaid) this.act({ type: 'complain', epoch, reason })
  }

  /** Epochs whose key was handed over for a key of this device that it does not have any more. */
  #lostGrants(): readonly EpochId[] {
    const granted = this.state.grants.filter(({ device }) => device === this.own.id)
    return [...new Set(granted.flatMap(({ epochs }) => epochs))].filter(
      (epoch) =>
        this.state.epochs.has(epoch) &&
        !this.state.epochs.get(epoch)!.recipients.includes(this.own.id) &&
        !this.keyring.has(epoch) &&
        !this.#isPast(epoch),
    )
  }

  /** Whether what was boxed for this device in `epoch` was boxed for a key that it does not have any more. */
  #hasLostKeyOf(epoch: EpochId): boolean {
    const parents = this.ledger.entry(epoch)?.entry.parents ?? []
    const boxedFor = this.ledger.stateOf(parents).devices.get(this.own.id)?.kemPk
    return !!boxedFor && ![...this.kem.holders()].some(({ device }) => equalBytes(device.kemPk, boxedFor))
  }

  async boxes(epoch: EpochId): Promise<Uint8Array | null> {
    const row = await this.#storage.get('boxes', boxesKey(this.coll, epoch))
    return row.ok ? row.value : null
  }

  /** What `device` needs of the boxes of an epoch: all, while they are few; of many, its own and the way to the root. */
  async boxesFor(epoch: EpochId, device: DeviceId): Promise<SyncMessage | null> {
    const all = await this.boxes(epoch)
    const set = all ? parseBoxSet(all) : null
    if (!all || !set?.ok) return null
    if (set.value.length <= FEW_BOXES) return { type: 'boxes', epoch, boxes: all }
    const index = set.value.findIndex((box) => box.device === device)
    const box = set.value[index]
    return box ? { type: 'box', epoch, box: encodeBox(box), path: boxPath(set.value, index) } : null
  }

  missingBoxes(): readonly EpochId[] {
    return [...this.state.epochs.values()]
      .filter(
        ({ id, recipients }) =>
          recipients.includes(this.own.id) &&
          !this.keyring.has(id) &&
          !this.#badBoxes.has(id) &&
          !this.#isPast(id),
      )
      .map(({ id }) => id)
  }

  /** A newcomer without a base: nothing can be read before there is one. */
  needsWelcome(): boolean {
    return this.row.newcomer && this.standing() === 'active' && !this.#base
  }

  /**
   * What a welcome would bring, if one would help: the first, or a newer one, because others wrote under keys older than
   * this device’s admission meanwhile, because the first held what does not count, or because what it does not hold was
   * settled and let go of. The same name as long as the same is lacking.
   */
  lacking(): string | null {
    if (this.#isProving) return null
    if (this.needsWelcome()) return 'everything'
    if (!this.row.newcomer || this.standing() !== 'active') return null
    const epochs = this.#feeds.missingEpochs().filter((epoch) => !this.#mayHold(epoch))
    const stale = this.#handedTooMuch()
    const settled = this.checkpoints.outOfReach()
    if (epochs.length === 0 && stale.length === 0 && !settled) return null
    const { keys, deps, gaps } = this.#feeds.waiting()
    const beside = settled && deps + gaps > 0 ? [settled] : []
    if (epochs.length + stale.length + beside.length === 0) return null
    return [...epochs.sort(), keys, ...stale, ...beside].join()
  }

  /** The state of every document as it stands here, for a newcomer’s device; `null` when this device cannot give it. */
  welcome(to: DeviceId): Uint8Array | null {
    this.documents.flush()
    const epoch = writeEpoch(this.state, (id) => this.keyring.has(id))
    const key = epoch && this.keyring.key(epoch)
    if (!epoch || !key || this.standing() !== 'active' || (this.row.newcomer && !this.#beganFrom)) return null
    return createWelcome({
      coll: this.coll,
      own: this.own,
      epoch,
      key,
      // What this device was handed too much itself counts by what was known then, and by no more. Another base may be on its way.
      parents: this.#tooMuchIn(this.#beganFrom).length > 0 ? this.#beganFrom!.parents! : this.ledger.heads(),
      base: this.#feeds.baseNow(),
      docs: this.#mayHaveClosed(to) ? this.#docsForOthers() : withoutClosed(this.#docsForOthers()),
    })
  }

  /** What was over before somebody came is theirs from the agreement on that counts their voice, which more than two thirds sign. */
  #mayHaveClosed(device: DeviceId): boolean {
    const member = this.#memberOf(device)
    return member !== null && this.state.members.get(member)?.votes === true
  }

  /** A part of a checkpoint, if this device may have it. */
  partFor(digest: Uint8Array, device: DeviceId): Uint8Array | null {
    const isHeldBack = !this.#mayHaveClosed(device) && this.checkpoints.isClosedPart(digest)
    return isHeldBack ? null : this.checkpoints.blob(digest)
  }

  /**
   * The same, once everything in it is on disk. Else a crash could leave a newcomer with a record that nobody has and all
   * that it writes stands upon. `null` also while the disk takes nothing.
   */
  async welcomeOnDisk(to: DeviceId): Promise<Uint8Array | null> {
    await this.flush()
    // Made only now, and so sent in the same breath: what is said of it later on this link must not overtake it.
    return this.#saver.state.read() === 'saved' ? this.welcome(to) : null
  }

  /** What counts, and nothing else: this device may show its owner work that is set aside, or that is not signed yet. */
  #docsForOthers(): ReadonlyMap<DocId, Uint8Array> {
    const showsMore =
      this.#stranded.length > 0 ||
      this.#salvage !== null ||
      this.setAside().some(({ device }) => device === this.own.id)
    return showsMore
      ? Documents.statesOf(this.#beganFrom?.docs ?? null, this.#feeds.accepted())
      : this.documents.states()
  }

  /**
   * What this device began from was handed over by one member: whether another, asked once everything else is here, holds
   * the same, until a final checkpoint takes its place; `null`: nothing was handed over. Spec: feed.md §8.
   */
  get handedOver(): HandedOver | null {
    const by = this.#base?.by
    return by ? { by: this.#memberOf(by), ...this.#secondWord } : null
  }

  /** Whether this peer’s welcome would be another member’s word on what was handed over; if so, a name for the question. */
  secondWordFrom(peer: DeviceId): string | null {
    const handed = this.handedOver
    if (handed?.check !== 'alone' || this.#secondAsked >= MOST_SECOND_WORDS || this.lacking() !== null)
      return null
    return this.#memberOf(peer) === handed.by ? null : `second word ${this.#secondAsked}`
  }

  /**
   * Another member’s welcome beside the one this device began from. They can be compared when both speak of the same
   * records: then every part of every document must be the same.
   */
  #compareWelcomes(wire: Uint8Array): void {
    const handed = this.handedOver
    const opened =
      handed?.check === 'alone' ? openWelcome(wire, this.ledger, (epoch) => this.keyring.key(epoch)) : null
    if (!opened?.ok || this.#memberOf(opened.value.by) === handed!.by) return
    this.documents.flush()
    this.#secondAsked += 1
    const [mine, theirs] = [this.#feeds.baseNow(), opened.value.base]
    const isAtOnePlace =
      mine.size === theirs.size &&
      [...mine].every(
        ([feed, { seq, rec }]) => theirs.get(feed)?.seq === seq && theirs.get(feed)?.rec === rec,
      )
    if (!isAtOnePlace) return
    const docs = this.#docsForOthers()
    const isSame =
      docs.size === opened.value.docs.size &&
      [...docs].every(([doc, state]) => isSameState(state, opened.value.docs.get(doc)))
    this.#secondWord = { check: isSame ? 'same' : 'differs', against: this.#memberOf(opened.value.by) }
    this.#touch()
  }

  #memberOf(device: DeviceId): MemberId | null {
    return this.state.devices.get(device)?.member ?? null
  }

  /** `holds`: how far whoever sent it holds a feed, −1 for not at all. */
  absorbWelcome(wire: Uint8Array, holds: (feed: FeedId) => number = () => -1): void {
    if (this.lacking() === null) return this.#compareWelcomes(wire)
    const opened = openWelcome(wire, this.ledger, (epoch) => this.keyring.key(epoch))
    if (!opened.ok) return
    if (!this.#base || this.#isBetter(opened.value, holds)) this.#beginFrom(opened.value, [wire])
    else this.#beginFromBoth(opened.value, wire)
  }

  /** Whoever gave the one could not read what the other holds, and nobody may be left who can read both. */
  #beginFromBoth(second: Welcome, wire: Uint8Array): void {
    const { base, docs, parents, under = [] } = this.#base!
    if (!parents || [...this.#handedTooMuch(), ...handedTooMuch(second, this.ledger)].length > 0) return
    const both = handedBeside({ base, docs, parents, under }, second, this.ledger)
    if (both) this.#beginFrom(both, [...this.#welcomes, wire])
  }

  #beginFrom(welcome: Together, wires: readonly Uint8Array[]): void {
    const beside = encodeBeside(wires.slice(0, -1))
    if (!beside) return
    this.#saver.save([
      { table: 'snapshots', key: baseKey(this.coll), value: wires.at(-1)! },
      { table: 'snapshots', key: besideKey(this.coll), value: wires.length > 1 ? beside : null },
    ])
    this.#welcomes = wires
    this.#base = welcome
    this.#secondWord = ALONE
    this.#secondAsked = 0
    this.#voidStart()
    void this.#rebase('documentsAnew')
  }

  // ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #mustKnowWhere(): void {
    if (this.outdated) throw new Error('this collective follows newer rules: nothing may be signed here')
    if (this.awaitsOthers)
      throw new Error('restored from a copy: nothing may be signed before others were heard')
  }

  #keepEntries(wires: readonly Uint8Array[], from?: DeviceId): void {
    this.#flushBefore(wires)
    const report = this.ledger.add(wires, from)
    if (this.#copyState === 'none' && report.added.some(({ entry }) => entry.author === this.own.id)) {
      this.#copyState = 'copied'
      const value = encodeRestored('copied')
      this.#saver.save([{ table: 'meta', key: restoredKey(this.coll), value }])
    }
    this.#keep(report)
  }

  #keepOwn(wire: Uint8Array): void {
    this.#flushBefore([wire])
    this.#keep(this.ledger.addOwn(wire))
  }

  /** What was typed before the collective went on to newer rules is signed while this device may. */
  #flushBefore(wires: readonly Uint8Array[]): void {
    if (this.documents.waiting.read() > 0 && mayRaiseRules(this.ledger, wires)) this.documents.flush()
  }

  #keep(report: AddReport): void {
    for (const { id, type } of report.refused) {
      // A forged signature says nothing about the entry it was put on: the genuine one may still come.
      if (id && type !== 'BadSignature') this.#refused.add(id)
      if (this.#refused.size > 10_000) this.#refused.delete(this.#refused.values().next().value!)
    }
    if (report.added.length === 0) return
    const mine = report.added.filter(({ entry }) => entry.author === this.own.id).map(({ id }) => id)
    for (const id of mine) this.#unsaved.add(id)
    this.#saver.save(
      report.added.map(({ wire }) => this.#ledgerWrite(wire)),
      mine.length > 0 ? () => this.#nowOnDisk(mine) : undefined,
    )
    this.#ledgerChanged()
  }

  #nowOnDisk(acts: readonly EntryId[]): void {
    for (const id of acts) this.#unsaved.delete(id)
    this.#tell((events) => events.ledgerMoved?.())
  }

  #ledgerChanged(): void {
    this.#openGrants()
    this.#registerFeed()
    this.#goOnIfHeard()
    this.#debts.look()
    this.#lookAtKem()
    this.#feeds.ledgerChanged()
    this.#apply()
    this.checkpoints.look()
    this.#tell((events) => events.ledgerMoved?.())
    this.#touch()
  }

  #keysChanged(): void {
    this.#feeds.keysChanged()
    this.#apply()
    this.checkpoints.lookIfLacking()
    this.#touch()
  }

  #learnKey(epoch: EpochId, key: SecretKey): void {
    this.#saver.save([this.keyring.add(epoch, key)])
    this.#keysChanged()
    this.#tell((events) => events.ledgerMoved?.())
  }

  /** Boxes and grants are made for the key that was in use where they were made: each is tried, the newest first. */
  #openWithAnyKey<T, E extends { readonly type: string }>(
    open: (own: OwnDevice) => Result<T, E>,
  ): Result<T, E> {
    let opened: Result<T, E> | null = null
    for (const own of this.kem.holders()) {
      opened = open(own)
      // Any other answer is about the box itself, not about the key it was tried with.
      if (opened.ok || (opened.error.type !== 'BadBox' && opened.error.type !== 'OpenFailed')) break
    }
    return opened ?? open(this.own)
  }

  /**
   * A new KEM key with each rotation of this device’s own, and once a month: whoever copied the phone before cannot open
   * what is boxed from then on. It and the act that tells of it are on disk before anybody hears of either.
   */
  #rekey(): void {
    this.#rekeying ??= this.#makeKey().finally(() => (this.#rekeying = null))
  }

  /** A key a month old is replaced; secrets of keys everybody has taken note of for good are let go. */
  #lookAtKem(): void {
    if (!this.mayAct() || this.state.kind === 'notebook') return
    const now = this.#clock.now()
    // Keys grow old also where nothing else happens.
    this.#nextLook ??= this.#clock.after(DAY_MS, () => {
      this.#nextLook = null
      if (!this.#closed) this.#lookAtKem()
    })
    if (now - (this.kem.newestAt ?? this.#calendar.since ?? now) >= KEPT_MS) this.#rekey()
    const { pin } = this.ledger
    const isFinal = (kemPk: KemPublic) =>
      pin !== null &&
      this.ledger
        .entriesOf(this.own.id)
        .some(
          ({ id, act }) =>
            act?.type === 'rekey' && equalBytes(act.kemPk, kemPk) && this.ledger.isBelow(id, pin),
        )
    const inUse = this.state.devices.get(this.own.id)!.kemPk
    void this.kem.tidy(now, { isFinal, inUse }).then(() => {
      if (!this.kem.firstIsGone || this.own.kemSk.every((byte) => byte === 0)) return
      forget(this.own.kemSk)
      this.#saver.save([{ table: 'meta', key: spaceKey(this.coll), value: encodeSpaceRow(this.row) }])
    })
  }

  async #makeKey(): Promise<void> {
    const kemPk = await this.kem.make(this.#clock.now())
    if (!kemPk || this.#closed || !this.mayAct()) return
    const entry = createEntry({ ledger: this.ledger, own: this.own, act: { type: 'rekey', kemPk } })
    const committed = await this.#storage.commit([this.#ledgerWrite(entry.wire)])
    if (committed.ok && !this.#closed) this.#keepOwn(entry.wire)
  }

  /**
   * Grants stay in the ledger for good, so what was let go of is not taken out of them again; and each is tried once: a secret
   * made later opens none of those made before.
   */
  #openGrants(): void {
    const isLacking = (epoch: EpochId) => !this.keyring.has(epoch) && !this.#isPast(epoch)
    for (const grant of this.state.grants) {
      if (grant.device !== this.own.id || this.#triedGrants.has(grant.id)) continue
      if (!grant.epochs.some(isLacking)) continue
      this.#triedGrants.add(grant.id)
      const opened = this.#openWithAnyKey((own) => openGrant({ ledger: this.ledger, own, grant }))
      if (!opened.ok) continue
      for (const [epoch, key] of opened.value) if (isLacking(epoch)) this.#learnKey(epoch, key)
      // What opened it is to be gone no later than the keys in it.
      if (this.mayAct() && this.state.kind !== 'notebook') this.#rekey()
    }
  }

  /** A feed of its own, as soon as this device belongs. */
  #registerFeed(): void {
    // Where it ended is what others have to say.
    if (this.awaitsOthers) return
    const mine = [...this.state.feeds.values()].filter(({ device }) => device === this.own.id)
    const feed = mine.find(({ id }) => id === this.#feed) ?? mine[0]
    if (feed) {
      if (this.#feed === feed.id) return
      this.#feed = feed.id
      this.documents.setClient(feed.yClient)
      return
    }
    if (!this.mayAct()) return
    const incarnation = this.#random.bytes(16)
    this.act({ type: 'feed', feed: feedIdOf(this.coll, this.own.id, incarnation), incarnation })
  }

  /**
   * A newer base must take nothing away, unless what there is is too much: then all that its maker holds and left out, because it
   * stands on that. Otherwise whoever lacks a key themselves would take from others what they cannot read.
   */
  #isBetter(offered: Handed, holds: (feed: FeedId) => number): boolean {
    const stale = this.#handedTooMuch()
    return (
      handedTooMuch(offered, this.ledger).length === 0 &&
      [...this.#base!.base].every(
        ([feed, { seq }]) =>
          (offered.base.get(feed)?.seq ?? -1) >= seq ||
          stale.includes(feed) ||
          (stale.length > 0 && holds(feed) >= seq),
      )
    )
  }

  /** Beyond a cut; or a branch of a copied phone that does not stand, which whoever handed it over did not know of. */
  #handedTooMuch(): readonly FeedId[] {
    return this.#tooMuchIn(this.#base)
  }

  #tooMuchIn(base: Handed | null): readonly FeedId[] {
    if (!base?.parents) return []
    return [...new Set([...handedTooMuch(base, this.ledger), ...this.#feeds.fallenBelow()])]
  }

  #mayHold(epoch: EpochId): boolean {
    return this.state.epochs.get(epoch)?.recipients.includes(this.own.id) ?? false
  }

  #append(docs: readonly { readonly doc: DocId; readonly update: Uint8Array }[]): void {
    const updates = docs.map(({ update }) => update)
    if (this.#salvage) return void this.#salvage.push(...updates)
    if (this.outdated || this.awaitsOthers) return this.#strand(updates)
    // Of what is written in now: another base may be on its way.
    const tooMuch = this.#tooMuchIn(this.#beganFrom)
    const appended = this.#feeds.append({
      own: this.own,
      docs,
      tooMuch,
      signed: this.#signed,
      ...(this.#feed && { feed: this.#feed }),
    })
    if (!appended.ok) return this.#cannotAppend(appended.error.type, updates)
    const { record, seal } = appended.value
    this.#meanwhile?.push({ feed: seal.feed, records: [record], seal })
    this.#typed.add(record.id)
    this.#salvages = 0
    this.#keepStartSoon()
    const { feed, seq } = record.pub
    this.#signed.set(feed, seq + 1)
    const head = encodeOwnHead({ feed, next: seq + 1 })
    this.#saveRun(
      { records: [record], seal },
      [{ table: 'heads', key: headKey(this.coll), value: head }],
      () => {
        this.#tell((events) => events.wrote?.(record, seal))
        this.#tell((events) => events.holdingsMoved?.())
      },
    )
    this.#touch()
  }

  #saveRun(run: Run, beside: readonly Write[] = [], then?: () => void): void {
    this.#unsavedRuns.add(run)
    this.#saver.save([this.packs.add(run.records, run.seal), ...beside], () => {
      this.#unsavedRuns.delete(run)
      then?.()
    })
  }

  /** Written before there was a key or a feed to write under, or past the rules known here: kept, and appended as soon as there is. */
  readonly #stranded: Uint8Array[] = []
  /** Written onto a feed that has ended, or not to be carried: brought back by hand, as new edits, once the document is anew. */
  #salvage: Uint8Array[] | null = null
  #salvages = 0
  /** Records written from the document in memory, until they are accepted. */
  readonly #typed = new Set<RecId>()
  /** Whether the document shows all that this device wrote; else it keeps the places of what stands on something that is not here. */
  #isMineWhole = true

  #strand(updates: readonly Uint8Array[]): void {
    this.#stranded.push(...updates)
    this.#saver.wait(this.#stranded.length > 0)
  }

  #cannotAppend(why: CannotAppend['type'], updates: readonly Uint8Array[]): void {
    if (why === 'NoFeed' || why === 'NoEpoch' || why === 'NotReady') return this.#strand(updates)
    this.#salvage = [...updates]
    queueMicrotask(() => this.#startAfresh(why))
  }

  /**
   * This feed has ended (somebody else wrote under it: a copy of this device) or an edit cannot be carried. The document
   * is built anew from what is accepted, a new incarnation begins where the old one ended, and what the person wrote last
   * is written again as their own edit.
   */
  #startAfresh(why: CannotAppend['type']): void {
    if (this.#closed) return
    this.#salvages += 1
    if (why === 'FeedClosed') this.#newIncarnation()
    this.#buildAnew()
    const late = this.#salvage ?? []
    this.#salvage = null
    // Once is a copied phone or an edit too large to carry; again and again is our own fault, and not worth a loop.
    if (this.#salvages > 3) return this.#saver.giveUp()
    const doc = this.documents.doc.read()
    bringBack(doc, rescuable(doc, late))
  }

  /**
   * What another device says it holds of this one's own feed, where rows of that are gone here. Whoever has it all hands it on.
   * If for a while nobody has, everything this device writes would wait for ever at the others for what it was written upon.
   */
  heardOfOwn(heads: readonly { readonly feed: FeedId; readonly seq: number }[]): void {
    const hole = this.#hole
    if (!hole) return
    if (heads.some(({ feed, seq }) => feed === hole.feed && seq >= hole.upTo)) {
      this.#hole = null
      this.#nextMend?.()
    } else this.#nextMend ??= this.#clock.after(MEND_MS, () => void this.#mend())
  }

  /** Begins again from what is still in rows, in a new incarnation. What only the page showed is kept, and written again soon. */
  async #mend(): Promise<void> {
    const hole = this.#hole
    this.#nextMend = null
    if (!hole || this.#closed || !this.mayAct()) return
    this.#hole = null
    this.documents.flush()
    const lost = lostIn(this.documents.doc.read(), hole.feed, hole.held.get(hole.feed))
    this.#saver.save([{ table: 'snapshots', key: lostKey(this.coll), value: encodeLost(lost) }])
    this.#base = hole.base
    await this.#rebase('documentsAnew')
    if (this.#closed) return
    this.#newIncarnation()
    await this.#writeLostAgainSoon()
  }

  async #writeLostAgainSoon(): Promise<void> {
    await this.#saver.settled()
    const row = await this.#storage.get('snapshots', lostKey(this.coll))
    const lost = row.ok && row.value ? parseLost(row.value) : null
    if (!lost || this.#closed) return
    this.#nextMend = this.#clock.after(MEND_MS, () => {
      this.#nextMend = null
      if (this.#closed || !this.mayAct()) return
      writeAgain(this.documents.doc.read(), lost)
      this.documents.flush()
      if (this.#stranded.length > 0) return
      this.#saver.save([{ table: 'snapshots', key: lostKey(this.coll), value: null }])
    })
  }

  #newIncarnation(incarnation = this.#random.bytes(16)): void {
    if (this.outdated || this.awaitsOthers) return
    const feed = feedIdOf(this.coll, this.own.id, incarnation)
    this.#feed = feed
    this.act({ type: 'feed', feed, incarnation })
    const registered = this.state.feeds.get(feed)
    if (registered) this.documents.setClient(registered.yClient)
  }

  // ── after a copy ─────────────────────────────────────────────────────────────────────────────────────────────────

  async #recallRestored(): Promise<void> {
    const row = await this.#storage.get('meta', restoredKey(this.coll))
    // Better one feed too many than one place used twice.
    this.#copyState = row.ok ? parseRestored(row.value) : 'waits'
    if (this.#copyState !== 'waits') return
    this.#afterRestore = new AfterRestore(this.ledger, this.own.id)
    // Drawn now: what is typed meanwhile is already of the feed it will be written in.
    this.#nextIncarnation = this.#random.bytes(16)
    this.documents.setClient(yClientOf(feedIdOf(this.coll, this.own.id, this.#nextIncarnation)))
  }

  /** In a notebook there is nobody else who could know. */
  #goOnIfHeard(): void {
    if (!this.#afterRestore || this.#goingOn || this.standing() !== 'active' || this.outdated) return
    if (!this.#afterRestore.isEnough && this.state.kind !== 'notebook') return
    this.#goingOn = this.#goOn().finally(() => (this.#goingOn = null))
  }

  /**
   * Writes under a new incarnation, with a new key: of its old ones the newest may be lost. That it has gone on is written down
   * behind both, so that wherever it stops in between it begins with that again.
   */
  async #goOn(): Promise<void> {
    const isAlone = this.state.kind === 'notebook'
    const kemPk = isAlone ? null : await this.kem.make(this.#clock.now())
    if (this.#closed || (!isAlone && !kemPk) || this.standing() !== 'active' || this.outdated) return
    this.#afterRestore = null
    this.#newIncarnation(this.#nextIncarnation!)
    if (kemPk) this.act({ type: 'rekey', kemPk })
    const head = encodeOwnHead({ feed: this.#feed!, next: 0 })
    this.#saver.save([
      { table: 'heads', key: headKey(this.coll), value: head },
      { table: 'meta', key: restoredKey(this.coll), value: encodeRestored('went on') },
    ])
    this.#copyState = 'went on'
    this.#ledgerChanged()
  }

  /** The document anew. Nothing counts as typed into it: what is accepted later is merged, also where this device wrote it. */
  #buildAnew(): void {
    this.#voidStart()
    this.#typed.clear()
    this.#isMineWhole = this.documents.rebuild(this.#beganFrom?.docs ?? null, this.#feeds.accepted(), () =>
      this.#mine(),
    )
  }

  /** What this device wrote and its document shows although it does not count: what is set aside, and what is in no record yet. */
  *#mine(): Generator<Uint8Array> {
    const aside = this.#feeds.setAside().filter(({ device }) => device === this.own.id)
    for (const { docs } of [...aside].sort((a, b) => a.position.seq - b.position.seq))
      for (const { doc, update } of docs) if (doc === MAIN_DOC) yield update
    yield* this.#stranded
  }

  #apply(): void {
    if (this.#stranded.length > 0 && this.#feed && !this.outdated) {
      const update = mergeUpdates(this.#stranded.splice(0))
      this.#saver.wait(false)
      this.#append([{ doc: MAIN_DOC, update }])
      if (!this.#isMineWhole) this.#typed.clear()
    }
    const change = this.#feeds.take()
    // What could not be placed when the document was built anew can be now that it counts.
    const placesMine =
      !this.#isMineWhole &&
      change.type === 'more' &&
      change.records.some(({ device, position }) => device === this.own.id && !this.#typed.has(position.rec))
    if (change.type === 'rebuild' || placesMine) this.#buildAnew()
    else if (change.records.length > 0) {
      // What was typed into this very document is in it; anything else of this device's own is not.
      const news = change.records.filter(({ position }) => !this.#typed.delete(position.rec))
      void this.documents.merge(news).then(() => {
        this.#lookAtReturns()
        this.#touch()
      })
    }
    this.#touch()
  }

  /** Begins anew from another base. What is written or arrives while the disk is read is taken in too, before anything else is. */
  #rebase(how: 'documentsAnew' | 'documentsStand'): Promise<void> {
    // One at a time: two bases may come in one breath, a welcome and what is final.
    return (this.#rebasing = this.#rebasing.then(() => this.#rebaseNow(how)))
  }

  async #rebaseNow(how: 'documentsAnew' | 'documentsStand'): Promise<void> {
    this.#meanwhile = []
    await this.settled()
    // Another one may come while the disk is read: then it is gone on with after this one.
    const base = this.#base
    const feeds = this.#feedsOn(base)
    // A disk that takes nothing holds none of these, and what was signed once is not signed anew.
    const unsaved = [...this.#unsavedRuns]
    await this.#readInto(feeds, [...(await this.packs.restore('mayBeJoined')), ...unsaved])
    if (this.#closed) return
    this.#apply()
    const before = this.#feeds.acceptedKey()
    this.#goOnWith(feeds, base)
    // Where the same counts as before, whoever is writing in the document is not disturbed.
    if (how === 'documentsStand' && feeds.acceptedKey() === before) {
      this.#typed.clear()
      const { base: positions, docs } = base!
      this.documents.standOn(docs, ({ position: { feed, seq } }) => seq <= (positions.get(feed)?.seq ?? -1))
    } else this.#buildAnew()
    this.#touch()
    this.#registerFeed()
    // What was written upon something that is not in this base and cannot be read here is for others to bring back.
    if (this.#feed && !this.#feeds.goesOn(this.#feed) && this.mayAct()) this.#newIncarnation()
    this.checkpoints.lookIfLacking()
    this.#tell((events) => events.holdingsMoved?.())
    this.#tell((events) => events.ledgerMoved?.())
  }

  #feedsOn(base: Start | null): Feeds {
    const from = base && { base: base.base, under: base.under ?? [], isHanded: base.by !== null }
    return new Feeds({ ledger: this.ledger, keys: this.keyring, ...from })
  }

  /** Reads records back, in slices when they are many, so that typing goes on meanwhile. */
  async #readInto(feeds: Feeds, runs: readonly Run[]): Promise<void> {
    const isMuch = runs.reduce((total, { records }) => total + records.length, 0) > SLICE
    for (const { records, seal } of runs) feeds.hear(records, seal)
    for (const { records, seal } of runs)
      for (let at = 0; at < records.length && !this.#closed; at += SLICE) {
        const slice = records.slice(at, at + SLICE)
        const { pub, id } = slice.at(-1)!
        const isLast = at + SLICE >= records.length
        feeds.restore(slice, isLast ? seal : { ...seal, seq: pub.seq, rec: id })
        if (isMuch) await this.#pause()
      }
  }

  /** Nothing is awaited between taking in what came meanwhile and going on with it: nothing is left behind. */
  #goOnWith(feeds: Feeds, base: Start | null): void {
    for (const { records, seal } of this.#meanwhile ?? []) feeds.restore(records, seal)
    this.#meanwhile = null
    // What the base has filled the hole below goes on from there.
    for (const segment of this.#feeds.segmentsWaiting()) {
      const offered = feeds.offer(segment)
      if (offered.ok && offered.value.fresh.length > 0)
        this.#saveRun({ records: offered.value.fresh, seal: offered.value.seal })
    }
    this.#feeds = feeds
    this.#beganFrom = base
    feeds.ledgerChanged()
    feeds.take()
  }

  #pause(): Promise<void> {
    return new Promise((resume) => void this.#clock.after(0, resume))
  }

  /**
   * Holds to a final checkpoint and begins from it, at once and at every start: so what lies below it is the same here as on
   * a phone that was off, whatever is signed for places there from now on.
   */
  async #settle(settled: Settled, how: 'verified' | 'adopted'): Promise<void> {
    const now = { checkpoint: settled.checkpoint, base: settled.base, at: this.#clock.now() }
    this.#voidStart()
    if (!(await this.#hold(now, settled)) || this.#closed) return
    this.#holdTo(now)
    this.ledger.setPin(settled.checkpoint)
    // What was handed over by one member has now been found to be what all say, or is left behind.
    this.#base = { base: settled.base, docs: settled.docs, by: null, parents: null }
    // What it closed has left the document: nothing is taken out of one that is alive.
    const isClosing = wasClosedIn(settled.docs.get(MAIN_DOC)!, this.documents.doc.read())
    await this.#rebase(how === 'verified' && !isClosing ? 'documentsStand' : 'documentsAnew')
    // What one member handed over, and what was agreed before, is of no use beside it.
    this.#welcomes = []
    this.#saver.save(
      [baseKey, besideKey].map((keyOf) => ({ table: 'snapshots', key: keyOf(this.coll), value: null })),
    )
    this.checkpoints.tidy()
    const measured = this.#intake.lookAgain((device) => this.#feeds.bytesOf(device))
    if (measured.length > 0) this.#saver.save(measured)
    this.#ledgerChanged()
  }

  #holdTo(settled: HeldTo): void {
    this.#settled = settled
    const writes = this.#past.holdTo(settled)
    if (writes.length > 0) this.#saver.save(writes)
  }

  /** Writes down what is held to: in one transaction, the documents and what takes the place of the parts they came in. */
  async #hold(settled: HeldTo, { opened, docs }: Pick<Settled, 'opened' | 'docs'>): Promise<boolean> {
    const before = this.#partsHeld?.parts.map(({ doc }) => doc) ?? []
    const { parts, writes } = writeHeld({ coll: this.coll, settled, opened, before })
    this.#saver.save(writes)
    await this.settled()
    if (this.#saver.state.read() === 'failed') return false
    this.#partsHeld = { parts, docs }
    return true
  }

  /** Rows of before held the documents beside the parts they came in: from now on they lie there once. */
  async #holdOnce(): Promise<void> {
    const [settled, docs] = [this.#settled, this.#base?.docs]
    const opened = settled && !this.#partsHeld ? this.checkpoints.openedParts(settled.checkpoint) : null
    const isSame = opened?.every(({ doc, state }) => equalBytes(state, docs?.get(doc) ?? NOTHING))
    if (settled && docs && opened && isSame) await this.#hold(settled, { opened, docs })
  }

  /** What all else stands on: the final checkpoint held to, or what this device was handed when it joined. */
  async #restoreBase(): Promise<Start | null> {
    const held = await readHeld(this.#storage, this.coll)
    if (held?.row.holds.type === 'parts') this.#partsHeld = { parts: held.row.holds.parts, docs: held.docs }
    if (held?.docs) {
      this.#holdTo(held.row)
      this.ledger.setPin(held.row.checkpoint)
      return { base: held.row.base, docs: held.docs, by: null, parents: null }
    }
    const [newest, beside] = [
      await this.#storage.get('snapshots', baseKey(this.coll)),
      await this.#storage.get('snapshots', besideKey(this.coll)),
    ]
    const wires = [
      ...(beside.ok && beside.value ? parseBeside(beside.value) : []),
      ...(newest.ok && newest.value ? [newest.value] : []),
    ]
    // One that does not open any more takes no other with it: what it held is asked for again.
    const opened = wires.flatMap((wire) => {
      const welcome = openKeptWelcome(wire, this.ledger, (epoch) => this.keyring.key(epoch))
      return welcome.ok ? [{ wire, welcome: welcome.value }] : []
    })
    const [first, ...others]: readonly Together[] = opened.map(({ welcome }) => welcome)
    if (!first) return null
    this.#welcomes = opened.map(({ wire }) => wire)
    return others.reduce((one, other) => handedBeside(one, other, this.ledger) ?? other, first)
  }

  // ── starting from what was written down ──────────────────────────────────────────────────────────────────────────

  /**
   * Begins with the documents as they were last written down and the few records since, if the ledger still judges them as
   * it did then. `false`: every record has to be read first.
   */
  async #startFromRow(): Promise<boolean> {
    const read = await this.#storage.get('snapshots', startKey(this.coll))
    const start = read.ok && read.value ? await readStart(this.#storage, this.coll, read.value) : null
    this.#hasStart = !read.ok || read.value !== null
    if (!start) return this.#startSlowly()
    const { row, docs } = start
    if (row.settled) this.ledger.setPin(row.settled.checkpoint)
    const feeds = new Feeds({ ledger: this.ledger, keys: this.keyring, base: row.base })
    const isJudgedAlike = equalBytes(judgedAs(feeds), row.judged)
    for (const { records, seal } of isJudgedAlike ? await this.packs.restoreTail() : [])
      feeds.restore(records, seal)
    const head = await this.#ownHead()
    if (!isJudgedAlike || (head && feeds.nextSeq(head.feed) < head.next)) {
      this.ledger.setPin(this.row.pin ?? null)
      return this.#startSlowly()
    }
    if (row.settled) this.#holdTo({ ...row.settled, base: new Map() })
    // It was written down while nothing in it was too much, and is judged alike.
    this.#base = { base: row.base, docs, by: row.by, parents: row.by && this.ledger.heads() }
    this.#isProving = true
    this.#goOnWith(feeds, this.#base)
    this.#isMineWhole = this.documents.rebuild(docs, this.#feeds.accepted(), () => this.#mine())
    if (head && !this.awaitsOthers) this.#writeOn(head.feed)
    this.#touch()
    return true
  }

  /**
   * Reads every record again behind what is shown already. From then on everything is as if it had been read first; where
   * something else counts than was written down, the documents are built anew.
   */
  async #proveStart(): Promise<void> {
    this.#meanwhile = []
    const restored = this.packs.restore('isCountedOn')
    // Whoever opened it sees it first.
    await nextTurn()
    const [start, base] = [this.#base!, await this.#restoreBase()]
    this.#ledgerChanged()
    const feeds = this.#feedsOn(base)
    await this.#readInto(feeds, await restored)
    if (this.#closed) return
    this.#isProving = false
    // Rows are gone from this disk: what was written down is all that is left of them.
    const lost = [...start.base].filter(([feed, { seq }]) => feeds.nextSeq(feed) <= seq)
    const isLost = lost.length > 0
    for (const [feed, { seq }] of lost)
      if (feed === this.#feed) this.#hole = { feed, upTo: seq, base, held: feeds.baseNow() }
    if (isLost) this.#meanwhile = null
    else {
      const before = this.#feeds.acceptedKey()
      this.#base = base
      this.#goOnWith(feeds, base)
      if (feeds.acceptedKey() === before) this.#typed.clear()
      else this.#buildAnew()
    }
    await this.checkpoints.restore()
    if (!isLost) {
      await this.#holdOnce()
      await this.#letGoOfThePast()
    }
    this.checkpoints.tidy()
    this.#ledgerChanged()
    this.#tell((events) => events.holdingsMoved?.())
    this.#keepStartSoon()
  }

  /** Writes the documents down for the next start, some time after there is enough to make it worth while. */
  #keepStartSoon(): void {
    if (this.packs.tailRows < TAIL_ROWS || this.#closed) return
    this.#nextStart ??= this.#clock.after(QUIET_MS, () => {
      this.#nextStart = null
      void this.keepStart()
    })
  }

  /** Writes down what counts now, so that the next start is quick. Where that is not plain, the next start takes its time. */
  async keepStart(): Promise<void> {
    this.documents.flush()
    const isPlain =
      !this.#isProving &&
      !this.#closed &&
      !this.#meanwhile &&
      !this.#salvage &&
      this.#stranded.length === 0 &&
      !this.#feeds.hasClosedFeed() &&
      this.#handedTooMuch().length === 0 &&
      // It is read off the records alone: from what was written down nobody would hear of it.
      this.documents.late.read().length === 0 &&
      this.setAside().every(({ device }) => device !== this.own.id)
    const base = this.#feeds.baseNow()
    if (!isPlain || base.size === 0) return
    if (this.#feed && this.#feeds.nextSeq(this.#feed) - 1 !== (base.get(this.#feed)?.seq ?? -1)) return
    const row = {
      by: this.#base?.by ?? null,
      settled: this.#settled,
      judged: judgedAs(this.#feeds),
      base,
    }
    const settledDocs = this.#partsHeld?.docs
    const written = writeStartDocs({
      coll: this.coll,
      row,
      docs: this.documents.states(),
      main: this.documents.doc.read(),
      // Where this device began from something else, what is shown does not stand upon them.
      settled: settledDocs && settledDocs === this.#base?.docs ? settledDocs : null,
    })
    const value = encodeStartRow({ ...row, docs: written.docs })
    const starts = this.#starts
    const { writes, done, calledOff } = await this.packs.leaveTail(base)
    // Something counts no more while the tail was read.
    if (starts !== this.#starts || this.#closed) return calledOff()
    this.#hasStart = true
    const start: Write = { table: 'snapshots', key: startKey(this.coll), value }
    this.#saver.save([...writes, ...written.writes, start], done)
    await this.#saver.settled()
  }

  /** Nothing is to count on the tail any more when it is joined with the rest. */
  async #startSlowly(): Promise<false> {
    this.#voidStart()
    await this.#saver.settled()
    return false
  }

  #voidStart(): void {
    this.#starts += 1
    if (!this.#hasStart) return
    this.#hasStart = false
    const docs = [MAIN_DOC, CLOSED_DOC].map((doc) => startDocKey(this.coll, doc))
    const keys = [startKey(this.coll), ...docs]
    this.#saver.save(keys.map((key) => ({ table: 'snapshots', key, value: null })))
  }

  /**
   * What lies under a final checkpoint this device has held to for a week is in its documents: the records go, also when
   * another was agreed meanwhile. After a month the keys go that opened them, and their boxes, so that whoever takes the
   * phone later cannot read what was recorded before. Whoever missed the checkpoint begins again from it. Spec: checkpoint.md §6.
   */
  async #letGoOfThePast(): Promise<void> {
    const now = this.#clock.now()
    const old = this.#past.recordsUnder(now)
    if (old) {
      await this.packs.prune(old)
      await this.#storage.commit(this.#past.letGoOfRecords(now))
    }
    await this.#letGoOfKeys()
  }

  async #letGoOfKeys(): Promise<void> {
    const now = this.#clock.now()
    if (this.#past.under(now) === null) return
    const inUse = this.#feeds.epochsInUse()
    const gone = [...this.state.epochs.keys()].filter((epoch) => this.#isPast(epoch) && !inUse.has(epoch))
    await this.#storage.commit([
      ...this.#past.letGo(now),
      ...gone.flatMap((epoch) => [
        this.keyring.drop(epoch),
        { table: 'boxes', key: boxesKey(this.coll, epoch), value: null } as const,
      ]),
    ])
  }

  /** Also where a page is left open for months. */
  #lookDaily(): void {
    this.#nextDay = this.#clock.after(DAY_MS, () => {
      if (this.#closed) return
      this.#lookDaily()
      if (this.#isProving || this.#meanwhile) return
      this.checkpoints.tidy()
      void this.#letGoOfThePast()
    })
  }

  /** Whether an epoch is one whose key was let go of, or is to be. */
  #isPast(epoch: EpochId): boolean {
    const under = this.#past.under(this.#clock.now())
    return (
      under !== null &&
      this.ledger.isBelow(epoch, under) &&
      writeEpoch(this.state, (id) => this.keyring.has(id)) !== epoch
    )
  }

  /**
   * All that was written and `device`, or a file of its, holds is here, and what it knew when it said so: `heads`, and acts below.
   * Acts alone come before what was written under the keys of before this device was away, and nobody else could open that any
   * more. Spec: checkpoint.md §6.
   */
  isLevelWith(device: DeviceId | null, heads: readonly EntryId[]): void {
    if (device && this.#memberOf(device) === this.row.member) return
    const later = this.#past.kept().filter((one) => !this.#wentOn.has(one) && this.#othersWentOn(one, heads))
    for (const checkpoint of later) this.#wentOn.add(checkpoint)
    // Until it has read every record it does not know which keys are in use; then it lets go by itself.
    if (later.length > 0 && !this.#isProving && !this.#meanwhile) void this.#letGoOfKeys()
  }

  /** Whether, at or below `heads`, another member says something upon a key made after a checkpoint. */
  #othersWentOn(checkpoint: EntryId, heads: readonly EntryId[]): boolean {
    const { ledger, state } = this
    const keys = [...state.epochs.keys()].filter((epoch) => ledger.isBelow(checkpoint, epoch))
    const isOthers = ({ id, entry: { author } }: SignedEntry) =>
      ![null, this.row.member].includes(this.#memberOf(author)) &&
      keys.some((epoch) => epoch === id || ledger.isBelow(epoch, id)) &&
      ledger.inClosure(heads, id)
    return keys.length > 0 && ledger.since([checkpoint]).some(isOthers)
  }

  async #restoreRecords(): Promise<void> {
    const base = this.#base
    const feeds = this.#feedsOn(base)
    const runs = await this.packs.restore('mayBeJoined')
    for (const { records, seal } of runs) feeds.hear(records, seal)
    for (const { records, seal } of runs) feeds.restore(records, seal)
    this.#goOnWith(feeds, base)
    this.#buildAnew()
    this.#touch()
  }

  async #ownHead(): Promise<OwnHead | null> {
    const row = await this.#storage.get('heads', headKey(this.coll))
    const head = row.ok && row.value ? parseOwnHead(row.value) : null
    if (head) this.#signed.set(head.feed, head.next)
    return head
  }

  /** The head on disk must not be ahead of the records on disk: else this disk is damaged, and the feed starts a new incarnation. */
  async #restoreOwnHead(): Promise<void> {
    const head = await this.#ownHead()
    if (!head || this.awaitsOthers) return
    if (this.#feeds.nextSeq(head.feed) >= head.next) this.#writeOn(head.feed)
    else this.#newIncarnation()
  }

  #writeOn(id: FeedId): void {
    this.#feed = id
    const feed = this.state.feeds.get(id)
    if (feed) this.documents.setClient(feed.yClient)
  }

  #ledgerWrite(wire: Uint8Array): Write {
    return { table: 'ledger', key: ledgerKey(this.coll, this.#ledgerRows++), value: wire }
  }

  #tell(about: (events: Partial<ReplicaEvents>) => void): void {
    for (const events of [...this.#events]) about(events)
  }

  /** Who made sure of somebody who comes back says so in what is written, and that may come last. */
  #lookAtReturns(): void {
    const isWaiting = [...this.state.proposals.values()].some(
      ({ status, proposal }) => status === 'open' && proposal.action === 'recover',
    )
    if (isWaiting) this.#debts.look()
  }

  #seenOf(proposal: EntryId): readonly Position[] {
    const about = this.state.proposals.get(proposal)?.proposal
    const ended =
      about?.action === 'revokeDevice'
        ? [about.device]
        : about?.action === 'removeMember' || about?.action === 'recover'
          ? (this.state.members.get(about.member)?.devices ?? [])
          : []
    return ended.flatMap((device) => this.#feeds.frontierOf(device))
  }

  #touch(): void {
    this.#changed.set(this.#changed.read() + 1)
  }

  /** The wire form of a seal, for whoever sends it. */
  static sealWire(seal: FeedSeal): Uint8Array {
    return encodeFeedSeal(seal)
  }
}

const NOTHING = new Uint8Array()
/** Whoever is held by more pauses than one decision may end is lifted. */
const sortedIds = (ids: readonly EntryId[] = []): readonly EntryId[] =>
  [...new Set(ids)].slice(0, MAX_ANNULLED).sort()

/** What every start asks the disk for. */
const readFirst = (coll: CollId): readonly Wanted[] => [
  { table: 'ledger', prefix: `${coll}/` },
  { table: 'keys', prefix: `${coll}/` },
  { table: 'keys', key: kemKey(coll) },
  { table: 'meta', key: calendarKey(coll) },
  { table: 'meta', key: pastKey(coll) },
  { table: 'meta', key: intakeKey(coll) },
  { table: 'snapshots', key: lostKey(coll) },
  { table: 'snapshots', key: startKey(coll) },
  { table: 'snapshots', key: startDocKey(coll, MAIN_DOC) },
  { table: 'snapshots', key: startDocKey(coll, CLOSED_DOC) },
  { table: 'snapshots', key: settledKey(coll) },
  { table: 'snapshots', key: settledDocKey(coll, MAIN_DOC) },
  { table: 'snapshots', key: settledDocKey(coll, CLOSED_DOC) },
  { table: 'tail', prefix: `${coll}/` },
  { table: 'heads', key: headKey(coll) },
  { table: 'meta', key: restoredKey(coll) },
]

const judgedAs = (feeds: Feeds): Uint8Array => hash('start', feeds.judgement())

const withoutClosed = (docs: ReadonlyMap<DocId, Uint8Array>): ReadonlyMap<DocId, Uint8Array> =>
  new Map([...docs].filter(([doc]) => doc !== CLOSED_DOC))
