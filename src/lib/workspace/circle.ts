import type { Clock, Random } from '../core/clock.ts'
import { decodeCbor, encodeCbor, type Cbor } from '../core/cbor.ts'
import { collIdFrom, entryIdFrom, idBytes, type CollId, type DeviceId, type EntryId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { hash } from '../crypto/hash.ts'
import type { DeviceState, Proposal } from '../ledger/types.ts'
import type { Link, Standing, Storage, StorageFailed } from '../sync/ports.ts'
import type { Whisper } from '../wire/circle.ts'
import type { Exchange } from '../sync/blobs-exchange.ts'
import type { Shelf } from '../sync/blobs-shelf.ts'
import { bindingFrom, cborFromBinding, type Binding } from './circle-binding.ts'
import { Carrier } from './circle-carrier.ts'
import { Gate } from './circle-gate.ts'
import { InnerLink } from './circle-link.ts'
import { Replica } from './replica.ts'
import type { SpaceRow } from './rows.ts'
import { standingOf } from './standing.ts'
import { Syncing } from './syncing.ts'

/** What a circle needs of the collective around it. */
export type Around = {
  readonly parent: Replica
  readonly exchange: Exchange
  readonly shelf: Shelf
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
  readonly whisper: (link: Link, whisper: Whisper) => void
}

type Inner = {
  called: boolean
  link: InnerLink | null
  judge: (() => void) | null
  leave: () => void
}

const MIRRORED_MOST = 3

export const CIRCLE_PREFIX = 'circle/'
const circleKey = (coll: CollId) => `${CIRCLE_PREFIX}${coll}`

/** Shorter than a name of the circle, and known to whoever is in it only. */
const tagOf = (coll: CollId) => hash('within', idBytes(coll)).slice(0, 16)

/**
 * A circle of a collective: a ledger, keys, feeds and a document of its own on the same engine, which follows whom the
 * collective pauses or revokes, speaks inside the collective’s links, and lets everybody carry for it. Spec: circle.md.
 */
export class Circle {
  readonly replica: Replica
  readonly gate: Gate
  readonly syncing: Syncing
  readonly tag: Uint8Array
  readonly #around: Around
  readonly #carrier: Carrier
  readonly #inner = new Map<string, Inner>()
  readonly #stops: (() => void)[] = []
  /** How often this device has mirrored what: a word that has no effect is not repeated for ever. */
  readonly #mirrored = new Map<EntryId, number>()
  /** The same of what it said in the place of a mirror: by act and device. */
  readonly #paused = new Map<string, number>()
  #kept = 0

  private constructor(replica: Replica, gate: Gate, around: Around) {
    this.replica = replica
    this.gate = gate
    this.tag = tagOf(replica.coll)
    this.#around = around
    this.syncing = new Syncing(replica, around.clock)
    this.#carrier = new Carrier({ ...around, replica, gate, learned: () => this.#learned() })
    this.#stops.push(
      // Of who retired, what they left may be all here now.
      replica.on({ ledgerMoved: () => this.#moved(), holdingsMoved: () => this.#judge() }),
      around.parent.on({ ledgerMoved: () => this.parentMoved() }),
    )
    this.parentMoved()
    this.#moved()
  }

  /** Begins as a founder or a newcomer. `NotBound`: a device in it does not show which device of the collective it belongs to. */
  static async begin(
    of: {
      readonly row: SpaceRow
      readonly entries: readonly Uint8Array[]
      readonly bindings: readonly Binding[]
    },
    around: Around,
  ): Promise<Result<Circle, StorageFailed | { readonly type: 'BadLedger' } | { readonly type: 'NotBound' }>> {
    const gate = new Gate(around.parent.ledger)
    gate.learn(of.bindings)
    const [genesis, ...rest] = of.entries
    if (!genesis || gate.admits([genesis]).length === 0) return err({ type: 'NotBound' })
    const entries = [genesis, ...gate.admits(rest)]
    // Which devices belong to whom lies on the disk before the first word about them.
    const kept = await around.storage.commit([rowOf(of.row.coll, around.parent.coll, gate.bindings)])
    if (!kept.ok) return kept
    const replica = await Replica.begin({ ...around, row: of.row, entries, above: gate })
    return replica.ok ? ok(new Circle(replica.value, gate, around)) : replica
  }

  static async restore(
    of: { readonly row: SpaceRow; readonly bindings: readonly Binding[] },
    around: Around,
  ): Promise<Result<Circle, StorageFailed | { readonly type: 'BadLedger' }>> {
    const gate = new Gate(around.parent.ledger, of.bindings)
    const replica = await Replica.restore({ ...around, row: of.row, above: gate })
    return replica.ok ? ok(new Circle(replica.value, gate, around)) : replica
  }

  /** Proposes somebody’s device, once it is shown which device of the collective it belongs to. `null`: it is not. */
  propose(proposal: Extract<Proposal, { action: 'admit' | 'addDevice' }>, binding: Binding): EntryId | null {
    if (!this.gate.binds(proposal, binding)) return null
    this.#learned()
    return this.replica.act({ type: 'propose', proposal })
  }

  /** A link of the collective over which anything may pass: whoever is in the circle at its end is called. */
  meet(outer: Link): void {
    const device = this.#at(outer)
    if (!device || this.#inner.has(outer.id)) return
    this.#inner.set(outer.id, { called: true, link: null, judge: null, leave: () => {} })
    outer.closed(() => this.#part(outer.id))
    this.#around.whisper(outer, { type: 'call', tag: this.tag })
  }

  /** Nothing passes over a link of the collective any more: what was said on it is said anew when it does. */
  leave(outer: Link): void {
    this.#part(outer.id)
  }

  hear(outer: Link, whisper: Extract<Whisper, { readonly tag: Uint8Array }>): void {
    const device = this.#at(outer)
    if (!device) return
    const inner = this.#inner.get(outer.id)
    switch (whisper.type) {
      case 'call':
        this.#connect(outer, device)
        return
      case 'answer':
        if (inner?.called && !inner.link) this.#connect(outer, device)
        return
      case 'bindings':
        this.gate.learn(whisper.bindings.map(bindingFrom).filter((one) => one !== null))
        return this.#learned()
      case 'say':
        return inner?.link?.deliver(whisper.stream, whisper.message)
    }
  }

  /** The collective’s ledger moved: it is mirrored at once, so that no key of this circle reaches whom it put out. */
  parentMoved(): void {
    this.#learned()
    this.replica.aboveChanged()
    this.#mirror()
  }

  /** Everything begun so far is on disk. */
  async settled(): Promise<void> {
    await this.replica.flush()
    await this.#carrier.settled()
  }

  async close(): Promise<void> {
    await this.replica.flush()
    for (const stop of this.#stops) stop()
    for (const id of [...this.#inner.keys()]) this.#part(id)
    this.#carrier.stop()
    this.syncing.stop()
    this.replica.close()
  }

  /** The device of this circle at the other end, unless it is out. */
  #at(outer: Link): DeviceId | null {
    const { devices } = this.replica.state
    const there = this.gate.devicesOf(outer.peer).filter((id) => this.#standingOf(devices.get(id)) !== null)
    return there.at(-1) ?? null
  }

  #connect(outer: Link, peer: DeviceId): void {
    this.#part(outer.id)
    const { whisper, random } = this.#around
    const link = new InnerLink({
      id: `${outer.id} ${[...random.bytes(8)].join('-')}`,
      peer,
      outer,
      say: (stream, message) => whisper(outer, { type: 'say', tag: this.tag, stream, message }),
    })
    whisper(outer, { type: 'answer', tag: this.tag })
    whisper(outer, { type: 'bindings', tag: this.tag, bindings: this.gate.bindings.map(cborFromBinding) })
    const inner: Inner = { called: true, link, judge: null, leave: () => link.close() }
    this.#inner.set(outer.id, inner)
    outer.closed(() => this.#part(outer.id))
    inner.judge = this.syncing.attach(link).judge
  }

  #standingOf(known: DeviceState | undefined): Standing | null {
    return known ? standingOf(known, (feed) => this.replica.feeds.nextSeq(feed)) : null
  }

  #part(outer: string): void {
    const inner = this.#inner.get(outer)
    this.#inner.delete(outer)
    inner?.leave()
  }

  #moved(): void {
    if (this.gate.bindings.length !== this.#kept) this.#keepBindings()
    this.#judge()
    for (const link of this.#around.exchange.openLinks()) this.meet(link)
    this.#mirror()
  }

  #judge(): void {
    for (const [id, { link, judge }] of [...this.#inner]) {
      const standing = link && this.#standingOf(this.replica.state.devices.get(link.peer))
      if (link && !standing) this.#part(id)
      else judge?.()
    }
  }

  #keepBindings(): void {
    const { bindings } = this.gate
    this.#kept = bindings.length
    void this.#around.storage.commit([rowOf(this.replica.coll, this.#around.parent.coll, bindings)])
    const told = bindings.map(cborFromBinding)
    for (const link of this.#around.exchange.openLinks())
      if (this.#inner.get(link.id)?.link)
        this.#around.whisper(link, { type: 'bindings', tag: this.tag, bindings: told })
  }

  #learned(): void {
    const waiting = this.gate.release()
    if (waiting.length > 0) this.replica.absorbEntries(waiting)
    if (this.gate.bindings.length !== this.#kept) this.#keepBindings()
  }

  /** Whoever hears first that the collective has put somebody out, or taken them back, says so in the circle. */
  #mirror(): void {
    if (!this.replica.mayAct()) return
    for (let act = this.#toMirror(); act; act = this.#toMirror()) {
      this.#mirrored.set(act, (this.#mirrored.get(act) ?? 0) + 1)
      this.replica.act({ type: 'mirror', act })
    }
    this.#takeBack()
    for (let due = this.#toPause(); due; due = this.#toPause()) {
      const { device, act } = due
      this.#paused.set(`${act} ${device}`, (this.#paused.get(`${act} ${device}`) ?? 0) + 1)
      const frontier = this.replica.feeds.frontierOf(device)
      this.replica.act({ type: 'suspend', device, frontier, reason: 'evidence', evidence: idBytes(act) })
    }
  }

  /**
   * Whom the collective shut out with an act that does not show it by itself, because whoever said it had not heard of this device
   * yet: no mirror reaches them, so it is said by this device’s own word, with the act as its reason.
   */
  #toPause(): { readonly device: DeviceId; readonly act: EntryId } | null {
    for (const { id, standing } of this.replica.state.devices.values()) {
      if (standing !== 'active' || id === this.replica.own.id) continue
      const { ends, pauses } = this.gate.actsOn(id)
      const act = [...ends, ...pauses].find(
        (one) => (this.#paused.get(`${one} ${id}`) ?? 0) < MIRRORED_MOST && !this.gate.reaches(one, id),
      )
      if (act) return { device: id, act }
    }
    return null
  }

  /** What this device said for the collective it takes back when that is over there. */
  #takeBack(): void {
    const { state, ledger, own } = this.replica
    for (const { id, author, device } of state.suspensions.values()) {
      const act = author === own.id ? ledger.entry(id)?.act : null
      const reason = act?.type === 'suspend' && act.reason === 'evidence' ? entryIdFrom(act.evidence) : null
      const { ends, pauses } = this.gate.actsOn(device)
      if (reason && this.#around.parent.ledger.has(reason) && ends.length + pauses.length === 0)
        this.replica.act({ type: 'withdraw', target: id })
    }
  }

  #toMirror(): EntryId | null {
    const { ledger, state } = this.replica
    const isUntired = (act: EntryId) => (this.#mirrored.get(act) ?? 0) < MIRRORED_MOST
    for (const { id, standing, suspensions } of state.devices.values()) {
      if (standing === 'revoked' || standing === 'retired') continue
      const mirrored = suspensions.flatMap((one) => {
        const act = ledger.entry(one)?.act
        return act?.type === 'mirror' ? [act.act] : []
      })
      const { ends, pauses } = this.gate.actsOn(id)
      const may = (act: EntryId) => isUntired(act) && this.gate.reaches(act, id)
      const due = [...ends, ...pauses.filter((act) => !mirrored.includes(act))].find(may)
      if (due) return due
      const over = mirrored.find((act) => !pauses.includes(act))
      const shown = over ? this.gate.overBy(over) : null
      if (shown && isUntired(shown)) return shown
    }
    return null
  }
}

const rowOf = (coll: CollId, parent: CollId, bindings: readonly Binding[]) => ({
  table: 'meta' as const,
  key: circleKey(coll),
  value: encodeCbor([idBytes(parent), bindings.map(cborFromBinding)]),
})

/** A circle as its row in the vault says it. */
export const parseCircleRow = (
  key: string,
  value: Uint8Array,
): { readonly coll: string; readonly parent: CollId; readonly bindings: readonly Binding[] } | null => {
  const decoded = decodeCbor(value)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 2) return null
  const [above, list] = decoded.value as readonly Cbor[]
  const parent = collIdFrom(above)
  if (!parent || !Array.isArray(list)) return null
  const bindings = list.map(bindingFrom).filter((one) => one !== null)
  return { coll: key.slice(CIRCLE_PREFIX.length), parent, bindings }
}
