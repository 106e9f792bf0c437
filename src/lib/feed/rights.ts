import type { DeviceId, EntryId, EpochId, MemberId, RecId } from '../core/ids.ts'
import type { DeviceStanding, LedgerState, LedgerView, Position } from '../ledger/types.ts'
import { nodeAt, type FeedLine, type Node } from './line.ts'
import type { BadRecord } from './types.ts'

/** What the ledger says today of a feed's device. `null`: it knows no such feed (any more). */
export type Rights = {
  readonly device: DeviceId
  readonly member: MemberId | null
  readonly standing: DeviceStanding
  readonly feedEntry: EntryId
  /** How far this feed counts when its device does not stand. */
  readonly frontier: Position | null
} | null

/**
 * The ledger, as far as records hang on it: who may write where. Made anew for every state of the ledger; `key` says
 * whether anything that was decided by the one before could be decided otherwise. Spec: feed.md §7.
 */
export class LedgerRights {
  readonly #ledger: LedgerView
  readonly #state: LedgerState
  readonly #rights = new Map<FeedLine, Rights>()
  /** Acts in force against devices: suspensions and revocations. */
  readonly #acts: ReadonlyMap<DeviceId, readonly EntryId[]>
  readonly #views = new Map<readonly EntryId[], Views>()
  readonly #closures: ClosureCache
  readonly #holds: (rec: RecId) => boolean

  constructor(ledger: LedgerView, closures: ClosureCache, holds: (rec: RecId) => boolean) {
    this.#ledger = ledger
    this.#holds = holds
    this.#state = ledger.state()
    this.#closures = closures
    const acts = new Map<DeviceId, readonly EntryId[]>()
    for (const device of this.#state.devices.values()) {
      const against = [...device.suspensions, ...device.revokedBy]
      if (against.length > 0) acts.set(device.id, against)
    }
    this.#acts = acts
  }

