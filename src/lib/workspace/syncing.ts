import type { Clock } from '../core/clock.ts'
import type { DeviceId, EntryId, FeedId } from '../core/ids.ts'
import { nextTurn } from '../core/next-turn.ts'
import { Cell, type Watched } from '../core/watched.ts'
import {
  holdingsMoved,
  ledgerMoved,
  mayPush,
  onMessage,
  openAgain,
  openLink,
  sent,
  type Effect,
  type Holdings,
  type LinkState,
  type Step,
} from '../sync/engine.ts'
import type { Link, Standing } from '../sync/ports.ts'
import { encodeSyncMessage, parseSyncMessage, type SyncMessage } from '../wire/sync.ts'
import { Replica } from './replica.ts'

/** After this long without news, say again how far we hold: heals what a lost neighbour did not pass on. Milliseconds. */
const TELL_AGAIN_MS = 25_000
/** Records of others are not passed on one by one: after this long, neighbours who lack them are told. Milliseconds. */
const TELL_MS = 1000
/** How long a peer is given to send a welcome before another one is asked. Milliseconds. */
const WELCOME_MS = 3000
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
}

export type Progress = { readonly done: number; readonly total: number }

/** Carries bytes between links and the replica, as `sync/engine.ts` decides. */
export class Syncing {
  readonly #replica: Replica
  readonly #clock: Clock
  readonly #attached = new Map<string, Attached>()
  readonly #progress = new Cell<Progress | null>(null)
  readonly #moved = new Cell(0)
  readonly #stops: (() => void)[] = []
  /** Links that were asked for a welcome in this round, and the time the last of them is given. */
  readonly #asked = new Set<string>()
  #lacking: string | null = null
  /** `device feed`: whom both branches of a forked feed were sent already. Of its own feed a device is told on every link: it may be two. */
  readonly #toldOfFork = new Set<string>()
  #asking: (() => void) | null = null
  #telling: (() => void) | null = null
  #again: (() => void) | null = null

  constructor(replica: Replica, clock: Clock) {
    this.#replica = replica
    this.#clock = clock
    this.#stops.push(
      replica.on({
        ledgerMoved: () => this.#ledgerMoved(),
        wrote: (record, seal) => this.#push(record.wire, Replica.sealWire(seal), seal.feed, seal.seq),
        rotated: (epoch, boxes) => this.#broadcast({ type: 'boxes', epoch, boxes }),
        holdingsMoved: () => this.#tellSoon(),
      }),
      replica.saving.watch(() => this.#serveUnserved()),
    )
    this.#tellAgain()
  }

  /** What is being sent just now, over all links. */
  get progress(): Watched<Progress | null> {
    return this.#progress
  }

  /** Something about what peers hold or know changed. */
  get moved(): Watched<number> {
    return this.#moved
  }

  /** Begins exchanging over a link. Returns how its standing is changed, and how it is left. */
  attach(link: Link, standing: Standing): { judge(standing: Standing): void; detach(): void } {
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
    }
    this.#attached.set(link.id, attached)
    const stop = link.receive('records', (bytes) => this.#receive(attached, bytes))
    this.#carryOut(attached, opened.effects)
    const detach = () => {
      stop()
      this.#attached.delete(link.id)
      this.#moved.set(this.#moved.read() + 1)
    }
    link.closed(detach)
    return {
      judge: (next) => {
        // What the peer sent while it was heard for its own feeds only was let go of, and it takes it for delivered.
        const startsOver = attached.standing === 'narrow' && next === 'full'
        attached.standing = next
        if (startsOver) return this.#step(attached, openAgain(next, this.#holdings(link)))
        this.#step(attached, ledgerMoved(attached.state, next, this.#holdings(link)))
      },
      detach,
    }
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

  /** Whether anything but the ledger may pass: both hold the same acts, and the peer is in good standing. */
  isOpen(link: Link): boolean {
    const attached = this.#attached.get(link.id)
    return attached?.standing === 'full' && attached.state.ready && attached.state.peerReady
  }

  stop(): void {
    this.#telling?.()
    this.#again?.()
    this.#asking?.()
    for (const stop of this.#stops) stop()
    this.#attached.clear()
  }

  #receive(attached: Attached, bytes: Uint8Array): void {
    const { behind } = attached
    if (behind) {
      behind.messages.push(bytes)
      behind.bytes += bytes.length + MESSAGE_BYTES
      return behind.bytes > MAX_BEHIND_BYTES ? attached.link.close() : undefined
    }
    const message = parseSyncMessage(bytes)
    if (!message.ok) return this.#bad(attached)
    this.#step(attached, onMessage(attached.state, message.value, this.#holdings(attached.link)))
    this.#moved.set(this.#moved.read() + 1)
  }

  #bad(attached: Attached): void {
    attached.bad += 1
    if (attached.bad > MAX_BAD) attached.link.close()
  }

