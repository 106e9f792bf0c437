import { idBytes, type CollId, type DeviceId, type EntryId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Device } from '../crypto/device.ts'
import { verify, type SignPublic } from '../crypto/sign.ts'
import { hasBit, type Bits } from './bits.ts'
import { Crowd } from './crowd.ts'
import { Dag, topological } from './dag.ts'
import { parseEntry, type BadEntry, type ParsedEntry } from './entry.ts'
import type { Evaluation } from './evaluation.ts'
import { Finality } from './finality.ts'
import { checkGenesis, readGenesis, type BadGenesis } from './genesis.ts'
import { NOBODY_ABOVE, type AskParent } from './mirror.ts'
import { Orphans } from './orphans.ts'
import { Room } from './room.ts'
import { State } from './state.ts'
import type { LedgerState, LedgerView, SignedEntry } from './types.ts'

export type Refused = {
  readonly id: EntryId | null
  readonly type:
    BadEntry['type'] | 'OtherCollective' | 'UnknownAuthor' | 'BadSignature' | 'NotItsLatest' | 'TooMany'
}

export type AddReport = {
  /** New entries, parents first. */
  readonly added: readonly SignedEntry[]
  /** How many wait for parents. */
  readonly waiting: number
  /**
   * Wrong for ever, one by one: a bad entry never takes others with it. A forged signature says nothing about its `id`.
   * `TooMany` alone is not for ever: its author said so much that this waits until somebody else builds on it.
   */
  readonly refused: readonly Refused[]
}

type IsSigned = (entry: ParsedEntry, signPk: SignPublic) => boolean

const CLOSURES_KEPT = 1024
const EARLY_KEPT = 1024

/** The hash-linked acts of one collective, as far as this device knows them. Spec: ledger.md §6. */
export class Ledger implements LedgerView {
  readonly coll: CollId
  readonly #dag = new Dag()
  readonly #orphans = new Orphans()
  readonly #crowd = new Crowd()
  readonly #askParent: AskParent
  /** Mirrors of acts that the collective around this circle has not heard of yet. */
  readonly #early = new Map<EntryId, ParsedEntry>()
  #finality: Finality
  /** Devices, and the entry that said so: genesis or a proposal. */
  readonly #declared = new Map<DeviceId, { readonly device: Device; readonly by: number[] }>()
  readonly #closures = new Map<string, Bits>()
  #pin: EntryId | null
  #state: LedgerState | null = null
  /** With what is final by everything that is here. */
  #evaluation: Evaluation | null = null

  /** `genesis`: checked. */
  constructor(genesis: ParsedEntry, of: { readonly pin: EntryId | null; readonly askParent: AskParent }) {
    this.coll = genesis.id as CollId
    this.#pin = of.pin
    this.#askParent = of.askParent
    this.#finality = new Finality(this.coll, this.#dag, of.askParent)
    this.#insert(genesis)
  }

  /** The newest final checkpoint this device verified, or took from whoever let it in. Nothing that contradicts it is final here. */
  get pin(): EntryId | null {
    return this.#pin
  }

  setPin(pin: EntryId | null): void {
    this.#pin = pin
    this.#state = null
    this.#evaluation = null
  }