  /** Equal for two states that judge every record of `lines` alike, new records apart. */
  key(lines: Iterable<FeedLine>): string {
    const feeds = [...lines].map((line) => {
      const rights = this.of(line)
      return rights && [rights.device, rights.standing, rights.feedEntry, rights.frontier]
    })
    return JSON.stringify([feeds, [...this.#acts], this.#state.finals])
  }

  /** Equal on any two days on which everything at or below these positions is judged alike. */
  judgementOf(lines: Iterable<FeedLine>): string {
    const sorted = [...lines].sort((a, b) => (a.id < b.id ? -1 : 1))
    const acts = [...this.#acts].map(([device, against]) => [device, [...against].sort()] as const)
    return JSON.stringify([
      sorted.map(({ id }) => id),
      sorted.map((line) => this.of(line)),
      acts.sort(([a], [b]) => (a < b ? -1 : 1)),
      this.#state.finals,
    ])
  }

  of(line: FeedLine): Rights {
    const known = this.#rights.get(line)
    if (known !== undefined) return known
    const rights = this.#lookUp(line)
    this.#rights.set(line, rights)
    return rights
  }

  /** Counts by itself: its device stands, and its feed was not closed below it. */
  isFree(node: Node): boolean {
    return this.of(node.line)?.standing === 'active' && node.seq < node.line.closedAt
  }

  /** Counts because whoever ended its device held it, and its feed was not closed below it. */
  isWithinFrontier({ line, seq }: Node): boolean {
    const frontier = this.of(line)?.frontier
    if (!frontier || seq > frontier.seq || seq >= line.closedAt) return false
    // Below every fork all branches are one. A frontier on a branch that is not here pins nothing of the one that is.
    return this.#holds(frontier.rec) || !nodeAt(line, frontier.seq)
  }

  /**
   * Why a record may not stand where its author put it, if so: it and its feed must belong, its epoch must exist, and it
   * must not have known that itself was revoked, that another reader of its epoch was shut out, or that something it
   * builds on was. Whoever knew of an act together with what took it back did nothing wrong, also when it turns out later
   * that it was not taken back.
   */
  faultOf(node: Node): BadRecord | null {
    const rights = this.of(node.line)
    const epoch = node.epoch && this.#state.epochs.get(node.epoch)
    if (!rights) return { type: 'UnknownFeed' }
    if (!epoch) return { type: 'UnknownEpoch' }
    const { heads } = node
    if (!heads) return null
    if (!this.#knows(heads, rights.feedEntry)) return { type: 'BadHeads' }
    if (!this.#knows(heads, epoch.id)) return { type: 'UnknownEpoch' }
    const isWrong =
      this.#knowsItselfRevoked(heads, rights.device) ||
      this.#knowsReaderShutOut(heads, epoch.id, rights.device) ||
      // What a base holds counts as sound, whoever wrote it.
      node.deps.some((dep) => dep !== dep.line.root && this.isShutOutAt(heads, dep))
    return isWrong ? { type: 'BehindSuspension' } : null
  }

  /**
   * Whether whoever knows `heads` knows that this record lies above where its device was cut: now, and as they had to see it. Whoever
   * built on what counted did so in good faith, also when it is cut lower later.
   */
  isShutOutAt(heads: readonly EntryId[], { line, seq }: Node): boolean {
    const rights = this.of(line)
    const acts = rights && this.#acts.get(rights.device)
    if (!acts || seq <= (rights.frontier?.seq ?? -1)) return false
    return (
      acts.some((act) => this.#knows(heads, act)) &&
      this.#isSeenFrom(heads, (seen) => isCutIn(seen, rights.device, { line, seq }))
    )
  }

  /**
   * Whether that was so as whoever knew `heads` had to see it: with what suspensions were taken back by what they knew. Both with
   * what was final by what they had heard, and with what has become final since among it: a final checkpoint may show in hindsight
   * that a suspension never reached a device that its own phone had to hold for shut out, or the other way about.
   */
  #isSeenFrom(heads: readonly EntryId[], test: (seen: LedgerState) => boolean): boolean {
    const views = this.#views.get(heads) ?? new Views(this.#ledger, heads)
    this.#views.set(heads, views)
    return test(views.now) && test(views.then)
  }

  #lookUp(line: FeedLine): Rights {
    const feed = this.#state.feeds.get(line.id)
    const device = feed && this.#state.devices.get(feed.device)
    if (!feed || device?.kind !== 'member') return null
    return {
      device: device.id,
      member: device.member,
      standing: device.standing,
      feedEntry: feed.entry,
      frontier:
        device.standing === 'active'
          ? null
          : (device.frontier.find(({ feed: id }) => id === line.id) ?? null),
    }
  }

  #knows(heads: readonly EntryId[], id: EntryId): boolean {
    return this.#closures.has(this.#ledger, heads, id)
  }

  #knowsItselfRevoked(heads: readonly EntryId[], device: DeviceId): boolean {
    const revokedBy = this.#state.devices.get(device)?.revokedBy ?? []
    return (
      revokedBy.some((act) => this.#knows(heads, act)) &&
      this.#isSeenFrom(heads, (seen) => isShutOutIn(seen, device))
    )
  }

  /** Who was shut out too could make no better epoch: what they wrote is set aside, and counts if they come back. */
  #knowsReaderShutOut(heads: readonly EntryId[], epoch: EpochId, writer: DeviceId): boolean {
    if (this.#acts.size === 0) return false
    const readers = this.#state.epochs.get(epoch)?.recipients ?? []
    for (const [device, acts] of this.#acts)
      if (
        device !== writer &&
        readers.includes(device) &&
        acts.some((act) => this.#knows(heads, act)) &&
        this.#isSeenFrom(heads, (seen) => isShutOutIn(seen, device) && !isShutOutIn(seen, writer))
      )
        return true
    return false
  }
}

/** The state of some heads, with what is final as far as they reach, and with what was by what lies below them. */
class Views {
  readonly #ledger: LedgerView
  readonly #heads: readonly EntryId[]
  readonly now: LedgerState
  #then: LedgerState | null = null

  constructor(ledger: LedgerView, heads: readonly EntryId[]) {
    this.#ledger = ledger
    this.#heads = heads
    this.now = ledger.stateOf(heads)
  }

  get then(): LedgerState {
    return (this.#then ??= this.#ledger.checkpointState(this.#heads))
  }
}

const isShutOutIn = (seen: LedgerState, device: DeviceId): boolean =>
  seen.devices.get(device)?.standing !== 'active'

const isCutIn = (seen: LedgerState, device: DeviceId, at: Pick<Node, 'line' | 'seq'>): boolean => {
  const { standing, frontier } = seen.devices.get(device) ?? { standing: null, frontier: [] }
  if (standing === 'active') return false
  return at.seq > (frontier.find(({ feed }) => feed === at.line.id)?.seq ?? -1)
}

/** Ancestor tests of the ledger, remembered: what lies below given heads never changes. */
export class ClosureCache {
  readonly #known = new WeakMap<readonly EntryId[], Map<EntryId, boolean>>()
  readonly #interned = new Map<string, readonly EntryId[]>()

  /** One array for equal heads, so that they share what is remembered. */
  intern(heads: readonly EntryId[]): readonly EntryId[] {
    const name = heads.join()
    const known = this.#interned.get(name)
    if (known) return known
    this.#interned.set(name, heads)
    return heads
  }

  has(ledger: LedgerView, heads: readonly EntryId[], id: EntryId): boolean {
    const answers = this.#known.get(heads) ?? new Map<EntryId, boolean>()
    this.#known.set(heads, answers)
    let answer = answers.get(id)
    if (answer === undefined) {
      answer = ledger.inClosure(heads, id)
      // What is not known yet may still turn out to lie below: only then is the answer final.
      if (answer || ledger.has(id)) answers.set(id, answer)
    }
    return answer
  }
}
