import type { Clock } from '../core/clock.ts'
import type { DeviceId, EntryId, EpochId, FeedId } from '../core/ids.ts'
import { nextTurn } from '../core/next-turn.ts'
import { Cell, type Watched } from '../core/watched.ts'
import type { Passes } from '../sync/blobs-exchange.ts'
import { BoxesAsked } from '../sync/boxes-asked.ts'
import {
  carriesAll,
  gaveFork,
  giveLedger,
  inMessages,
  holdingsMoved,
  ledgerMoved,
  mayPush,
  onMessage,
  openAgain,
  openLink,
  sent,
  tellLedger,
  tellOwed,
  toldTo,
  type Effect,
  type Holdings,
  type LinkState,
  type Step,
} from '../sync/engine.ts'
import { ForksTold } from '../sync/forks-told.ts'
import { lackingFrom } from '../sync/lacking.ts'
import { Doubling, Patience } from '../sync/patience.ts'
import type { Link, Standing } from '../sync/ports.ts'
import { encodeSyncMessage, parseSyncMessage, type Head, type SyncMessage } from '../wire/sync.ts'
import { ANSWER_MS, Asked } from './asked.ts'
import { Flights, STALLED_MS } from './flights.ts'
import { OnRequest } from './on-request.ts'
import { Replica, type Coming } from './replica.ts'
import { standingOf } from './standing.ts'
import { Tally } from './tally.ts'

/** After this long without news, say again how far we hold: heals what a lost neighbour did not pass on. Milliseconds. */
const TELL_AGAIN_MS = 25_000
/** Records of others are not passed on one by one: after this long, neighbours who lack them are told. Milliseconds. */
const TELL_MS = 1000
/** Acts of others that can wait are told of after this long: most have them by then, from whoever made them. Milliseconds. */
const TELL_LEDGER_MS = 250
/** What may hang on acts: these go first. */
const HANGS: ReadonlySet<SyncMessage['type']> = new Set(['segment', 'boxes', 'box', 'welcome', 'part'])
/** How long a peer is given to send a welcome before another one is asked. Milliseconds. */
const WELCOME_MS = 3000
/** As much of others is passed on at once; whoever lacks more asks for it. Records, and bytes. */
const PASSED_RECORDS = 16
const PASSED_BYTES = 64 * 1024
/** Entries taken in in one go; in between, typing and drawing get their turn. */
const SLICE = 64
/** What a peer may send while its entries are being taken in. Bytes. */
const MAX_BEHIND_BYTES = 64 * 1024 * 1024
/** What holding even an empty one takes. Bytes. */
const MESSAGE_BYTES = 128
/** A peer that keeps sending what does not parse or does not hold is not worth the battery. */
const MAX_BAD = 64

type Attached = {
  readonly link: Link
  state: LinkState
  standing: Standing
  bad: number
  /** While many entries are being taken in: what came after them, in order. */
  behind: { readonly messages: Uint8Array[]; bytes: number } | null
  /** Runs being read from disk for this peer: what is written meanwhile waits its turn behind them. */
  busy: number
  serving: Promise<void>
  /** Where a run ended early because the disk took nothing: from there on it is sent once the disk does. */
  readonly unserved: Map<FeedId, number>
  /** A keeper that said it has no more room. */
  isFull: boolean
  /** The heads the peer named first, before it was told anything of this device. */
  greeting: readonly EntryId[] | null
  readonly tally: Tally
  readonly patience: Patience
  /** The acts that were here when all the peer holds was, and it had told: as of the last round. */
  levelUpon: readonly EntryId[] | null
  /** Messages with entries that came. */
  entriesHeard: number
}

/** Who of the neighbours may lack what came over another link. Where all are linked with all: nobody. */
export type Neighbourhood = {
  readonly mayLack: (
    neighbour: DeviceId,
    of: { readonly author: DeviceId; readonly from: DeviceId },
  ) => boolean
}

/** Records of one feed in a row, the first at `first`. */
type Run = {
  readonly feed: FeedId
  readonly first: number
  readonly records: readonly Uint8Array[]
  readonly seal: Uint8Array
}

/** A segment, and where it ends by the word of its seal. */
type Came = {
  readonly head: Pick<Head, 'feed' | 'seq'>
  readonly records: readonly Uint8Array[]
  readonly seal: Uint8Array
}

export type Progress = { readonly done: number; readonly total: number }

/** What passes between this device and one it is linked with. */
export type LinkProgress = Progress & {
  readonly device: DeviceId
  /** `agreeing`: both still tell each other who belongs. `same`: each said it holds all that the other does. */
  readonly step: 'agreeing' | 'passing' | 'same'
  readonly tally: Tally
  readonly toSend: number
  readonly toReceive: number
}

/** Written content, as against the ledger and keys: what a pause holds back. */
const CONTENT: ReadonlySet<SyncMessage['type']> = new Set([
  'have',
  'segment',
  'wantWelcome',
  'welcome',
  'wantParts',
  'part',
])

