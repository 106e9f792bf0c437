import type { Clock } from '../lib/core/clock.ts'
import type { DeviceId, FeedId } from '../lib/core/ids.ts'
import { Cell, type Watched } from '../lib/core/watched.ts'
import { Exchange, type Passes } from '../lib/sync/blobs-exchange.ts'
import { BoxesAsked } from '../lib/sync/boxes-asked.ts'
import {
  carriesAll,
  holdingsMoved,
  ledgerMoved,
  onMessage,
  openAgain,
  openLink,
  sent,
  type Effect,
  type Holdings,
  type LinkState,
  type Step,
} from '../lib/sync/engine.ts'
import { ForksTold } from '../lib/sync/forks-told.ts'
import { lackingFrom } from '../lib/sync/lacking.ts'
import { Patience } from '../lib/sync/patience.ts'
import type { Link, Standing } from '../lib/sync/ports.ts'
import { encodeSyncMessage, parseSyncMessage, type Head, type SyncMessage } from '../lib/wire/sync.ts'
import type { Keeping, Taken } from './keeping.ts'

/** As members do: what is new is told after a moment, and everything again after a while. ms. */
const TELL_MS = 1000
const TELL_AGAIN_MS = 25_000
/** A peer that keeps sending what does not parse or does not hold is not worth the current. */
const MAX_BAD = 64

type Attached = {
  readonly link: Link
  state: LinkState
  standing: Standing
  bad: number
  serving: Promise<void>
  /** Segments that came, and how many of them were taken. */
  came: number
  taken: number
  readonly patience: Patience
  toldFull: boolean
}

/** Carries bytes between links and what a keeper keeps, as `sync/engine.ts` decides: the same that members’ devices do. */
export class Links {
  readonly #keeping: Keeping
  readonly #clock: Clock
  readonly #attached = new Map<string, Attached>()
  readonly #count = new Cell(0)
  /** `device feed`: who was given the chance to send the beginning of a feed that is missing here. */
  readonly #asked = new Set<string>()
  readonly #forksTold: ForksTold
  readonly #boxesAsked: BoxesAsked
  /** What passes of what circles give to carry, from when it keeps for somebody. */
  #exchange: Exchange | null = null
  readonly #unwatch: () => void
  #telling: (() => void) | null = null
  #again: () => void