  /**
   * To be called when the ledger around a circle has changed: what mirrors its acts is judged anew, and with it everything
   * else. Takes in what waited for it.
   */
  parentChanged(): AddReport {
    this.#finality = new Finality(this.coll, this.#dag, this.#askParent)
    this.setPin(this.#pin)
    const waiting = [...this.#early.values()]
    this.#early.clear()
    return this.add(waiting.map(({ wire }) => wire))
  }

  /**
   * Takes in what is sound, keeps what waits for parents, and says what is wrong. Never throws. `from`: who sent it, so that
   * what one peer has waiting drives out nobody else’s.
   */
  add(wires: readonly Uint8Array[], from = ''): AddReport {
    return this.#add(wires, { isSigned: isSignedBy, room: this.#roomNow(), from })
  }

  /** Takes in what this device has just signed, however much it has said. */
  addOwn(wire: Uint8Array): AddReport {
    return this.#add([wire], { isSigned: isSignedBy, room: null, from: '' })
  }

  /** Takes back what this device kept, whose signatures it verified when they came. */
  restore(wires: readonly Uint8Array[]): AddReport {
    return this.#add(wires, { isSigned: () => true, room: null, from: '' })
  }

  /** `room`: how much each may say; `null`: whatever they did. */
  #add(
    wires: readonly Uint8Array[],
    of: { readonly isSigned: IsSigned; readonly room: Room | null; readonly from: string },
  ): AddReport {
    const { isSigned, room } = of
    const refused: Refused[] = []
    const added: SignedEntry[] = []
    const again = new Set(this.#crowd.takeAll())
    const queue: { readonly entry: ParsedEntry; readonly from: string }[] = [...again].map((entry) => ({
      entry,
      from: '',
    }))
    const builtOn = new Set<ParsedEntry>()
    const turnAway = (entry: ParsedEntry) => {
      this.#crowd.hold(entry)
      if (!again.has(entry)) refused.push({ id: entry.id, type: 'TooMany' })
      queue.unshift(...this.#orphans.release(entry.id))
    }
    for (const wire of wires) {
      const parsed = parseEntry(wire)
      if (!parsed.ok) refused.push({ id: null, type: parsed.error.type })
      else if (parsed.value.id !== this.coll && parsed.value.entry.coll !== this.coll)
        refused.push({ id: parsed.value.id, type: 'OtherCollective' })
      else queue.push({ entry: parsed.value, from: of.from })
    }
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { entry, from } = next
      if (this.#dag.get(entry.id)) continue
      const { author, parents } = entry.entry
      if (parents.some((parent) => !this.#dag.get(parent))) {
        if (!this.#crowd.explains(parents, (id) => this.has(id))) this.#orphans.hold(entry, from)
        else if (this.#isBuiltOn(entry, isSigned, room)) {
          const below = this.#crowd.takeBelow(parents)
          for (const one of below) builtOn.add(one)
          queue.unshift(...below.map((one) => ({ entry: one, from: '' })), next)
        } else turnAway(entry)
        continue
      }
      if (room?.isFull(author) && !builtOn.has(entry)) {
        turnAway(entry)
        continue
      }
      if (entry.act?.type === 'mirror' && this.#askParent(entry.act.act).type === 'unknown') {
        this.#early.set(entry.id, entry)
        if (this.#early.size > EARLY_KEPT) this.#early.delete(this.#early.keys().next().value!)
        continue
      }
      const wrong = this.#wrong(entry, isSigned)
      if (wrong) {
        refused.push({ id: entry.id, type: wrong })
        continue
      }
      this.#insert(entry)
      room?.entered(author)
      added.push(entry)
      queue.unshift(...this.#orphans.release(entry.id))
    }
    if (added.length > 0) this.#state = null
    // Only these make anything final; a pin does as soon as it is here.
    if (added.some(({ act, id }) => act?.type === 'cosign' || id === this.#pin)) this.#evaluation = null
    // Whose act is whose was looked up at the start: what has come in since may make room.
    const more =
      room && added.length > 0 && this.#crowd.size > 0
        ? this.#add([], { ...of, room: this.#roomNow() })
        : null
    const waiting = this.#orphans.size + this.#early.size + this.#crowd.size
    return {
      added: more ? [...added, ...more.added] : added,
      waiting,
      refused: more ? [...refused, ...more.refused] : refused,
    }
  }

  has(id: EntryId): boolean {
    return this.#dag.get(id) !== undefined
  }

  entry(id: EntryId): SignedEntry | undefined {
    return this.#dag.get(id)?.signed
  }

  heads(): readonly EntryId[] {
    return this.#dag.heads()
  }

  /** The heads, and one, two, four, … entries before the last that came, the first of all at the end. */
  marks(): readonly EntryId[] {
    const marks = new Set(this.heads())
    for (let back = 1; back < this.#dag.size; back *= 2) marks.add(this.#dag.at(this.#dag.size - back).id)
    return [...marks.add(this.#dag.at(0).id)]
  }

  /** Parents that waiting entries name and that nobody sent yet. */
  missing(): readonly EntryId[] {
    return this.#orphans.missing((id) => this.has(id) || this.#early.has(id) || this.#crowd.has(id))
  }

  /** Entries not at or below the known ones of `have`, parents first. */
  since(have: readonly EntryId[]): readonly SignedEntry[] {
    const held = this.#closure(have)
    const fresh: SignedEntry[] = []
    for (let i = 0; i < this.#dag.size; i++) if (!hasBit(held, i)) fresh.push(this.#dag.at(i).signed)
    return fresh
  }

  inClosure(heads: readonly EntryId[], id: EntryId): boolean {
    const node = this.#dag.get(id)
    return node !== undefined && hasBit(this.#closure(heads), node.index)
  }

  /** Whether `below` is a proper ancestor of `above`. */
  isBelow(below: EntryId, above: EntryId): boolean {
    return this.#dag.isBelow(below, above)
  }

  /** The newest entry of `device`: what its next one names as `own`. */
  latestOwn(device: DeviceId): EntryId | null {
    return this.#dag.latestOf(device)
  }

  /** Everything `device` signed, in order of arrival. */
  entriesOf(device: DeviceId): readonly SignedEntry[] {
    return this.#dag.entriesOf(device).map(({ signed }) => signed)
  }

  /** All entries at or below `within` (everything, if not given), parents first, ties by id: the same order everywhere. */
  topological(within: readonly EntryId[] = this.heads()): readonly SignedEntry[] {
    return topological(this.#dag.nodesIn(this.#closure(within))).map(({ signed }) => signed)
  }

  state(): LedgerState {
    return (this.#state ??= this.stateOf(this.heads()))
  }

  /** The state an entry is judged by: of everything below `id`, without `id`, and of what was final before it. */
  stateAt(id: EntryId): LedgerState {
    const node = this.#dag.get(id)
    return this.#stateOf(node ? this.#finals().at(node) : this.#finals(), node?.parents ?? [])
  }

  /** The state of `heads` and everything below them, and of what is final as far as they reach. */
  stateOf(heads: readonly EntryId[]): LedgerState {
    return this.#stateOf(this.#finals().reaching(heads), heads)
  }

  /** The state by which an entry on top of `parents` is judged: it cannot come before what is final. */
  stateFor(parents: readonly EntryId[]): LedgerState {
    return this.#stateOf(this.#finals(), parents)
  }

  /**
   * What a checkpoint on top of `parents` speaks of: the state of everything at or below them, with what is final by the
   * co-signatures there and without the pin. The same on every device, so its hash can be compared.
   */
  checkpointState(parents: readonly EntryId[]): LedgerState {
    return this.#stateOf(this.#finality.finalWithin(this.#closure(parents)), parents)
  }

  #finals(): Evaluation {
    return (this.#evaluation ??= this.#finality.inForce(this.#pin))
  }

  #stateOf(evaluation: Evaluation, heads: readonly EntryId[]): LedgerState {
    const { book } = evaluation
    const within = book.dag.closure(heads)
    return new State({
      book,
      view: evaluation.viewOf(heads),
      knows: ({ index }) => hasBit(within, index),
      finality: this.#finality,
    })
  }

  #roomNow(): Room {
    return new Room({
      dag: this.#dag,
      memberOf: (device) => this.state().devices.get(device)?.member ?? null,
      namedBy: (device) => {
        const first = this.#declared.get(device)?.by[0]
        return first ? this.#dag.at(first).author : null
      },
    })
  }

  /** Whether somebody who may still speak stands on what waits because others said so much. */
  #isBuiltOn(parsed: ParsedEntry, isSigned: IsSigned, room: Room | null): boolean {
    if (!room) return true
    const { author, parents } = parsed.entry
    const { device } = this.#declared.get(author) ?? {}
    const isOthers = !room.isFull(author) && this.#crowd.holdsOther(parents, author)
    return isOthers && device !== undefined && isSigned(parsed, device.signPk)
  }

  /** Why an entry whose parents are all here is wrong for ever, if it is. */
  #wrong(parsed: ParsedEntry, isSigned: IsSigned): Refused['type'] | null {
    const { entry } = parsed
    const past = this.#closure(entry.parents)
    const author = this.#declared.get(entry.author)
    if (!author?.by.some((index) => hasBit(past, index))) return 'UnknownAuthor'
    if (!isSigned(parsed, author.device.signPk)) return 'BadSignature'
    return this.#dag.newestOf(entry.author, past) === entry.own ? null : 'NotItsLatest'
  }

  #insert(entry: ParsedEntry): void {
    const { index } = this.#dag.insert(entry, this.#closure(entry.entry.parents))
    const { act } = entry
    if (act?.type === 'genesis')
      for (const { device, deviceId } of act.founders) this.#declare(deviceId, device, index)
    if (act?.type === 'propose' && 'deviceId' in act.proposal)
      this.#declare(act.proposal.deviceId, act.proposal.device, index)
  }

  /** A device is named by the hash of its keys, so whoever declares it declares the same one. */
  #declare(id: DeviceId, device: Device, index: number): void {
    const known = this.#declared.get(id)
    if (known) known.by.push(index)
    else this.#declared.set(id, { device, by: [index] })
  }

  #closure(heads: readonly EntryId[]): Bits {
    const known = heads.filter((id) => this.has(id))
    const key = known.length < 2 ? (known[0] ?? '') : [...known].sort().join()
    const kept = this.#closures.get(key)
    if (kept) return kept
    const bits = this.#dag.closure(known)
    if (this.#closures.size >= CLOSURES_KEPT) this.#closures.delete(this.#closures.keys().next().value!)
    this.#closures.set(key, bits)
    return bits
  }
}

const isSignedBy: IsSigned = ({ id, sigs }, signPk) => verify(signPk, 'led', idBytes(id), sigs[0]!)

/**
 * Begins a ledger from its genesis. `pin`: the newest final checkpoint this device verified, if it has one. `askParent`: for
 * a circle, what an act of the collective around it comes to; when that changes, {@link Ledger.parentChanged} is due.
 */
export const createLedger = (
  genesis: Uint8Array,
  pin: EntryId | null = null,
  { askParent = NOBODY_ABOVE }: { readonly askParent?: AskParent } = {},
): Result<Ledger, BadGenesis> => {
  const checked = checkGenesis(genesis)
  return checked.ok ? ok(new Ledger(checked.value, { pin, askParent })) : err(checked.error)
}

/** The same from what this device kept, genesis first: it verified every signature when they came. `null`: no genesis of ours. */
export const restoreLedger = (
  wires: readonly Uint8Array[],
  pin: EntryId | null,
  { askParent = NOBODY_ABOVE }: { readonly askParent?: AskParent } = {},
): Ledger | null => {
  const [genesis, ...rest] = wires
  const read = genesis && readGenesis(genesis)
  if (!read?.ok) return null
  const ledger = new Ledger(read.value, { pin, askParent })
  ledger.restore(rest)
  return ledger
}
