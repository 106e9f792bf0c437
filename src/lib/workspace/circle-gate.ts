import type { CollId, DeviceId, EntryId, MemberId } from '../core/ids.ts'
import type { Device } from '../crypto/device.ts'
import { parseEntry } from '../ledger/entry.ts'
import type { Ledger } from '../ledger/graph.ts'
import type { AskParent } from '../ledger/mirror.ts'
import type { Act, DeviceState, LedgerState } from '../ledger/types.ts'
import { isBound, type Binding } from './circle-binding.ts'

/** What a circle needs of the collective around it. */
export type Above = {
  readonly askParent: AskParent
  /** Which entries may go in now; the others are kept until what they need has come. */
  readonly admits: (wires: readonly Uint8Array[]) => readonly Uint8Array[]
}

const HELD_MOST = 1024
const BINDINGS_MOST = 4096
const SHOWN_MOST = 256

/** What an entry of the collective shows: whom it ended or paused, and which pauses are over below it. */
type Shown = {
  readonly ends: ReadonlySet<DeviceId>
  readonly pauses: ReadonlySet<DeviceId>
  readonly over: readonly EntryId[]
}

/**
 * The door of one circle: nobody’s device is spoken of inside before it is shown which device of the collective it belongs
 * to. So all who hold an entry also know whom the collective’s acts reach by it. Spec: circle.md §2.
 */
export class Gate implements Above {
  readonly #parent: Ledger
  readonly #bindings = new Map<DeviceId, Binding>()
  /** Offered for a device that has not been spoken of yet: any of them may be the one it commits to. */
  readonly #offered = new Map<string, Binding>()
  readonly #shown = new Map<EntryId, Shown>()
  #held: Uint8Array[] = []

  constructor(parent: Ledger, known: readonly Binding[] = []) {
    this.#parent = parent
    for (const binding of known) this.#bindings.set(binding.device, binding)
  }

  get coll(): CollId {
    return this.#parent.coll
  }