/** Carries bytes between links and the replica, as `sync/engine.ts` decides. */
export class Syncing {
  readonly #replica: Replica
  readonly #clock: Clock
  readonly #neighbourhood: Neighbourhood | null
  readonly #attached = new Map<string, Attached>()
  readonly #moved = new Cell(0)
  readonly #paused = new Cell(false)
  readonly #listeners = new Set<(device: DeviceId, heads: readonly Head[]) => void>()
  readonly #stops: (() => void)[] = []
  readonly #flights: Flights
  /** What is left where it is for now, by feed: the first of it. */
  readonly #late = new Map<FeedId, Coming & { readonly isBeside: boolean }>()
  readonly #askedEntries: Asked<EntryId>
  readonly #askedBoxes: Asked<EpochId>
  #answering: (() => void) | null = null
  /** Links that were asked for a welcome in this round, and the time the last of them is given. */
  readonly #asked = new Set<string>()
  /** Those of them that gave one, and what was known of them when they did. */
  readonly #gave = new Map<string, string>()
  /** Whoever gave none is asked once more, every 25 s at first. */
  readonly #onceMore = new Doubling()
  #lacking: string | null = null
  readonly #forksTold: ForksTold
  readonly #onRequest: OnRequest
  readonly #boxesAsked: BoxesAsked
  #asking: (() => void) | null = null
  #telling: (() => void) | null = null
  #tellingLedger: (() => void) | null = null
  #waiting: (() => void) | null = null
  #again: (() => void) | null = null

