import { idBytes, type CollId, type DeviceId, type EntryId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { verify } from '../crypto/sign.ts'
import type { Device } from '../crypto/device.ts'
import { parseEntry, type BadEntry, type ParsedEntry } from './entry.ts'
import { evaluate } from './evaluate.ts'
import { checkGenesis, type BadGenesis } from './genesis.ts'
import type { LedgerState, LedgerView, SignedEntry } from './types.ts'

/** Entries of strangers' making that wait for their parents, at most; beyond it the oldest are dropped. */
const MAX_ORPHANS = 4096

export type Refused = {
  readonly id: EntryId | null
  readonly type: BadEntry['type'] | 'OtherCollective' | 'UnknownAuthor' | 'BadSignature' | 'NotItsLatest'
}

export type AddReport = {
  readonly added: readonly SignedEntry[]
  /** How many wait for parents. */
  readonly waiting: number
  readonly refused: readonly Refused[]
}

/** Where an entry stands: its index in arrival order (parents always before children) and the set of everything below it. */
type Node = { readonly entry: ParsedEntry; readonly index: number; readonly past: Uint32Array }

/** The hash-linked acts of one collective, as far as this device knows them, in an order in which parents come first. */
export class Ledger implements LedgerView {
  readonly coll: CollId
  readonly #nodes = new Map<EntryId, Node>()
  readonly #order: Node[] = []
  readonly #heads = new Set<EntryId>()
  readonly #orphans = new Map<EntryId, ParsedEntry>()
  readonly #declared = new Map<DeviceId, { readonly device: Device; readonly by: number }[]>()
  readonly #closures = new Map<string, Uint32Array>()
  #state: LedgerState | null = null

  constructor(genesis: ParsedEntry) {
    this.coll = genesis.id as CollId
    this.#insert(genesis)
  }

  add(wires: readonly Uint8Array[]): AddReport {
    const refused: Refused[] = []
    const added: SignedEntry[] = []
    const queue: ParsedEntry[] = []
    for (const wire of wires) {
      const parsed = parseEntry(wire)
      if (!parsed.ok) refused.push({ id: null, type: parsed.error.type })
      else if (parsed.value.entry.coll !== this.coll && parsed.value.id !== this.coll)
        refused.push({ id: parsed.value.id, type: 'OtherCollective' })
      else if (!this.#nodes.has(parsed.value.id)) queue.push(parsed.value)
    }
    const tryAll = (entries: readonly ParsedEntry[]): readonly ParsedEntry[] => {
      const left: ParsedEntry[] = []
      for (const entry of entries) {
        if (this.#nodes.has(entry.id)) continue
        if (entry.entry.parents.some((parent) => !this.#nodes.has(parent))) {
          left.push(entry)
          continue
        }
        const wrong = this.#wrong(entry)
        this.#orphans.delete(entry.id)
        if (wrong) refused.push({ id: entry.id, type: wrong })
        else {
          this.#insert(entry)
          added.push(entry)
        }
      }
      return left
    }
    let waiting: readonly ParsedEntry[] = [...queue, ...this.#orphans.values()]
    for (let before = -1; before !== waiting.length;) {
      before = waiting.length
      waiting = tryAll(waiting)
    }
    for (const entry of waiting) this.#orphans.set(entry.id, entry)
    for (const id of this.#orphans.keys()) {
      if (this.#orphans.size <= MAX_ORPHANS) break
      this.#orphans.delete(id)
    }
    if (added.length > 0) this.#state = null
    return { added, waiting: this.#orphans.size, refused }
  }

  has(id: EntryId): boolean {
    return this.#nodes.has(id)
  }

  entry(id: EntryId): SignedEntry | undefined {
    return this.#nodes.get(id)?.entry
  }

  heads(): readonly EntryId[] {
    return [...this.#heads].sort()
  }

  /** Parents that waiting entries name and that nobody sent yet. */
  missing(): readonly EntryId[] {
    const named = [...this.#orphans.values()].flatMap(({ entry }) => entry.parents)
    return [...new Set(named)].filter((id) => !this.#nodes.has(id) && !this.#orphans.has(id))
  }

  /** Entries not at or below the known ones of `have`, parents first. */
  since(have: readonly EntryId[]): readonly SignedEntry[] {
    const held = this.#closure(have.filter((id) => this.#nodes.has(id)))
    return this.#order.filter(({ index }) => !hasBit(held, index)).map(({ entry }) => entry)
  }

  inClosure(heads: readonly EntryId[], id: EntryId): boolean {
    const node = this.#nodes.get(id)
    return (
      node !== undefined && hasBit(this.#closure(heads.filter((head) => this.#nodes.has(head))), node.index)
    )
  }

  /** Whether `below` is a proper ancestor of `above`. */
  isBelow(below: EntryId, above: EntryId): boolean {
    const [low, high] = [this.#nodes.get(below), this.#nodes.get(above)]
    return low !== undefined && high !== undefined && hasBit(high.past, low.index)
  }

  /** How many entries lie below. */
  pastSize(id: EntryId): number {
    const past = this.#nodes.get(id)?.past ?? new Uint32Array()
    let size = 0
    for (let word of past) for (; word; word &= word - 1) size++
    return size
  }

  /** The newest entry of `device`; with equivocation, the one latest in order. */
  latestOwn(device: DeviceId): EntryId | null {
    for (let i = this.#order.length - 1; i >= 0; i--) {
      const entry = this.#order[i]!.entry
      if (entry.entry.author === device) return entry.id
    }
    return null
  }

  /** All entries, parents first; among the free ones the smaller id first: the same order on every device. */
  topological(within: readonly EntryId[] | null = null): readonly SignedEntry[] {
    const inside = within ? this.#closure(within) : null
    const nodes = inside ? this.#order.filter(({ index }) => hasBit(inside, index)) : this.#order
    return sortTopologically(nodes.map(({ entry }) => entry))
  }

  state(): LedgerState {
    return (this.#state ??= evaluate(this, this.topological()))
  }

  /** The state of everything below `id`, without `id`. */
  stateAt(id: EntryId): LedgerState {
    const parents = this.#nodes.get(id)?.entry.entry.parents ?? []
    return this.stateOf(parents)
  }

  /** The state of `heads` and everything below them. Cached. */
  stateOf(heads: readonly EntryId[]): LedgerState {
    const key = [...heads].sort().join()
    if (key === this.heads().join()) return this.state()
    const known = this.#states.get(key)
    if (known) return known
    const state = evaluate(this, this.topological(heads))
    this.#states.set(key, state)
    return state
  }
  readonly #states = new Map<string, LedgerState>()

  #wrong(parsed: ParsedEntry): Refused['type'] | null {
    const { entry, id, sigs } = parsed
    const past = this.#closure(entry.parents)
    const device = this.#declared.get(entry.author)?.find(({ by }) => hasBit(past, by))?.device
    if (!device) return 'UnknownAuthor'
    if (!verify(device.signPk, 'led', idBytes(id), sigs[0]!)) return 'BadSignature'
    return this.#latestWithin(entry.author, past) === entry.own ? null : 'NotItsLatest'
  }

  /** The author's newest entry inside a past; two at once (equivocation) count as the one with the smaller id. */
  #latestWithin(author: DeviceId, past: Uint32Array): EntryId | null {
    const own = this.#order.filter(({ entry, index }) => entry.entry.author === author && hasBit(past, index))
    const newest = own.filter((node) => !own.some((other) => hasBit(other.past, node.index)))
    return newest.map(({ entry }) => entry.id).sort()[0] ?? null
  }

  #insert(entry: ParsedEntry): void {
    const index = this.#order.length
    const past = this.#closure(entry.entry.parents).slice()
    const node: Node = { entry, index, past }
    this.#nodes.set(entry.id, node)
    this.#order.push(node)
    for (const parent of entry.entry.parents) this.#heads.delete(parent)
    this.#heads.add(entry.id)
    const { act } = entry
    if (act?.type === 'genesis')
      for (const { device, deviceId } of act.founders) this.#declare(deviceId, device, index)
    if (act?.type === 'propose' && 'deviceId' in act.proposal)
      this.#declare(act.proposal.deviceId, act.proposal.device, index)
  }

  #declare(id: DeviceId, device: Device, by: number): void {
    this.#declared.set(id, [...(this.#declared.get(id) ?? []), { device, by }])
  }

  #closure(heads: readonly EntryId[]): Uint32Array {
    const key = [...heads].sort().join()
    const known = this.#closures.get(key)
    if (known) return known
    const bits = new Uint32Array(Math.ceil((this.#order.length + 1) / 32))
    for (const head of heads) {
      const node = this.#nodes.get(head)
      if (!node) continue
      for (let i = 0; i < node.past.length; i++) bits[i]! |= node.past[i]!
      bits[node.index >>> 5]! |= 1 << (node.index & 31)
    }
    if (this.#closures.size > 4096) this.#closures.clear()
    this.#closures.set(key, bits)
    return bits
  }
}

/** Begins a ledger from its genesis. */
export const createLedger = (genesis: Uint8Array): Result<Ledger, BadGenesis> => {
  const checked = checkGenesis(genesis)
  return checked.ok ? ok(new Ledger(checked.value)) : err(checked.error)
}

const hasBit = (bits: Uint32Array, index: number): boolean =>
  index >>> 5 < bits.length && (bits[index >>> 5]! & (1 << (index & 31))) !== 0

const sortTopologically = (entries: readonly SignedEntry[]): readonly SignedEntry[] => {
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const waitsFor = new Map<EntryId, number>()
  const children = new Map<EntryId, SignedEntry[]>()
  const free: SignedEntry[] = []
  for (const entry of entries) {
    const parents = entry.entry.parents.filter((parent) => byId.has(parent))
    waitsFor.set(entry.id, parents.length)
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), entry])
    if (parents.length === 0) free.push(entry)
  }
  free.sort(byIdDescending)
  const sorted: SignedEntry[] = []
  for (let next = free.pop(); next; next = free.pop()) {
    sorted.push(next)
    for (const child of children.get(next.id) ?? []) {
      const left = waitsFor.get(child.id)! - 1
      waitsFor.set(child.id, left)
      if (left === 0) insertSorted(free, child)
    }
  }
  return sorted
}

const byIdDescending = (a: SignedEntry, b: SignedEntry) => (a.id < b.id ? 1 : -1)

const insertSorted = (list: SignedEntry[], entry: SignedEntry) => {
  const at = list.findIndex((other) => other.id < entry.id)
  list.splice(at < 0 ? list.length : at, 0, entry)
}