  /** Bindings of devices that were let in. */
  get bindings(): readonly Binding[] {
    return [...this.#bindings.values()]
  }

  bindingOf(device: DeviceId): Binding | null {
    return this.#bindings.get(device) ?? null
  }

  /** The devices in the circle that belong to a device of the collective. */
  devicesOf(above: DeviceId): readonly DeviceId[] {
    return this.bindings.filter((binding) => binding.above === above).map(({ device }) => device)
  }

  learn(bindings: readonly Binding[]): void {
    for (const binding of bindings) {
      if (this.#offered.size >= BINDINGS_MOST) this.#offered.delete(this.#offered.keys().next().value!)
      this.#offered.set(`${binding.device} ${binding.above}`, binding)
    }
  }

  /** Whether `binding` is the one this device commits to; then it is known from here on. */
  binds(
    { deviceId, device }: { readonly deviceId: DeviceId; readonly device: Device },
    binding: Binding,
  ): boolean {
    this.learn([binding])
    return this.#isBound(deviceId, device)
  }

  readonly admits = (wires: readonly Uint8Array[]): readonly Uint8Array[] => {
    const admitted: Uint8Array[] = []
    for (const wire of wires)
      if (this.#mayEnter(wire)) admitted.push(wire)
      else this.#held.push(wire)
    if (this.#held.length > HELD_MOST) this.#held = this.#held.slice(-HELD_MOST)
    return admitted
  }

  /** What waited and may go in now: to be called when bindings came or the collective moved. */
  release(): readonly Uint8Array[] {
    return this.admits(this.#held.splice(0))
  }

  /** What an act of the collective comes to for the devices of this circle, by what lies below that act. */
  readonly askParent: AskParent = (act) => {
    if (!this.#parent.has(act)) return { type: 'unknown' }
    const said = this.#read(act)
    const within = (above: ReadonlySet<DeviceId>) =>
      this.bindings
        .filter((binding) => above.has(binding.above))
        .map(({ device }) => device)
        .sort()
    const revoked = within(said.ends)
    if (revoked.length > 0) return { type: 'revokes', devices: revoked }
    const suspended = within(said.pauses)
    if (suspended.length > 0) return { type: 'suspends', devices: suspended }
    return said.over.length > 0 ? { type: 'lifts', acts: said.over } : { type: 'void' }
  }

  /** Acts of the collective that bear on a device of the circle now, and that are to be mirrored there. */
  actsOn(device: DeviceId): { readonly ends: readonly EntryId[]; readonly pauses: readonly EntryId[] } {
    const above = this.#bindings.get(device)?.above
    const known = above && this.#parent.state().devices.get(above)
    return known ? { ends: this.#endings(known), pauses: known.suspensions } : { ends: [], pauses: [] }
  }

  /** Whether an act of the collective reaches a device of the circle by what lies below that act: then it can be mirrored. */
  reaches(act: EntryId, device: DeviceId): boolean {
    const verdict = this.askParent(act)
    return (verdict.type === 'revokes' || verdict.type === 'suspends') && verdict.devices.includes(device)
  }

  /** A head of the collective’s ledger below which `act` is over; `null`: no one entry shows it yet. */
  overBy(act: EntryId): EntryId | null {
    return this.#parent.heads().find((head) => this.#read(head).over.includes(act)) ?? null
  }

  /** What one entry of the collective shows. Nothing below it ever changes, so it is read once. */
  #read(act: EntryId): Shown {
    const known = this.#shown.get(act)
    if (known) return known
    const { devices } = this.#parent.stateOf([act])
    const inForce = new Set([...devices.values()].flatMap(({ suspensions }) => suspensions))
    const having = (acts: (device: DeviceState) => readonly EntryId[]) =>
      new Set([...devices.values()].filter((device) => acts(device).includes(act)).map(({ id }) => id))
    const shown: Shown = {
      ends: having((device) => this.#endings(device)),
      pauses: having(({ suspensions }) => suspensions),
      over: this.#parent
        .topological([act])
        .filter((entry) => suspends(entry.act) && !inForce.has(entry.id))
        .map(({ id }) => id),
    }
    if (this.#shown.size >= SHOWN_MOST) this.#shown.delete(this.#shown.keys().next().value!)
    this.#shown.set(act, shown)
    return shown
  }

  /** What revoked it, or the word by which it ended itself. */
  #endings(device: DeviceState): readonly EntryId[] {
    if (device.standing !== 'retired') return device.revokedBy
    return this.#parent
      .entriesOf(device.id)
      .filter(({ act }) => act?.type === 'retire')
      .map(({ id }) => id)
  }

  #mayEnter(wire: Uint8Array): boolean {
    const parsed = parseEntry(wire)
    const act = parsed.ok ? parsed.value.act : null
    // What does not parse the ledger itself refuses, and says so.
    if (!act) return true
    const declared = declaredIn(act)
    if (act.type === 'genesis' && !this.#mayFound(declared)) return false
    return declared.every(([id, device]) => this.#isBound(id, device))
  }

  /** Three or more members of the collective, each once. */
  #mayFound(declared: readonly (readonly [DeviceId, Device])[]): boolean {
    const state = this.#parent.state()
    const members = declared.map(([id, device]) =>
      this.#isBound(id, device) ? memberAbove(state, this.#bindings.get(id)!.above) : null,
    )
    return new Set(members).size === members.length && !members.includes(null) && members.length >= 3
  }

  #isBound(id: DeviceId, device: Device): boolean {
    if (this.#bindings.has(id)) return true
    const { devices } = this.#parent.state()
    for (const [key, binding] of this.#offered) {
      if (binding.device !== id) continue
      const above = devices.get(binding.above)
      if (!above || !isBound(device, binding, { coll: this.coll, above: above.device })) continue
      this.#offered.delete(key)
      this.#bindings.set(id, binding)
      return true
    }
    return false
  }
}

export const memberAbove = (state: LedgerState, device: DeviceId): MemberId | null =>
  state.devices.get(device)?.member ?? null

/** Devices an entry speaks of for the first time. */
export const declaredIn = (act: Act): readonly (readonly [DeviceId, Device])[] => {
  if (act.type === 'genesis') return act.founders.map(({ deviceId, device }) => [deviceId, device] as const)
  if (act.type === 'propose' && 'deviceId' in act.proposal)
    return [[act.proposal.deviceId, act.proposal.device] as const]
  return []
}

const suspends = (act: Act | null): boolean =>
  act?.type === 'suspend' || (act?.type === 'propose' && act.proposal.action === 'revokeDevice')