  /** Without a neighbourhood nothing fresh of others is passed on by itself: neighbours are told, and ask. */
  constructor(replica: Replica, clock: Clock, neighbourhood?: Neighbourhood) {
    this.#replica = replica
    this.#clock = clock
    this.#flights = new Flights(clock, (feed) => this.#nextWanted(feed))
    this.#askedEntries = new Asked(clock)
    this.#askedBoxes = new Asked(clock)
    this.#forksTold = new ForksTold(clock)
    this.#neighbourhood = neighbourhood ?? null
    this.#onRequest = new OnRequest({
      replica,
      clock,
      send: (link, message) => void this.#send(link, message),
      mayHave: (link) => this.#mayHave(link, 'full'),
    })
    this.#boxesAsked = new BoxesAsked({
      clock,
      isKnown: (epoch) => replica.state.epochs.has(epoch),
      hasCome: (epoch) => replica.keyring.has(epoch),
      find: (link, epoch) => this.#findBoxes(link, epoch),
      mayHave: (link) => this.#mayHave(link, 'full or sealed'),
      send: (link, message) => void this.#send(link, message),
    })
    this.#stops.push(
      replica.on({
        ledgerMoved: () => this.#ledgerMoved(),
        wrote: (record, seal) => {
          const run = { records: [record.wire], seal: Replica.sealWire(seal) }
          this.#push({ ...run, feed: seal.feed, first: seal.seq }, () => true)
        },
        rotated: (epoch, boxes) => this.#broadcast({ type: 'boxes', epoch, boxes }),
        holdingsMoved: () => this.#tellSoon(),
      }),
      replica.saving.watch(() => this.#serveUnserved()),
    )
    this.#tellAgain()
  }

  /** How far what passes now has come, over all links; `null`: nothing does. */
  progress(): Progress | null {
    const passing = this.links().filter(({ done, total }) => done < total)
    if (passing.length === 0) return null
    return {
      done: passing.reduce((sum, { done }) => sum + done, 0),
      total: passing.reduce((sum, { total }) => sum + total, 0),
    }
  }

  /** Every link with a device in good standing, and what passes over it. */
  links(): readonly LinkProgress[] {
    return [...this.#attached.values()]
      .filter(({ standing }) => standing === 'full')
      .map((attached) => {
        const { link, state, tally } = attached
        const toReceive = this.#lackingFrom(attached)
        const isSame = tally.toSend + toReceive === 0 && this.#unconfirmed(attached) === 0
        const step = state.ready && state.peerReady ? (isSame ? 'same' : 'passing') : 'agreeing'
        const { toSend } = tally
        return { device: link.peer, step, tally, toSend, toReceive, ...tally.round(toSend + toReceive) }
      })
  }

  /** Nothing that was written passes, either way, until `resume`. */
  get paused(): Watched<boolean> {
    return this.#paused
  }

  /** Holds back what was written. Who belongs, who is paused, and keys, are told all the same: that must never wait. */
  pause(): void {
    this.#paused.set(true)
    for (const { tally } of this.#attached.values()) tally.toSend = 0
  }

  /** What came meanwhile was let go of, and peers take it for delivered: everything is agreed on anew. */
  resume(): void {
    if (!this.#paused.read()) return
    this.#paused.set(false)
    for (const attached of [...this.#attached.values()])
      this.#step(attached, openAgain(attached.standing, this.#holdings(attached.link)))
  }

  /** Calls `heard` whenever a device in good standing, a keeper too, says how far it holds each feed. */
  onHave(heard: (device: DeviceId, heads: readonly Head[]) => void): () => void {
    this.#listeners.add(heard)
    return () => void this.#listeners.delete(heard)
  }

  /** Something about what peers hold or know changed. */
  get moved(): Watched<number> {
    return this.#moved
  }

  /**
   * Begins exchanging over a link, as far as the ledger lets its peer; a link with a device that is to have none is closed, now or
   * when that shows. Returns how it is looked at anew (all are, first, when the ledger moves), and how it is left.
   */
  attach(link: Link): { judge(): void; detach(): void } {
    const standing = this.#standingOf(link)
    if (standing === null) {
      link.close()
      return { judge: () => {}, detach: () => {} }
    }
    const opened = openLink(standing, this.#holdings(link))
    const attached: Attached = {
      link,
      state: opened.state,
      standing,
      bad: 0,
      behind: null,
      busy: 0,
      serving: Promise.resolve(),
      unserved: new Map(),
      isFull: false,
      greeting: null,
      tally: new Tally(this.#clock.now()),
      patience: new Patience(),
      levelUpon: null,
      entriesHeard: 0,
    }
    this.#attached.set(link.id, attached)
    const stop = link.receive('records', (bytes) => this.#receive(attached, bytes))
    this.#carryOut(attached, opened.effects)
    const detach = () => {
      stop()
      this.#attached.delete(link.id)
      this.#flights.end(link)
      this.#askedEntries.end(link)
      this.#askedBoxes.end(link)
      this.#forksTold.ended(link)
      this.#onRequest.ended(link)
      this.#boxesAsked.ended(link)
      this.#tellOwed()
      this.#askOthers()
      this.#move()
    }
    link.closed(detach)
    return { judge: () => this.#moveOn(attached), detach }
  }

  #standingOf({ peer }: Link): Standing | null {
    const known = this.#replica.state.devices.get(peer)
    return known ? standingOf(known, (feed) => this.#replica.feeds.nextSeq(feed)) : 'stranger'
  }

  /**
   * By the ledger as it is now, before anything else is said. Returns whether anything may be: not where the link is gone, or goes
   * with this.
   */
  #judge(attached: Attached): boolean {
    const { link, standing: before } = attached
    if (!this.#attached.has(link.id)) return false
    const standing = this.#standingOf(link)
    if (standing === null) {
      this.#sayWhy(attached)
      link.close()
      return false
    }
    attached.standing = standing
    // What the peer sent while it was heard for its own feeds only was let go of, and it takes it for delivered.
    if (before === 'narrow' && standing === 'full')
      this.#step(attached, openAgain(standing, this.#holdings(link)))
    else attached.state = { ...attached.state, standing }
    return true
  }

  /** Whoever is out hears by which act, and what that stands on: that its own screen can say so. Nothing that came beside or after. */
  #sayWhy({ link, state }: Attached): void {
    const { revokedBy = [], suspensions = [] } = this.#replica.state.devices.get(link.peer) ?? {}
    const acts = revokedBy.length > 0 ? revokedBy : suspensions
    if (acts.length === 0 || !state.theirHeads) return
    const entries = this.#replica.entriesUpTo(acts, toldTo(state))
    if (entries.length > 0) for (const message of inMessages(entries, acts)) this.#send(link, message)
  }

  /** Whether a linked peer has said it knows `entry` or something above it. */
  knows(device: DeviceId, entry: EntryId): boolean {
    return [...this.#attached.values()].some(
      ({ link, state }) =>
        link.peer === device &&
        state.theirHeads !== null &&
        this.#replica.ledger.inClosure(state.theirHeads, entry),
    )
  }

  /** How many linked, unnarrowed peers hold everything this device wrote. */
  caughtUp(): number {
    const feed = this.#replica.feed
    const next = feed ? this.#replica.feeds.nextSeq(feed) : 0
    return [...this.#attached.values()].filter(
      ({ state }) =>
        state.standing === 'full' &&
        state.ready &&
        state.peerReady &&
        (!feed || (state.held?.get(feed) ?? -1) >= next - 1),
    ).length
  }

  /** Whether this keeper, linked now, has said that its room is used up. */
  isFull(device: DeviceId): boolean {
    return [...this.#attached.values()].some(({ link, isFull }) => isFull && link.peer === device)
  }

  /** What may pass beside ledger and records, once both hold the same acts: by the peer’s standing. */
  passes(link: Link): Passes {
    const { state, standing } = this.#attached.get(link.id) ?? {}
    if (this.#paused.read() || !state?.ready || !state.peerReady) return 'nothing'
    return standing === 'full' ? 'all' : standing === 'sealed' ? 'carried' : 'nothing'
  }

  stop(): void {
    this.#telling?.()
    this.#tellingLedger?.()
    this.#waiting?.()
    this.#again?.()
    this.#asking?.()
    this.#onRequest.close()
    this.#boxesAsked.close()
    this.#answering?.()
    for (const stop of this.#stops) stop()
    this.#attached.clear()
  }

  #receive(attached: Attached, bytes: Uint8Array): void {
    if (!this.#judge(attached)) return
    const { behind } = attached
    if (behind) {
      behind.messages.push(bytes)
      behind.bytes += bytes.length + MESSAGE_BYTES
      return behind.bytes > MAX_BEHIND_BYTES ? attached.link.close() : undefined
    }
    const message = parseSyncMessage(bytes)
    if (!message.ok) return this.#bad(attached)
    if (this.#paused.read() && CONTENT.has(message.value.type)) return
    const { value } = message
    if (value.type === 'heads' || value.type === 'again') attached.greeting ??= value.heads
    this.#forksTold.heard(attached.link)
    if (value.type === 'again') this.#forksTold.letGo(attached.link)
    if (value.type === 'entries') attached.entriesHeard += 1
    const held = value.type === 'segment' ? this.#heldOf(value) : 0
    if (value.type === 'segment' || value.type === 'have') this.#beginIfSame(attached)
    this.#step(attached, onMessage(attached.state, value, this.#holdings(attached.link)))
    if (value.type === 'segment' || value.type === 'have') this.#tellOwed()
    if (value.type === 'segment') {
      const changes = Math.max(0, this.#heldOf(value) - held)
      attached.tally.passed('received', { changes, bytes: bytes.length })
    }
    if (value.type === 'have' && carriesAll(attached.standing)) this.#replica.heardOfOwn(value.heads)
    if (value.type === 'have' && carriesAll(attached.standing))
      for (const heard of this.#listeners) heard(attached.link.peer, value.heads)
    this.#move()
  }

  #move(): void {
    this.#moved.set(this.#moved.read() + 1)
  }

  #beginIfSame(attached: Attached): void {
    if (attached.tally.toSend + this.#lackingFrom(attached) === 0) attached.tally.begin()
  }

  #lackingFrom({ link, standing, state: { said } }: Attached): number {
    return lackingFrom(
      { standing, said },
      { nextSeq: (feed) => this.#nextWanted(feed), isPeers: (feed) => this.#isOwn(link, feed) },
    )
  }

  /** Where a feed goes on; nowhere for now, if what comes of it has to wait: then it is neither asked for nor waited for. */
  #nextWanted(feed: FeedId): number {
    return this.#late.get(feed)?.isBeside === false ? Infinity : this.#replica.feeds.nextSeq(feed)
  }

  /** Whether what came is left where it is, for now, and with it what comes behind. */
  #isLate({ link }: Attached, { head, records, seal }: Came): boolean {
    const { feed, seq } = head
    const isBehind = this.#late.has(feed) && seq - records.length >= this.#replica.feeds.nextSeq(feed)
    const most = records.reduce((sum, { length }) => sum + length, 0)
    if (!isBehind && !this.#replica.mustWait({ ...head, bytes: most, from: link.peer })) return false
    const bytes = this.#replica.freshIn(records, seal)
    const coming = { feed, seq, bytes, from: link.peer }
    if (bytes === 0 || !(isBehind || this.#replica.mustWait(coming))) return false
    this.#replica.noteMeasured(feed)
    if (!isBehind) this.#late.set(feed, { ...coming, isBeside: seq < this.#replica.feeds.nextSeq(feed) })
    return true
  }

  /** What may come by now is lacking again, and asked for from whoever is here and has it. */
  #letLateCome(): void {
    const all = [...this.#attached.values()]
    for (const [feed, late] of this.#late) {
      const next = this.#replica.feeds.nextSeq(feed)
      const mayCome = ({ link, state }: Attached) =>
        (late.isBeside || (state.said.get(feed) ?? -1) >= next) &&
        !this.#replica.mustWait({ ...late, from: link.peer })
      const hasCome = !late.isBeside && late.seq < next
      if (!hasCome && !all.some(mayCome)) continue
      this.#late.delete(feed)
      // Of another branch nothing seems to be lacking.
      if (late.isBeside)
        for (const one of all) this.#step(one, openAgain(one.standing, this.#holdings(one.link)))
    }
  }

  /** Whether a feed is of the device at the other end. */
  #isOwn({ peer }: Link, feed: FeedId): boolean {
    return this.#replica.state.feeds.get(feed)?.device === peer
  }

  #unconfirmed({ state }: Attached): number {
    return this.#replica.feeds
      .heads()
      .reduce((sum, { feed, seq }) => sum + Math.max(0, seq - (state.said.get(feed) ?? -1)), 0)
  }

  #heldOf({ records }: Extract<SyncMessage, { type: 'segment' }>): number {
    const feed = records[0] && this.#replica.feedOfRecord(records[0])
    return feed ? this.#replica.feeds.nextSeq(feed) : 0
  }

  #bad(attached: Attached): void {
    attached.bad += 1
    if (attached.bad > MAX_BAD) attached.link.close()
  }

  #step(attached: Attached, { state, effects }: Step): void {
    const wasAgreed = attached.state.ready && attached.state.peerReady
    attached.state = state
    this.#carryOut(attached, effects)
    if (attached.state.owesLedger && attached.state.toldHeads !== this.#replica.ledgerHeads().join())
      this.#tellLedgerSoon()
    const { standing, greeting, link } = attached
    const isAgreed = attached.state.ready && attached.state.peerReady
    if (isAgreed && !wasAgreed) {
      this.#boxesAsked.look()
      this.#onRequest.agreed(attached.link)
    }
    if (this.#replica.awaitsOthers && greeting && isAgreed && standing === 'full')
      this.#replica.heardFrom(link.peer, greeting)
  }

  #carryOut(attached: Attached, effects: readonly Effect[]): void {
    for (const effect of effects) this.#carry(attached, effect)
  }

  #carry(attached: Attached, effect: Effect): void {
    const { link } = attached
    switch (effect.type) {
      case 'send':
        if (this.#paused.read() && CONTENT.has(effect.message.type)) return
        this.#send(link, effect.message)
        if (effect.message.type === 'have') this.#flights.begin(link, attached.state.said)
        if (effect.message.type === 'want') this.#askedEntries.note(link, effect.message.want)
        if (effect.message.type === 'wantBoxes') this.#askedBoxes.note(link, effect.message.epochs)
        if (effect.message.type === 'want' || effect.message.type === 'wantBoxes') this.#awaitAnswers()
        return
      case 'absorbEntries':
        return this.#absorbEntries(attached, effect.entries)
      case 'absorbSegment': {
        this.#flights.moved(link)
        if (attached.standing === 'narrow' && !this.#isPeers(link, effect)) return this.#bad(attached)
        return this.#absorb(attached, effect.records, effect.seal)
      }
      case 'serve': {
        if (this.#paused.read()) return
        const { feed, from } = effect
        if (attached.isFull) return
        attached.busy += 1
        this.#beginIfSame(attached)
        attached.tally.toSend += Math.max(0, this.#replica.feeds.nextSeq(feed) - from)
        const fork = effect.fork ?? (from === 0 ? this.#replica.feeds.forkOf(feed) : null)
        const isPeers = this.#isOwn(link, feed)
        if (fork !== null) this.#forksTold.begins(link, feed, { fork, isPeers })
        attached.serving = attached.serving
          .then(() => this.#serve(attached, feed, from))
          .finally(() => (attached.busy -= 1))
        return
      }
      case 'serveBoxes':
        return this.#boxesAsked.wants(link, effect.epochs)
      case 'absorbBoxes':
        return this.#replica.absorbBoxes(effect.epoch, effect.boxes)
      case 'absorbBox':
        return this.#replica.absorbBox(effect.epoch, effect.box, effect.path)
      case 'serveWelcome':
        return this.#onRequest.wantsWelcome(link)
      case 'absorbWelcome':
        this.#gave.set(link.id, this.#wordFrom(attached))
        return this.#replica.absorbWelcome(effect.welcome, (feed) => attached.state.held?.get(feed) ?? -1)
      case 'serveParts':
        return this.#onRequest.wantsParts(link, effect.parts)
      case 'absorbPart':
        this.#replica.checkpoints.absorbBlob(effect.part)
        // A manifest names further parts: they are asked for at once.
        return this.#step(attached, ledgerMoved(attached.state, attached.standing, this.#holdings(link)))
      case 'noteFull':
        attached.isFull = true
        return
    }
  }

  /** They lie on the disk with their key, or a moment after. Who holds the key without them had it from a box of its own. */
  async #findBoxes(link: Link, epoch: EpochId): Promise<SyncMessage | 'later' | null> {
    const attached = this.#attached.get(link.id)
    const boxes = attached ? await this.#boxesFor(attached, epoch) : null
    if (boxes || !attached) return boxes
    if (!this.#replica.keyring.has(epoch)) return 'later'
    await this.#replica.settled()
    return this.#boxesFor(attached, epoch)
  }

  /** What is given for the asking: boxes over a sealed link too, and while written content is held back. */
  #mayHave({ id }: Link, over: 'full' | 'full or sealed'): 'now' | 'later' | 'never' {
    const { standing, state } = this.#attached.get(id) ?? { standing: null, state: null }
    const may =
      over === 'full' ? standing === 'full' && !this.#paused.read() : standing && carriesAll(standing)
    if (!may || !state) return 'never'
    return state.ready && state.peerReady ? 'now' : 'later'
  }

  /** A device gets its own box of many; a keeper, which has none, all of them to hand on. */
  async #boxesFor({ link, standing }: Attached, epoch: EpochId): Promise<SyncMessage | null> {
    if (standing !== 'sealed') return this.#replica.boxesFor(epoch, link.peer)
    const boxes = await this.#replica.boxes(epoch)
    return boxes && { type: 'boxes', epoch, boxes }
  }

  /** Many of them in slices. Whatever the peer sends meanwhile waits its turn behind them: ledger before content. */
  #absorbEntries(attached: Attached, entries: readonly Uint8Array[]): void {
    const rest = entries.slice(SLICE)
    if (rest.length > 0) attached.behind ??= { messages: [], bytes: 0 }
    this.#replica.absorbEntries(entries.slice(0, SLICE), attached.link.peer)
    if (rest.length > 0)
      return void nextTurn().then(() => {
        if (this.#attached.has(attached.link.id)) this.#absorbEntries(attached, rest)
      })
    const { messages } = attached.behind ?? { messages: [] }
    attached.behind = null
    // Even when nothing was new, the peer's heads may now all be known.
    this.#moveOn(attached)
    // Also those behind a message of many entries, in which case they wait again.
    for (const message of messages) this.#receive(attached, message)
  }

  #moveOn(attached: Attached): void {
    if (!this.#judge(attached) || attached.behind) return
    this.#step(attached, ledgerMoved(attached.state, attached.standing, this.#holdings(attached.link)))
  }

  #isPeers(link: Link, effect: Extract<Effect, { type: 'absorbSegment' }>): boolean {
    const feed = this.#replica.feedOfRecord(effect.records[0]!)
    return feed !== null && this.#isOwn(link, feed)
  }

  async #serve(attached: Attached, feed: FeedId, from: number): Promise<void> {
    const promised = this.#replica.feeds.nextSeq(feed)
    let next = from
    try {
      next = await this.#serveFrom(attached, feed, from)
    } finally {
      // What did not go now is promised anew when it does.
      attached.tally.delivered(Math.max(0, promised - next))
      this.#move()
    }
  }

  /** @returns how far it came. */
  async #serveFrom(attached: Attached, feed: FeedId, from: number): Promise<number> {
    await this.#replica.settled()
    const end = this.#replica.feeds.nextSeq(feed)
    let next = from
    for await (const run of this.#replica.packs.read(feed, from)) {
      await attached.link.drained()
      if (!this.#mayServe(attached)) {
        this.#forksTold.brokeOff(attached.link, feed)
        return next
      }
      this.#sendRun(attached, run, run.last + 1 - next)
      attached.state = sent(attached.state, feed, run.last)
      next = run.last + 1
    }
    // Asked twice meanwhile, it goes from the first place that did not.
    if (next < end && this.#replica.saving.read() === 'failed')
      attached.unserved.set(feed, Math.min(next, attached.unserved.get(feed) ?? next))
    if (from === 0 && this.#attached.has(attached.link.id)) this.#forksTold.sent(attached.link, feed)
    return next
  }

  /** Not while the two begin anew: it would be dropped there, and count as held here. */
  #mayServe({ link, standing, state }: Attached): boolean {
    const isAgreed = state.ready && state.peerReady
    return this.#attached.has(link.id) && carriesAll(standing) && isAgreed && !this.#paused.read()
  }

  #sendRun(
    attached: Attached,
    run: { readonly records: readonly Uint8Array[]; readonly seal: Uint8Array },
    changes: number,
  ): void {
    const bytes = this.#send(attached.link, { type: 'segment', records: run.records, seal: run.seal })
    attached.tally.passed('sent', { changes: Math.max(0, changes), bytes })
    this.#move()
  }

  #serveUnserved(): void {
    if (this.#replica.saving.read() === 'failed') return
    for (const attached of this.#attached.values())
      for (const [feed, from] of [...attached.unserved]) {
        attached.unserved.delete(feed)
        this.#carry(attached, { type: 'serve', feed, from })
      }
  }

  #absorb(attached: Attached, records: readonly Uint8Array[], seal: Uint8Array): void {
    const head = this.#replica.headOfSeal(seal)
    const first = head ? this.#replica.feeds.nextSeq(head.feed) : 0
    const before = head && this.#replica.feeds.forkOf(head.feed)
    if (head && this.#isLate(attached, { head, records, seal })) return
    if (!head || !this.#replica.absorbSegment(records, seal)) return this.#bad(attached)
    const now = this.#replica.feeds.forkOf(head.feed)
    attached.state = gaveFork(attached.state, head.feed, { before, now })
    if (attached.standing !== 'full' || attached.state.held === null) return
    attached.state = sent(attached.state, head.feed, head.seq) // whoever gave it has it
    const fresh = head.seq + 1 - first
    if (this.#replica.feeds.nextSeq(head.feed) !== head.seq + 1 || fresh < 1 || fresh > records.length) return
    this.#passOn(attached.link.peer, { feed: head.feed, first, records: records.slice(-fresh), seal })
  }

  /** What somebody just wrote goes on to neighbours who have it from nobody else: each passes it on once. */
  #passOn(from: DeviceId, run: Run): void {
    const author = this.#replica.state.feeds.get(run.feed)?.device
    const bytes = run.records.reduce((sum, { length }) => sum + length, 0)
    if (!this.#neighbourhood || !author || this.#replica.feeds.isForked(run.feed)) return
    if (run.records.length > PASSED_RECORDS || bytes > PASSED_BYTES) return
    const { mayLack } = this.#neighbourhood
    this.#push(run, ({ link, standing }) => standing === 'full' && mayLack(link.peer, { author, from }))
  }

  #push({ feed, first, records, seal }: Run, mayGet: (attached: Attached) => boolean): void {
    if (this.#paused.read()) return
    for (const attached of this.#attached.values()) {
      const held = attached.state.held?.get(feed) ?? -1
      if (held !== first - 1 || !mayPush(attached.state, feed, this.#holdings(attached.link))) continue
      if (attached.isFull || !mayGet(attached)) continue
      attached.state = sent(attached.state, feed, first + records.length - 1)
      this.#beginIfSame(attached)
      attached.tally.toSend += records.length
      const pass = () => this.#sendRun(attached, { records, seal }, records.length)
      if (attached.busy === 0) pass()
      else attached.serving = attached.serving.then(() => void (this.#mayServe(attached) && pass()))
    }
  }

  #broadcast(message: SyncMessage): void {
    for (const { link, state, standing } of this.#attached.values())
      if (carriesAll(standing) && state.ready && state.peerReady) this.#send(link, message)
  }

  #ledgerMoved(): void {
    // All of them before any hears a word: what takes the place from one may be followed by what is not for them.
    for (const attached of [...this.#attached.values()]) this.#judge(attached)
    this.#expectBoxes()
    for (const attached of [...this.#attached.values()]) {
      this.#moveOn(attached)
    }
    this.#boxesAsked.look()
    this.#move()
  }

  #tellLedgerSoon(): void {
    this.#tellingLedger ??= this.#clock.after(TELL_LEDGER_MS, () => {
      this.#tellingLedger = null
      for (const attached of [...this.#attached.values()])
        this.#step(attached, tellLedger(attached.state, this.#holdings(attached.link)))
    })
  }

  /** Who makes an epoch sends its boxes, behind the act, to all it is linked with by then. */
  #expectBoxes(): void {
    for (const epoch of this.#replica.missingBoxes()) {
      const maker = this.#replica.state.epochs.get(epoch)?.author
      const comes = [...this.#attached.values()].some(
        ({ link, state }) =>
          link.peer === maker && carriesAll(state.standing) && state.ready && state.peerReady,
      )
      if (!comes) continue
      this.#askedBoxes.comes(epoch)
      this.#awaitAnswers()
    }
  }

  /** Whoever was asked for entries or boxes and does not give them is not the last to be asked. */
  #awaitAnswers(): void {
    this.#answering ??= this.#clock.after(ANSWER_MS, () => {
      this.#answering = null
      this.#askOthers()
    })
  }

  #askOthers(): void {
    const boxes = new Set(this.#replica.missingBoxes())
    const waitsForEntries = this.#askedEntries.keep((id) => !this.#replica.isSettled(id))
    const waitsForBoxes = this.#askedBoxes.keep((epoch) => boxes.has(epoch))
    if (!waitsForEntries && !waitsForBoxes) return
    for (const attached of [...this.#attached.values()]) if (attached.state.theirHeads) this.#moveOn(attached)
    this.#awaitAnswers()
  }

  #tellSoon(): void {
    this.#telling ??= this.#clock.after(TELL_MS, () => {
      this.#telling = null
      this.#tell()
    })
  }

  /** Whoever was not told what is held here, since it came from somebody else, is told when it came. */
  #tellOwed(): void {
    const owed = () => [...this.#attached.values()].filter(({ state }) => state.owes)
    for (const attached of owed())
      this.#step(attached, tellOwed(attached.state, this.#holdings(attached.link)))
    if (this.#waiting || owed().length === 0) return
    this.#waiting = this.#clock.after(STALLED_MS, () => {
      this.#waiting = null
      this.#tellOwed()
    })
  }

  #tellAgain(): void {
    this.#again = this.#clock.after(TELL_AGAIN_MS, () => {
      this.#askOnceMore()
      this.#letLateCome()
      for (const attached of this.#attached.values()) this.#lookIfLevel(attached)
      for (const attached of [...this.#attached.values()]) this.#askAgain(attached)
      this.#tell()
      this.#tellAgain()
    })
  }

  /** Who could give no welcome then (its disk took nothing, say) may now. Each time later than the last, but for the first welcome. */
  #askOnceMore(): void {
    if (this.#replica.needsWelcome()) return this.#asked.clear()
    if (!this.#onceMore.isDue()) return
    for (const id of this.#asked) {
      const attached = this.#attached.get(id)
      // Whoever gave one may have more to give since what they hold, or what is known of anybody, is another.
      if (!attached || this.#gave.get(id) !== this.#wordFrom(attached)) this.#asked.delete(id)
    }
  }

  #wordFrom({ state }: Attached): string {
    const said = [...state.said].map(([feed, seq]) => `${feed}:${seq}`).sort()
    return [...this.#replica.ledgerHeads(), ...said].join()
  }

  /**
   * Whether all that the peer holds is here. Acts come before what was written, and its word of that a moment after: so it counts
   * with the acts of the last round.
   */
  #lookIfLevel(attached: Attached): void {
    const { link, standing, state, levelUpon } = attached
    const isAgreed = carriesAll(standing) && state.ready && state.peerReady && !this.#paused.read()
    const { feeds } = this.#replica
    // What has to wait is not here.
    const isLevel =
      isAgreed && state.held !== null && [...state.said].every(([feed, seq]) => seq < feeds.nextSeq(feed))
    attached.levelUpon = isLevel ? this.#replica.ledger.heads() : null
    if (isLevel && levelUpon) this.#replica.isLevelWith(link.peer, levelUpon)
  }

  /**
   * What came before the act it hangs on was let go of, and the peer takes it for delivered; or the peer takes both for agreed on
   * who belongs, because this end began anew and it did not hear of it. Each time later than the last.
   */
  #askAgain(attached: Attached): void {
    const { state, tally, patience, entriesHeard } = attached
    // A newcomer and who paused let go of everything, and begin anew when that ends.
    const isWaiting = !this.#paused.read() && !this.#replica.needsWelcome()
    const { bytes, changes } = tally.received
    const arrivals =
      state.ready && state.peerReady
        ? { lacking: isWaiting ? this.#lackingFrom(attached) : 0, came: bytes, taken: changes }
        : { lacking: attached.behind === null ? 1 : 0, came: -entriesHeard, taken: -entriesHeard }
    if (patience.isOut(arrivals))
      this.#step(attached, openAgain(attached.standing, this.#holdings(attached.link)))
  }

  #tell(): void {
    for (const attached of [...this.#attached.values()])
      this.#step(attached, holdingsMoved(attached.state, this.#holdings(attached.link)))
  }

  /** @returns how many bytes that is. */
  #send(link: Link, message: SyncMessage): number {
    const attached = HANGS.has(message.type) ? this.#attached.get(link.id) : undefined
    if (attached) this.#step(attached, giveLedger(attached.state, this.#holdings(link)))
    const bytes = encodeSyncMessage(message)
    link.send('records', bytes)
    return bytes.length
  }

  /**
   * A welcome is a whole document: one peer is asked, and the next only when that one has had its time. Once all were
   * asked in vain, nobody is until something else is lacking, or somebody else is there.
   */
  #mayAskForWelcome({ id, peer }: Link): boolean {
    const lacking = this.#replica.lacking()
    const question = lacking ?? this.#replica.secondWordFrom(peer)
    // Whose own word it is about is not asked, and does not end the question to others.
    if (question === null && this.#replica.handedOver?.check === 'alone') return false
    if (question !== this.#lacking) {
      this.#asked.clear()
      this.#gave.clear()
      this.#onceMore.beginAnew()
    }
    this.#lacking = question
    if (question === null || this.#asking || this.#asked.has(id)) return false
    this.#asked.add(id)
    this.#asking = this.#clock.after(WELCOME_MS, () => {
      this.#asking = null
      this.#tell()
    })
    return true
  }

  #forkToTell(link: Link, feed: FeedId): string | null {
    const fork = this.#replica.feeds.forkOf(feed)
    if (fork === null) return null
    const isPeers = this.#isOwn(link, feed)
    return this.#forksTold.mayTell(link, feed, { fork, isPeers }) ? fork : null
  }

  /**
   * Whether a device that makes an epoch tells this neighbour of it itself, as far as is known here. Before both have agreed on who
   * belongs nothing that is under its key passes.
   */
  #reaches(maker: DeviceId, { id, peer }: Link): boolean {
    const state = this.#attached.get(id)?.state
    if (maker === this.#replica.own.id || maker === peer || !state?.ready || !state.peerReady) return true
    return this.#neighbourhood?.mayLack(peer, { author: maker, from: maker }) === false
  }

  #holdings(link: Link): Holdings {
    const { ledger } = this.#replica
    return {
      ledgerHeads: () => this.#replica.ledgerHeads(),
      ledgerMarks: () => this.#replica.ledgerMarks(),
      askedElsewhere: () => this.#askedEntries.elsewhere(link).filter((id) => !this.#replica.isSettled(id)),
      mayWait: (have) => this.#replica.mayWait(have, (maker) => this.#reaches(maker, link)),
      settled: (id) => this.#replica.isSettled(id),
      missing: () => ledger.missing(),
      entriesSince: (have) => this.#replica.entriesSince(have),
      heads: () => this.#replica.feeds.heads(),
      forkToTell: (feed) => this.#forkToTell(link, feed),
      recordAt: (feed, seq) => this.#replica.feeds.recIdAt(feed, seq),
      feedIsPeers: (feed) => this.#isOwn(link, feed),
      // Who was suspended as soon as it made an epoch is the only one to have its boxes.
      missingBoxes: () =>
        this.#replica
          .missingBoxes()
          .filter(
            (epoch) =>
              this.#attached.get(link.id)?.standing === 'narrow' || this.#askedBoxes.mayAsk(link, epoch),
          ),
      epochIsPeers: (epoch) => ledger.state().epochs.get(epoch)?.author === link.peer,
      needsWelcome: () => this.#replica.needsWelcome(),
      mayAskForWelcome: () => this.#mayAskForWelcome(link),
      missingParts: () => this.#replica.checkpoints.missingBlobs(link.peer),
      comesOtherwise: (said) => this.#flights.comesOtherwise(link, said),
      now: () => this.#clock.now(),
    }
  }
}
