import type { DeviceId, EntryId, EpochId, FeedId, RecId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { OwnDevice } from '../crypto/device.ts'
import type { SealKey } from '../crypto/seal.ts'
import { writeEpoch } from '../ledger/epochs.ts'
import type { LedgerState, LedgerView, Position } from '../ledger/types.ts'
import { acceptedAmong } from './acceptance.ts'
import { checkChain, checkSegment } from './chain.ts'
import { draftRecord } from './draft.ts'
import { Gaps } from './gaps.ts'
import { addRecord, FeedLine, isRecord, nodeAt, NO_RECORD, positionOf, tipOf, type Node } from './line.ts'
import { readRecord, type Reading, type ReadingWorld } from './reading.ts'
import { createRecord, openRecordWith, recordKey } from './record.ts'
import { ClosureCache, LedgerRights } from './rights.ts'
import { createFeedSeal } from './seal.ts'
import type {
  Accepted,
  AcceptedChange,
  BadRecord,
  Base,
  BasePosition,
  CannotAppend,
  CarriedHead,
  EpochKeys,
  FeedSeal,
  ForkEvidence,
  Offered,
  RecordBody,
  SealedRecord,
  Segment,
  SetAside,
  Waiting,
} from './types.ts'

/** Records waited for that are looked at to say whose they are: whoever withholds a thousand is named by a few. */
const MOST_LOOKED_AT = 64

/**
 * The feeds of one collective on this device. It does no I/O: it takes segments, the ledger and keys in any order and
 * says which records count (accepted), each after what it builds on. The same ledger, records, keys and base give the
 * same accepted set everywhere. It keeps what records say, not their ciphertext: whoever calls stores the `fresh`
 * records of every `offer` and the record of every `append` with the seal, and gives them back with `restore`.
 * Spec: feed.md §5–8.
 */
export class Feeds {
  readonly #ledger: LedgerView
  readonly #keys: EpochKeys
  readonly #base: Base
  readonly #world: ReadingWorld
  readonly #closures = new ClosureCache()
  readonly #lines = new Map<FeedId, FeedLine>()
  readonly #byIndex: FeedLine[] = []
  readonly #byClient = new Map<number, FeedLine[]>()
  readonly #nodes = new Map<RecId, Node>()
  readonly #gaps = new Gaps()
  /** Records without a key, by epoch; opened records by the one thing each waits for, a record or a ledger entry. */
  readonly #locked = new Map<EpochId, Node[]>()
  readonly #blocked = new Map<RecId, Node[]>()
  readonly #unheard = new Map<EntryId, Node[]>()
  /** Every record read, each after what it builds on. */
  readonly #read: Node[] = []
  readonly #isHanded: boolean
  readonly #under: readonly Position[]
  /** The ledger as last looked at. */
  #state: LedgerState
  #rights: LedgerRights
  #rightsKey: string
  #order: Node[] = []
  #news: Node[] = []
  #rebuild = false
  /** The accepted set has to be worked out anew before anybody asks for it. */
  #stale = false
  #aside: readonly SetAside[] | null = null

  /**
   * `under`: lower positions that the base holds too, by another member’s word. `isHanded`: it is one member’s word, and nothing
   * yet that all began from.
   */
  constructor(of: {
    readonly ledger: LedgerView
    readonly keys: EpochKeys
    readonly base?: Base
    readonly under?: readonly Position[]
    readonly isHanded?: boolean
  }) {
    this.#ledger = of.ledger
    this.#keys = of.keys
    this.#base = of.base ?? new Map()
    this.#under = of.under ?? []
    this.#isHanded = of.isHanded ?? false
    this.#world = {
      ledger: of.ledger,
      closures: this.#closures,
      nodeOf: (position) => this.#resolve(position),
      linesOf: (client) => this.#byClient.get(client) ?? NO_LINES,
    }
    this.#state = of.ledger.state()
    this.#rights = this.#lookAtLedger()
    this.#rightsKey = this.#rights.key(this.#byIndex)
    for (const feed of this.#base.keys()) this.#line(feed)
  }

  // ── taking in ────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes a segment from a link or file. Refused, it is wrong for ever, or its feed or epoch is not known yet: ledger
   * first. Taken, its records are carriable; whether they are ever accepted is not the sender's fault.
   */
  offer(segment: Segment): Result<Offered, BadRecord> {
    this.ledgerChanged()
    const checked = checkSegment(segment, this.#state)
    return checked.ok ? this.#take(segment) : checked
  }

  /** Takes back what this device stored, in any order, without verifying the signature again. What does not fit is passed over. */
  restore(records: readonly SealedRecord[], seal: FeedSeal): void {
    this.ledgerChanged()
    const segment: Segment = { feed: seal.feed, records, seal }
    if (!checkChain(segment).ok) return
    this.#take(segment)
  }

  /** Takes note of what lies at or below the base, before anything is read: what names a position there may mean another branch. */
  hear(records: readonly SealedRecord[], { feed }: FeedSeal): void {
    this.#line(feed).hear(records)
  }

  /** Call after entries were added to the ledger, so that what waited for them is read at once. */
  ledgerChanged(): void {
    if (this.#ledger.state() === this.#state) return
    this.#state = this.#ledger.state()
    this.#rights = this.#lookAtLedger()
    const key = this.#rights.key(this.#byIndex)
    const judgedAnew = key !== this.#rightsKey || this.#read.some(({ sound }) => !sound)
    this.#rightsKey = key
    if (judgedAnew) {
      for (const node of this.#read) this.#judge(node)
      this.#markStale()
    }
    for (const [entry, nodes] of [...this.#unheard])
      if (this.#ledger.has(entry)) {
        this.#unheard.delete(entry)
        this.#advance(nodes)
      }
  }

  /** Call after keys were added. */
  keysChanged(): void {
    this.ledgerChanged()
    for (const [epoch, nodes] of [...this.#locked])
      if (this.#keys.key(epoch)) {
        this.#locked.delete(epoch)
        this.#advance(nodes)
      }
  }

  // ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Seals and signs the next record of this device's own feed (its latest, unless named). To be stored before it is
   * sent. A suspended device goes on under the last epoch it holds: its work is set aside and can be rescued.
   */
  append(of: {
    readonly own: OwnDevice
    readonly docs: RecordBody['docs']
    readonly feed?: FeedId
    /** Feeds of which the base holds more than counts. What is written upon that waits for a better one. */
    readonly tooMuch?: readonly FeedId[]
    /** Where feeds go on by what this device knows to have signed. One that is held less far here has ended: no place is signed twice. */
    readonly signed?: ReadonlyMap<FeedId, number>
  }): Result<{ readonly record: SealedRecord; readonly seal: FeedSeal }, CannotAppend> {
    this.#settle()
    const line = this.#ownLine(of.own.id, of.feed)
    if (!line) return err({ type: 'NoFeed' })
    const tip = tipOf(line)
    if (tip.stage === 'locked' || tip.stage === 'opened') return err({ type: 'NotReady' })
    const shutOut = this.#rights.of(line)?.standing !== 'active'
    if (tip.stage === 'refused' || isClosed(line) || !(tip.accepted || shutOut))
      return err({ type: 'FeedClosed' })
    if (tip.seq + 1 < (of.signed?.get(line.id) ?? 0))
      return err({ type: shutOut ? 'NotReady' : 'FeedClosed' })
    const epoch = this.#epochToWrite(line, of.own.id)
    const key = epoch && this.#keys.key(epoch)
    if (!epoch || !key) return err({ type: 'NoEpoch' })
    const heads = this.#closures.intern(this.#ledger.heads())
    const drafted = draftRecord({ tip, lines: this.#byIndex, heads, rights: this.#rights, docs: of.docs })
    if (!drafted.ok) return drafted
    const body = drafted.value
    const at = { line, prev: tip }
    const reading = readRecord(at, body, { ...this.#world, tooMuch: of.tooMuch ?? [] })
    // Whether it can be carried at all shows upon a better base: until then it is kept as it is.
    if (reading.type !== 'read' && of.tooMuch?.length) return err({ type: 'NotReady' })
    if (reading.type !== 'read')
      return err(
        reading.type === 'refused' && reading.why.type === 'BadPayload' ? reading.why : { type: 'NotReady' },
      )
    const place = { feed: line.id, seq: tip.seq + 1, prev: isRecord(tip) ? tip.id : null }
    const created = createRecord({ ...place, key, coll: this.#ledger.coll, epoch, body })
    if (!created.ok) return created
    const record = created.value
    const seal = createFeedSeal(of.own.signSk, { feed: place.feed, seq: place.seq, rec: record.id })
    const node = this.#add(line, tip, record)
    node.seal = seal
    node.body = body
    node.sealed = null
    this.#enter(node, reading.known)
    return ok({ record, seal })
  }

  // ── what counts ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** What became accepted since the last call, this device's own records too, each after what it builds on. */
  take(): AcceptedChange {
    this.#settle()
    const news = this.#news
    this.#news = []
    if (!this.#rebuild) return { type: 'more', records: news.map((node) => this.#acceptedFrom(node)) }
    this.#rebuild = false
    return { type: 'rebuild' }
  }

  /** Everything accepted above the base, each record after what it builds on. */
  *accepted(): Generator<Accepted> {
    this.#settle()
    for (const node of [...this.#order]) yield this.#acceptedFrom(node)
  }

  /** Readable work that does not count: of devices shut out, beyond what anybody built on, and of closed branches. */
  setAside(): readonly SetAside[] {
    this.#settle()
    return (this.#aside ??= this.#read.flatMap((node) => {
      const rights = this.#rights.of(node.line)
      if (node.accepted || !node.sound || !rights) return []
      const why = !node.onLine || rights.standing === 'active' ? 'fork' : rights.standing
      return [{ ...this.#acceptedFrom(node), why: why === 'retired' ? 'revoked' : why }]
    }))
  }

  /** How far `device` is accepted in each of its feeds: what a suspension of it by this device should name. */
  frontierOf(device: DeviceId): readonly Position[] {
    return this.#acceptedHeads((line) => this.#rights.of(line)?.device === device)
  }

  /** How far every feed is accepted. */
  positionsMerged(): readonly Position[] {
    return this.#acceptedHeads(() => true)
  }

  /** How far the records of each device build on `feed`: whoever signed them held what lies below them, however it came. */
  buildersOn(feed: FeedId): ReadonlyMap<DeviceId, number> {
    const builders = new Map<DeviceId, number>()
    const line = this.#lines.get(feed)
    if (!line) return builders
    for (const other of this.#byIndex) {
      const device = this.#rights.of(other)?.device
      const below = other.nodes.findLast(({ stage }) => stage === 'read')?.below[line.index]
      if (device && below?.onLine) builders.set(device, Math.max(below.seq, builders.get(device) ?? -1))
    }
    return builders
  }

  /** What counts, in one word: equal for two sets of feeds in which the same does. */
  acceptedKey(): string {
    return this.positionsMerged()
      .map(({ feed, seq, rec }) => `${feed} ${seq} ${rec}`)
      .join()
  }

  /** Everything accepted, as a base for a newcomer. Documents handed over with it must hold every record accepted so far. */
  baseNow(): Base {
    this.#settle()
    const base = new Map<FeedId, BasePosition>()
    for (const { id, accepted } of this.#byIndex) {
      const { seq, id: rec, clocks, heads } = accepted
      if (isRecord(accepted)) base.set(id, { seq, rec, clocks, ...(heads ? { lheads: heads } : {}) })
    }
    return base
  }

  /** By what the ledger judges what counts here: equal, and the same counts. Meaningless to anybody else. */
  judgement(): string {
    return this.#rights.judgementOf(this.#byIndex.filter(({ accepted }) => isRecord(accepted)))
  }

  /** Two records signed at one place, for every place where that was seen. */
  forks(): readonly ForkEvidence[] {
    return this.#byIndex.flatMap(({ forks }) => forks)
  }

  /** Whether two records signed at one place of this feed are here. */
  isForked(feed: FeedId): boolean {
    return (this.#lines.get(feed)?.forks.length ?? 0) > 0
  }

  /** What is known of its forks, in one word that changes with what counts; `null`: of none. Meaningless to anybody else. */
  forkOf(feed: FeedId): string | null {
    return this.#lines.get(feed)?.fork() ?? null
  }

  /** Feeds of which the base holds a branch that does not stand, or two, as a record signed for a place there has shown. */
  fallenBelow(): readonly FeedId[] {
    const holdsTwo = (line: FeedLine) =>
      this.#under.some(({ feed, seq, rec }) => feed === line.id && line.leavesOut({ seq, id: rec }))
    return this.#byIndex.filter((line) => line.isRootFallen() || holdsTwo(line)).map(({ id }) => id)
  }

  /** Whether some feed is closed by a fork. One below the base closes nothing. */
  hasClosedFeed(): boolean {
    return this.#byIndex.some(isClosed)
  }

  /** Records that are wrong for ever, and why. */
  refused(): readonly { readonly position: Position; readonly why: BadRecord }[] {
    return [...this.#nodes.values()].flatMap((node) =>
      node.fault ? [{ position: positionOf(node), why: node.fault }] : [],
    )
  }

  // ── what is held ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** How far each feed is carried: what sync tells others. */
  heads(): readonly CarriedHead[] {
    return this.#byIndex
      .map(tipOf)
      .filter(isRecord)
      .map((tip) => ({ ...positionOf(tip), seal: tip.seal }))
  }

  /** Where a feed goes on: one above its highest record held, 0 for a feed not seen yet. */
  nextSeq(feed: FeedId): number {
    const line = this.#lines.get(feed)
    return line ? tipOf(line).seq + 1 : 0
  }

  /** Whether the newest record held of a feed can be read here: else whoever writes it can write no further. */
  goesOn(feed: FeedId): boolean {
    const line = this.#lines.get(feed)
    return !line || tipOf(line).stage === 'read'
  }

  /** Whether this very record is held, or lies in the base. */
  holds(position: Position): boolean {
    return this.#resolve(position) !== null
  }

  /** How far a feed reaches in the documents this device started from, −1 for not at all. */
  baseSeq(feed: FeedId): number {
    return this.#base.get(feed)?.seq ?? -1
  }

  /** The record held at a place of the standing branch; `null`: none, or it lies below the base. */
  recIdAt(feed: FeedId, seq: number): RecId | null {
    const line = this.#lines.get(feed)
    const node = line && nodeAt(line, seq)
    return node && isRecord(node) ? node.id : null
  }

  /** Epochs some record held above the base is sealed under. */
  epochsInUse(): ReadonlySet<EpochId> {
    return new Set([...this.#nodes.values()].flatMap(({ epoch }) => epoch ?? []))
  }

  /** Epochs some record is sealed under whose key is not here. */
  missingEpochs(): readonly EpochId[] {
    return [...this.#locked.keys()]
  }

  waiting(): Waiting {
    const count = (nodes: ReadonlyMap<unknown, readonly Node[]>) =>
      [...nodes.values()].reduce((total, { length }) => total + length, 0)
    return {
      keys: count(this.#locked),
      deps: count(this.#blocked),
      heads: count(this.#unheard),
      gaps: this.#gaps.feeds.length,
    }
  }

  /** Feeds of which something is not here, though what comes after it is, or what builds on it. */
  missingFrom(): readonly FeedId[] {
    const missing = new Set(this.#gaps.feeds)
    for (const [rec, [node]] of [...this.#blocked].slice(0, MOST_LOOKED_AT)) {
      // What is here waits for something itself.
      if (!node?.body || this.#nodes.has(rec)) continue
      const reading = readRecord({ line: node.line, prev: node.prev! }, node.body, this.#world)
      if (reading.type === 'waitsForRecord') missing.add(reading.feed)
    }
    return [...missing]
  }

  /** What came and waits for something below it, and is on no disk: whoever sent it counts it as held here. */
  segmentsWaiting(): readonly Segment[] {
    return this.#gaps.all()
  }

  /** Bytes of the records of a device that are held above the base. */
  bytesOf(device: DeviceId): number {
    const its = this.#byIndex.filter((line) => this.#rights.of(line)?.device === device)
    return its.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** How far records of other members that wait here build on `feed`, −1 for not at all. */
  awaited(feed: FeedId): number {
    const author = this.#state.devices.get(this.#state.feeds.get(feed)!.device)?.member
    let seq = -1
    for (const [rec, nodes] of this.#blocked)
      for (const { line, body } of this.#nodes.has(rec) ? [] : nodes)
        if (this.#rights.of(line)?.member !== author)
          for (const dep of body?.deps ?? []) if (dep.feed === feed) seq = Math.max(seq, dep.seq)
    return seq
  }

  // ── inside: carrying ─────────────────────────────────────────────────────────────────────────────────────────────

  #take(segment: Segment): Result<Offered, BadRecord> {
    const line = this.#line(segment.feed)
    let seal = segment.seal
    const parted = line.parting()
    const isNews = line.hear(segment.records)
    const partsBelow = line.parting() !== parted
    const isBeside = line.isBesideRoot(segment.records)
    const isFresh = ({ id, pub }: SealedRecord) => pub.seq > line.root.seq && !this.#nodes.has(id)
    const above = isBeside ? [] : segment.records.filter(isFresh)
    // What lies at or below the root is kept too: it may be needed to show that two were signed for one place.
    const fresh = isNews ? [...segment.records] : [...above]
    if (above.length === 0)
      return ok({ fresh, seal, fork: isNews ? (line.forks[0] ?? null) : null, partsBelow })
    const prev = this.#placeBefore(line, above[0]!)
    if (!prev) {
      this.#gaps.keep(segment)
      return ok({ fresh: [], seal, fork: null, partsBelow })
    }
    this.#hang(line, prev, above, seal)
    for (let next = this.#gaps.after(seal); next; next = this.#gaps.after(seal)) {
      const more = next.records.filter(({ pub }) => pub.seq > seal.seq)
      this.#hang(line, this.#nodes.get(seal.rec)!, more, next.seal)
      fresh.push(...more)
      seal = next.seal
    }
    const fork = line.forks.findLast(({ seq }) => seq <= seal.seq) ?? null
    return ok({ fresh, seal, fork, partsBelow })
  }

  #placeBefore(line: FeedLine, { pub }: SealedRecord): Node | null {
    if (pub.seq === line.root.seq + 1 && (pub.prev ?? NO_RECORD) === line.root.id) return line.root
    const prev = pub.prev && this.#nodes.get(pub.prev)
    return prev && prev.line === line && prev.seq === pub.seq - 1 ? prev : null
  }

  #hang(line: FeedLine, after: Node, records: readonly SealedRecord[], seal: FeedSeal): void {
    const added: Node[] = []
    let prev = after
    for (const record of records) {
      prev = this.#add(line, prev, record)
      added.push(prev)
    }
    prev.seal = seal
    this.#advance(added)
  }

  #add(line: FeedLine, prev: Node, record: SealedRecord): Node {
    const { node, forked } = addRecord(line, prev, record)
    this.#nodes.set(node.id, node)
    line.bytes += record.wire.length
    // A fork closes a feed; a record where a frontier points decides whether the frontier speaks of this branch.
    if (forked || this.#rights.of(line)?.frontier?.seq === node.seq) this.#markStale()
    return node
  }

  #lookAtLedger(): LedgerRights {
    return new LedgerRights(this.#ledger, this.#closures, (rec) => this.#nodes.has(rec))
  }

  #line(feed: FeedId): FeedLine {
    const known = this.#lines.get(feed)
    if (known) return known
    const line = new FeedLine(feed, this.#byIndex.length, this.#base.get(feed))
    this.#lines.set(feed, line)
    this.#byIndex.push(line)
    this.#byClient.set(line.yClient, [...(this.#byClient.get(line.yClient) ?? []), line])
    this.#rightsKey = this.#rights.key(this.#byIndex)
    return line
  }

  // ── inside: reading ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Moves records on as far as they come, and whatever waited for them. */
  #advance(nodes: readonly Node[]): void {
    const queue = [...nodes].reverse()
    for (let node = queue.pop(); node; node = queue.pop()) {
      if (node.stage === 'locked') this.#open(node)
      if (node.stage === 'opened') this.#readInPlace(node)
      if (node.stage !== 'read' && node.stage !== 'refused') continue
      const woken = this.#blocked.get(node.id)
      this.#blocked.delete(node.id)
      if (woken) queue.push(...woken.reverse())
    }
  }

  /** Opens a record, or leaves it until its key comes. */
  #open(node: Node): void {
    const key = this.#recordKey(node.epoch!, node.line)
    if (!key) return wait(this.#locked, node.epoch!, node)
    const opened = openRecordWith(key, node.sealed!)
    if (!opened.ok) return refuse(node, opened.error)
    node.sealed = null
    node.body = opened.value
    node.stage = 'opened'
  }

  #readInPlace(node: Node): void {
    const reading = readRecord({ line: node.line, prev: node.prev! }, node.body!, this.#world)
    switch (reading.type) {
      case 'waitsForRecord':
        return wait(this.#blocked, reading.rec, node)
      case 'waitsForEntry':
        return wait(this.#unheard, reading.entry, node)
      case 'refused':
        return refuse(node, reading.why)
      case 'read':
        return this.#enter(node, reading.known)
    }
  }

  #enter(node: Node, known: Extract<Reading, { readonly type: 'read' }>['known']): void {
    node.deps = known.deps
    node.heads = known.heads
    node.below = known.below
    node.basal = known.basal
    node.clocks = known.clocks
    node.stage = 'read'
    this.#read.push(node)
    this.#judge(node)
    this.#count(node)
  }

  /** The record a position names; positions in a base stand for the base. */
  #resolve({ feed, seq, rec }: Position): Node | null {
    const base = this.#base.get(feed)
    const inBase = base && (seq < base.seq || (seq === base.seq && rec === base.rec))
    if (!inBase) return this.#nodes.get(rec) ?? null
    const line = this.#line(feed)
    // Until something is final, what stands upon the other branch counts for nobody who reads both.
    return this.#isHanded && line.leavesOut({ seq, id: rec }) ? null : line.root
  }

  #recordKey(epoch: EpochId, line: FeedLine): SealKey | null {
    const known = line.keys.get(epoch)
    if (known) return known
    const secret = this.#keys.key(epoch)
    if (!secret) return null
    const key = recordKey(secret, this.#ledger.coll, line.id)
    line.keys.set(epoch, key)
    return key
  }

  // ── inside: accepting ────────────────────────────────────────────────────────────────────────────────────────────

  #judge(node: Node): void {
    node.sound = everyBelow(node, isSound) && this.#rights.faultOf(node) === null
    node.clean = isClean(node)
  }

  /**
   * Lets one more record count where that is plain: everything right below it counts already. What is not plain (it
   * pulls in what was set aside, or touches a closed branch) is left to `#settle`, which works out the whole.
   */
  #count(node: Node): void {
    this.#aside = null
    if (this.#stale) return
    if (!node.clean || !(this.#rights.isFree(node) || this.#rights.isWithinFrontier(node))) return
    if (everyBelow(node, isAccepted)) this.#accept(node)
    else this.#markStale()
  }

  #accept(node: Node): void {
    node.accepted = true
    if (node.seq > node.line.accepted.seq) node.line.accepted = node
    this.#order.push(node)
    this.#news.push(node)
  }

  #markStale(): void {
    this.#stale = true
    this.#aside = null
  }

  #settle(): void {
    this.ledgerChanged()
    if (!this.#stale) return
    this.#stale = false
    this.#aside = null
    for (const node of this.#read) node.clean = isClean(node)
    const alive = acceptedAmong(this.#read, this.#rights)
    if (this.#order.some((node) => !alive.has(node))) {
      this.#rebuild = true
      this.#order = []
      for (const node of this.#read) node.accepted = false
      for (const line of this.#byIndex) line.accepted = line.root
    }
    for (const node of this.#read) if (alive.has(node) && !node.accepted) this.#accept(node)
  }

  #acceptedFrom(node: Node): Accepted {
    return { position: positionOf(node), device: this.#rights.of(node.line)!.device, docs: node.body!.docs }
  }

  #acceptedHeads(wanted: (line: FeedLine) => boolean): readonly Position[] {
    this.#settle()
    return this.#byIndex
      .filter((line) => isRecord(line.accepted) && wanted(line))
      .map(({ accepted }) => positionOf(accepted))
      .sort((a, b) => (a.feed < b.feed ? -1 : 1))
  }

  // ── inside: writing ──────────────────────────────────────────────────────────────────────────────────────────────

  /** The latest feed of a device: the one registered in knowledge of the others. */
  #ownLine(device: DeviceId, wanted: FeedId | undefined): FeedLine | null {
    const own = [...this.#state.feeds.values()].filter((feed) => feed.device === device)
    const latest = own.reduce<(typeof own)[number] | null>(
      (a, b) => (!a || this.#ledger.inClosure([b.entry], a.entry) ? b : a),
      null,
    )
    const feed = own.find(({ id }) => id === wanted) ?? latest
    return feed ? this.#line(feed.id) : null
  }

  #epochToWrite(line: FeedLine, device: DeviceId): EpochId | null {
    const holds = (epoch: EpochId) => this.#keys.key(epoch) !== null
    const epoch = writeEpoch(this.#state, holds)
    if (epoch || this.#rights.of(line)?.standing === 'active') return epoch
    const last = tipOf(line).epoch
    if (last && holds(last)) return last
    const held = [...this.#state.epochs.values()].filter(
      ({ id, recipients }) => recipients.includes(device) && holds(id),
    )
    return held.sort((a, b) => b.depth - a.depth || (a.id < b.id ? -1 : 1))[0]?.id ?? null
  }
}

const NO_LINES: readonly FeedLine[] = []

const everyBelow = (node: Node, test: (below: Node) => boolean): boolean =>
  test(node.prev!) && node.deps.every(test)

const isClosed = ({ closedAt }: FeedLine): boolean => closedAt !== Number.POSITIVE_INFINITY

const isSound = ({ sound }: Node): boolean => sound
const isAccepted = ({ accepted }: Node): boolean => accepted
const wasClean = ({ clean }: Node): boolean => clean

const isClean = (node: Node): boolean => node.sound && node.onLine && everyBelow(node, wasClean)

const wait = <K>(waiting: Map<K, Node[]>, reason: K, node: Node): void => {
  const others = waiting.get(reason)
  if (others) others.push(node)
  else waiting.set(reason, [node])
}

const refuse = (node: Node, why: BadRecord): void => {
  node.stage = 'refused'
  node.fault = why
  node.body = null
  node.sealed = null
}