  #step(attached: Attached, { state, effects }: Step): void {
    attached.state = state
    this.#carryOut(attached, effects)
  }

  #carryOut(attached: Attached, effects: readonly Effect[]): void {
    for (const effect of effects) this.#carry(attached, effect)
  }

  #carry(attached: Attached, effect: Effect): void {
    const { link } = attached
    switch (effect.type) {
      case 'send':
        return this.#send(link, effect.message)
      case 'absorbEntries':
        return this.#absorbEntries(attached, effect.entries)
      case 'absorbSegment': {
        const seal = effect.seal
        if (attached.standing === 'narrow' && !this.#isPeers(link, effect)) return this.#bad(attached)
        if (!this.#replica.absorbSegment(effect.records, seal)) this.#bad(attached)
        return
      }
      case 'serve': {
        const { feed, from } = effect
        attached.busy += 1
        attached.serving = attached.serving
          .then(() => this.#serve(attached, feed, from))
          .finally(() => (attached.busy -= 1))
        return
      }
      case 'serveBoxes':
        for (const epoch of effect.epochs)
          void this.#replica.boxesFor(epoch, link.peer).then((boxes) => {
            if (boxes && attached.standing === 'full') this.#send(link, boxes)
          })
        return
      case 'absorbBoxes':
        return this.#replica.absorbBoxes(effect.epoch, effect.boxes)
      case 'absorbBox':
        return this.#replica.absorbBox(effect.epoch, effect.box, effect.path)
      case 'serveWelcome':
        void this.#replica.welcomeOnDisk().then((welcome) => {
          if (welcome && attached.standing === 'full') this.#send(link, { type: 'welcome', welcome })
        })
        return
      case 'absorbWelcome':
        return this.#replica.absorbWelcome(effect.welcome, (feed) => attached.state.held?.get(feed) ?? -1)
      case 'serveParts':
        for (const digest of effect.parts) {
          const part = this.#replica.checkpoints.blob(digest)
          if (part) this.#send(link, { type: 'part', part })
        }
        return
      case 'absorbPart':
        this.#replica.checkpoints.absorbBlob(effect.part)
        // A manifest names further parts: they are asked for at once.
        return this.#step(attached, ledgerMoved(attached.state, attached.standing, this.#holdings(link)))
    }
  }

  /** Many of them in slices. Whatever the peer sends meanwhile waits its turn behind them: ledger before content. */
  #absorbEntries(attached: Attached, entries: readonly Uint8Array[]): void {
    const rest = entries.slice(SLICE)
    if (rest.length > 0) attached.behind ??= { messages: [], bytes: 0 }
    this.#replica.absorbEntries(entries.slice(0, SLICE))
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
    if (attached.behind) return
    this.#step(attached, ledgerMoved(attached.state, attached.standing, this.#holdings(attached.link)))
  }

  #isPeers(link: Link, effect: Extract<Effect, { type: 'absorbSegment' }>): boolean {
    const feed = this.#replica.feedOfRecord(effect.records[0]!)
    return feed !== null && this.#holdings(link).feedIsPeers(feed)
  }

  async #serve(attached: Attached, feed: FeedId, from: number): Promise<void> {
    await this.#replica.settled()
    const end = this.#replica.feeds.nextSeq(feed)
    const total = end - from
    let next = from
    let done = 0
    const tellsOfFork = from === 0 && this.#replica.feeds.isForked(feed)
    for await (const run of this.#replica.packs.read(feed, from)) {
      await attached.link.drained()
      if (!this.#attached.has(attached.link.id) || attached.standing !== 'full')
        return this.#progress.set(null)
      this.#send(attached.link, { type: 'segment', records: run.records, seal: run.seal })
      attached.state = sent(attached.state, feed, run.last)
      next = run.last + 1
      done += run.records.length
      this.#progress.set(done < total ? { done, total } : null)
    }
    if (next < end && this.#replica.saving.read() === 'failed') attached.unserved.set(feed, next)
    if (tellsOfFork && !this.#holdings(attached.link).feedIsPeers(feed))
      this.#toldOfFork.add(`${attached.link.peer} ${feed}`)
    this.#progress.set(null)
  }

  #serveUnserved(): void {
    if (this.#replica.saving.read() === 'failed') return
    for (const attached of this.#attached.values())
      for (const [feed, from] of [...attached.unserved]) {
        attached.unserved.delete(feed)
        this.#carry(attached, { type: 'serve', feed, from })
      }
  }

  #push(record: Uint8Array, seal: Uint8Array, feed: FeedId, seq: number): void {
    for (const attached of this.#attached.values()) {
      const held = attached.state.held?.get(feed) ?? -1
      if (held !== seq - 1 || !mayPush(attached.state, feed, this.#holdings(attached.link))) continue
      attached.state = sent(attached.state, feed, seq)
      const pass = () => this.#send(attached.link, { type: 'segment', records: [record], seal })
      if (attached.busy === 0) pass()
      else attached.serving = attached.serving.then(() => void (attached.standing !== 'narrow' && pass()))
    }
  }

  #broadcast(message: SyncMessage): void {
    for (const { link, state, standing } of this.#attached.values())
      if (standing === 'full' && state.ready && state.peerReady) this.#send(link, message)
  }

  #ledgerMoved(): void {
    for (const attached of [...this.#attached.values()]) this.#moveOn(attached)
    this.#moved.set(this.#moved.read() + 1)
  }

  #tellSoon(): void {
    this.#telling ??= this.#clock.after(TELL_MS, () => {
      this.#telling = null
      this.#tell()
    })
  }

  #tellAgain(): void {
    this.#again = this.#clock.after(TELL_AGAIN_MS, () => {
      if (this.#replica.needsWelcome()) this.#asked.clear()
      this.#tell()
      this.#tellAgain()
    })
  }

  #tell(): void {
    for (const attached of [...this.#attached.values()])
      this.#step(attached, holdingsMoved(attached.state, this.#holdings(attached.link)))
  }

  #send(link: Link, message: SyncMessage): void {
    link.send('records', encodeSyncMessage(message))
  }

  /**
   * A welcome is a whole document: one peer is asked, and the next only when that one has had its time. Once all were
   * asked in vain, nobody is until something else is lacking, or somebody else is there.
   */
  #mayAskForWelcome({ id }: Link): boolean {
    const lacking = this.#replica.lacking()
    if (lacking !== this.#lacking) this.#asked.clear()
    this.#lacking = lacking
    if (lacking === null || this.#asking || this.#asked.has(id)) return false
    this.#asked.add(id)
    this.#asking = this.#clock.after(WELCOME_MS, () => {
      this.#asking = null
      this.#tell()
    })
    return true
  }

  #holdings(link: Link): Holdings {
    const { ledger } = this.#replica
    return {
      ledgerHeads: () => this.#replica.ledgerHeads(),
      settled: (id) => this.#replica.isSettled(id),
      missing: () => ledger.missing(),
      entriesSince: (have) => this.#replica.entriesSince(have),
      heads: () => this.#replica.feeds.heads(),
      tellsOfFork: (feed) =>
        this.#replica.feeds.isForked(feed) && !this.#toldOfFork.has(`${link.peer} ${feed}`),
      recordAt: (feed, seq) => this.#replica.feeds.recIdAt(feed, seq),
      feedIsPeers: (feed) => ledger.state().feeds.get(feed)?.device === link.peer,
      missingBoxes: () => this.#replica.missingBoxes(),
      needsWelcome: () => this.#replica.needsWelcome(),
      mayAskForWelcome: () => this.#mayAskForWelcome(link),
      missingParts: () => this.#replica.checkpoints.missingBlobs(link.peer),
    }
  }
}