  constructor(keeping: Keeping, clock: Clock) {
    this.#keeping = keeping
    this.#clock = clock
    this.#forksTold = new ForksTold(clock)
    this.#boxesAsked = new BoxesAsked({
      clock,
      isKnown: (epoch) => keeping.state?.epochs.has(epoch) ?? false,
      hasCome: () => false,
      find: async (_, epoch) => {
        const boxes = await keeping.boxes(epoch)
        return boxes && { type: 'boxes', epoch, boxes }
      },
      mayHave: (link) => this.#mayHaveBoxes(link),
      send: (link, message) => this.#send(link, message),
    })
    const stops = [
      keeping.changed.watch(() => this.#tellSoon()),
      keeping.room.state.watch(() => this.#roomMoved()),
    ]
    this.#unwatch = () => stops.forEach((stop) => stop())
    this.#again = clock.after(TELL_AGAIN_MS, () => this.#tellAgain())
  }

  /** Links that stand. */
  get count(): Watched<number> {
    return this.#count
  }

  attach(link: Link, standing: Standing): { judge(standing: Standing): void } {
    const opened = openLink(standing, this.#holdings(link))
    const attached: Attached = {
      link,
      state: opened.state,
      standing,
      bad: 0,
      serving: Promise.resolve(),
      came: 0,
      taken: 0,
      patience: new Patience(),
      toldFull: false,
    }
    this.#attached.set(link.id, attached)
    this.#count.set(this.#attached.size)
    link.receive('records', (bytes) => this.#receive(attached, bytes))
    // Whatever else is said on a link is between members.
    for (const stream of ['control', 'live'] as const) link.receive(stream, () => {})
    this.#carryOut(attached, opened.effects)
    this.#carryForCircles(attached)
    this.#tellSoon()
    link.closed(() => {
      this.#attached.delete(link.id)
      this.#forksTold.ended(link)
      this.#boxesAsked.ended(link)
      this.#count.set(this.#attached.size)
    })
    return {
      judge: (next) => {
        if (attached.standing === next) return
        attached.standing = next
        this.#step(attached, ledgerMoved(attached.state, next, this.#holdings(link)))
      },
    }
  }

  /** Until everything asked for so far was sent, or its link is gone, and what circles gave is on the disk. */
  async served(): Promise<void> {
    await Promise.all([...this.#attached.values()].map(({ serving }) => serving))
    await this.#exchange?.settled()
  }

  stop(): void {
    this.#unwatch()
    this.#boxesAsked.close()
    this.#telling?.()
    this.#again()
    this.#attached.clear()
  }

  #receive(attached: Attached, bytes: Uint8Array): void {
    const message = parseSyncMessage(bytes)
    if (!message.ok) return this.#bad(attached)
    this.#forksTold.heard(attached.link)
    if (message.value.type === 'again') this.#forksTold.letGo(attached.link)
    this.#step(attached, onMessage(attached.state, message.value, this.#holdings(attached.link)))
  }

  #bad(attached: Attached): void {
    attached.bad += 1
    if (attached.bad > MAX_BAD) attached.link.close()
  }

  #step(attached: Attached, { state, effects }: Step): void {
    attached.state = state
    this.#carryOut(attached, effects)
    this.#boxesAsked.look()
    this.#exchange?.look()
  }

  #carryForCircles(attached: Attached): void {
    const { blobs } = this.#keeping
    this.#exchange ??= blobs && new Exchange({ shelf: blobs, clock: this.#clock })
    if (this.#exchange) this.#exchange.attach(attached.link, () => this.#passes(attached))
    else attached.link.receive('files', () => {})
  }

  #mayHaveBoxes({ id }: Link): 'now' | 'later' | 'never' {
    const attached = this.#attached.get(id)
    if (!attached || !carriesAll(attached.standing)) return 'never'
    return attached.state.ready && attached.state.peerReady ? 'now' : 'later'
  }

  #passes({ standing, state }: Attached): Passes {
    const isIn = standing === 'sealed' && this.#keeping.standing() === 'active'
    return isIn && state.ready && state.peerReady ? 'carried' : 'nothing'
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
        // When they are on the disk, or it took none, everybody hears of it, this peer too: its heads may now all be known.
        void this.#keeping.absorbEntries(effect.entries).then((taken) => {
          this.#hear(attached, taken)
          this.#ledgerMoved()
        })
        return
      case 'absorbSegment':
        if (attached.standing === 'narrow' && !this.#keeping.isSealOf(link.peer, effect.seal))
          return this.#bad(attached)
        attached.came += 1
        void this.#keeping.absorbSegment(effect.records, effect.seal).then((taken) => {
          if (taken === 'taken') attached.taken += 1
          this.#hear(attached, taken)
        })
        return
      case 'absorbBoxes':
        void this.#keeping
          .absorbBoxes(effect.epoch, effect.boxes)
          .then((taken) => this.#hear(attached, taken))
        return
      case 'serve': {
        const { feed, from } = effect
        const fork = effect.fork ?? (from === 0 ? (this.#keeping.shelf?.forkOf(feed) ?? null) : null)
        if (fork !== null) this.#forksTold.begins(link, feed, { fork, isPeers: false })
        attached.serving = attached.serving.then(() => this.#serve(attached, feed, from))
        return
      }
      case 'serveBoxes':
        return this.#boxesAsked.wants(link, effect.epochs)
      // A keeper has no welcome and no part of a checkpoint, and no single box is for it.
      case 'absorbBox':
      case 'serveWelcome':
      case 'absorbWelcome':
      case 'serveParts':
      case 'absorbPart':
      case 'noteFull':
        return
    }
  }

  #ledgerMoved(): void {
    for (const one of [...this.#attached.values()])
      this.#step(one, ledgerMoved(one.state, one.standing, this.#holdings(one.link)))
  }

  /** Who was told that there is no room sends nothing more on that link: a new one begins anew. */
  #roomMoved(): void {
    if (this.#keeping.room.state.read() !== 'room') return
    for (const { link, toldFull } of [...this.#attached.values()]) if (toldFull) link.close()
  }

  #hear(attached: Attached, taken: Taken): void {
    if (taken === 'bad') this.#bad(attached)
    if (taken !== 'full' || attached.toldFull) return
    attached.toldFull = true
    this.#send(attached.link, { type: 'full' })
  }

  async #serve(attached: Attached, feed: FeedId, from: number): Promise<void> {
    const { shelf } = this.#keeping
    if (!shelf) return
    for await (const { records, seal, last } of shelf.read(feed, from)) {
      await attached.link.drained()
      if (!this.#attached.has(attached.link.id) || !carriesAll(attached.standing))
        return this.#forksTold.brokeOff(attached.link, feed)
      this.#send(attached.link, { type: 'segment', records, seal })
      attached.state = sent(attached.state, feed, last)
    }
    if (from === 0 && this.#attached.has(attached.link.id)) this.#forksTold.sent(attached.link, feed)
  }

  #tellSoon(): void {
    this.#telling ??= this.#clock.after(TELL_MS, () => {
      this.#telling = null
      this.#tell()
    })
  }

  #tellAgain(): void {
    void this.#keeping.writeAgain().then((taken) => {
      if (taken === 'taken') this.#ledgerMoved()
    })
    for (const attached of [...this.#attached.values()]) this.#askAgain(attached)
    this.#tell()
    this.#again = this.#clock.after(TELL_AGAIN_MS, () => this.#tellAgain())
  }

  #tell(): void {
    // Of acts the disk did not take nobody hears by their heads, and a suspension must not end here.
    if (this.#keeping.waits) this.#ledgerMoved()
    for (const attached of [...this.#attached.values()]) {
      if (attached.state.ready && attached.state.peerReady) this.#noteAsked(attached.link.peer)
      this.#step(attached, holdingsMoved(attached.state, this.#holdings(attached.link)))
    }
  }

  /** As members do. What there is no room for is not asked for. */
  #askAgain(attached: Attached): void {
    const { came, taken, toldFull } = attached
    if (attached.patience.isOut({ lacking: toldFull ? 0 : this.#lackingFrom(attached), came, taken }))
      this.#step(attached, openAgain(attached.standing, this.#holdings(attached.link)))
  }

  #lackingFrom({ link, standing, state: { said } }: Attached): number {
    const held = new Map(this.#heads(link).map(({ feed, seq }) => [feed, seq]))
    return lackingFrom(
      { standing, said },
      { nextSeq: (feed) => (held.get(feed) ?? -1) + 1, isPeers: (feed) => this.#isOwn(link, feed) },
    )
  }

  /** Whether a feed is of the device at the other end. */
  #isOwn({ peer }: Link, feed: FeedId): boolean {
    return this.#keeping.state?.feeds.get(feed)?.device === peer
  }

  #noteAsked(peer: DeviceId): void {
    for (const { feed, isWhole } of this.#keeping.shelf?.extents() ?? [])
      if (!isWhole) this.#asked.add(`${peer} ${feed}`)
  }

  #send(link: Link, message: SyncMessage): void {
    link.send('records', encodeSyncMessage(message))
  }

  /**
   * A feed whose beginning is not here is not spoken of until the peer has been asked for it, by silence: it may hold more
   * than whoever brought the rest. After a moment it is told how far the feed is held, and served from there.
   */
  #heads({ peer }: Link): readonly Head[] {
    return (this.#keeping.shelf?.extents() ?? [])
      .filter(({ feed, isWhole }) => isWhole || this.#asked.has(`${peer} ${feed}`))
      .map(({ feed, seq, rec }) => ({ feed, seq, rec }))
  }

  #holdings(link: Link): Holdings {
    const keeping = this.#keeping
    return {
      ledgerHeads: () => keeping.heads.read(),
      ledgerMarks: () => keeping.marks(),
      askedElsewhere: () => [],
      mayWait: () => false,
      settled: (id) => keeping.isSettled(id),
      missing: () => keeping.ledger?.missing() ?? [],
      entriesSince: (have) => keeping.ledger?.since(have).map(({ wire }) => wire) ?? [],
      heads: () => this.#heads(link),
      recordAt: (feed, seq) => keeping.shelf?.recordAt(feed, seq) ?? null,
      forkToTell: (feed) => {
        const fork = keeping.shelf?.forkOf(feed) ?? null
        return fork !== null && this.#forksTold.mayTell(link, feed, { fork, isPeers: false }) ? fork : null
      },
      feedIsPeers: (feed) => this.#isOwn(link, feed),
      missingBoxes: () => keeping.missingBoxes(),
      epochIsPeers: () => false,
      needsWelcome: () => false,
      mayAskForWelcome: () => false,
      missingParts: () => [],
      comesOtherwise: () => false,
      now: () => this.#clock.now(),
    }
  }
}
