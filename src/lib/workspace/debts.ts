import { randomBelow, type Clock, type Random } from '../core/clock.ts'
import type { DeviceId, EntryId, EpochId } from '../core/ids.ts'
import type { SecretKey } from '../crypto/hash.ts'
import { epochHeads, rotationIsDue, writeEpoch } from '../ledger/epochs.ts'
import { createGrant, MAX_GRANTED } from '../ledger/grants.ts'
import type { Ledger } from '../ledger/graph.ts'
import type { Act, LedgerState } from '../ledger/types.ts'
import type { Write } from '../sync/ports.ts'
import { WEEK_MS, type Calendar } from './calendar.ts'
import type { Keyring } from './keyring.ts'

const DAY_MS = 24 * 3_600_000
const MINUTE_MS = 60_000
/** Boxes travel behind the act that tells of them: this long is waited before doing without. */
const BOXES_MS = 5000

/** So often a device is handed the key of one epoch because it complained. */
const MOST_ANSWERED = 3

/** What a device needs to pay what the collective owes. */
export type Payer = {
  readonly ledger: Ledger
  readonly keyring: Keyring
  readonly calendar: Calendar
  readonly device: DeviceId
  readonly clock: Clock
  readonly random: Random
  readonly state: () => LedgerState
  readonly isActive: () => boolean
  readonly act: (act: Act) => EntryId
  readonly rotate: () => EpochId
  /** Whether a decision has all it needs. */
  readonly mayCarryOut: (proposal: EntryId) => boolean
  /** Epochs this device should have the key of, and cannot open. */
  readonly missingBoxes: () => readonly EpochId[]
  /** Epochs some record held here is sealed under. */
  readonly epochsInUse: () => ReadonlySet<EpochId>
  readonly save: (writes: readonly Write[]) => void
}

/**
 * Rotations owed and grants asked for are paid by whoever is able first: everybody waits a random while and looks
 * again, so that there is no administrator whose absence stops the collective. Spec: keys.md §5.
 */
export class Debts {
  readonly #payer: Payer
  /** Done from here once, whatever became of it: a grant or decision without effect is not repeated for ever. */
  readonly #tried = new Set<string>()
  #waiting: (() => void) | null = null
  #history: (() => void) | null = null
  #weekly: (() => void) | null = null
  #unboxed: (() => void) | null = null
  /** Epochs whose box has not come, and since when it is missed. ms since 1970. */
  readonly #missedSince = new Map<EpochId, number>()
  #closed = false

  constructor(payer: Payer) {
    this.#payer = payer
  }

  /** Looks whether anything is owed; call after every change of the ledger or of the keys held. */
  look(): void {
    const { isActive, state, clock, random } = this.#payer
    if (!isActive() || this.#closed) return
    this.#lookAtCalendar()
    this.#lookAtHistory()
    this.#lookAtBoxes()
    if (this.#waiting) return
    const founding = state().epochs.size === 0
    const isLocked = this.#isLockedOut()
    const owed = rotationIsDue(state()) || this.#grantsOwed().length > 0 || this.#enactable().length > 0
    if (!owed && !isLocked) return
    const least = isLocked && !owed ? BOXES_MS : 200
    this.#waiting = clock.after(least + randomBelow(random, founding ? 400 : 4000), () => {
      this.#waiting = null
      if (!this.#closed && isActive()) this.#pay()
    })
  }

  close(): void {
    this.#closed = true
    for (const callOff of [this.#waiting, this.#history, this.#weekly, this.#unboxed]) callOff?.()
  }

  #pay(): void {
    const { act, rotate, state } = this.#payer
    const owed = this.#grantsOwed()
    for (const to of new Set(owed.map(({ device }) => device))) {
      const lacking = owed.filter(({ device }) => device === to).map(({ epoch }) => epoch)
      this.#grant(to, [...new Set(lacking)])
    }
    for (const proposal of this.#enactable()) {
      this.#tried.add(this.#nameOf(proposal))
      act({ type: 'enact', proposal })
    }
    if (rotationIsDue(state()) || this.#isLockedOut()) rotate()
  }

  /**
   * Whether this device holds the key of no epoch it may write under: its boxes are under way, or whoever made them is
   * gone with them. Then it makes an epoch itself, so that nobody's writing waits for somebody who may never come back.
   */
  #isLockedOut(): boolean {
    const { keyring, state } = this.#payer
    return state().epochs.size > 0 && writeEpoch(state(), (id) => keyring.has(id)) === null
  }

  #grant(device: DeviceId, epochs: readonly EpochId[]): void {
    const { ledger, keyring, act } = this.#payer
    const keys = new Map<EpochId, SecretKey>()
    for (const epoch of epochs.slice(0, MAX_GRANTED)) {
      const key = keyring.key(epoch)
      this.#tried.add(this.#nameOfGrant(epoch, device))
      if (key) keys.set(epoch, key)
    }
    const grant = keys.size > 0 ? createGrant({ ledger, device, keys }) : null
    if (grant?.ok) act(grant.value)
  }

  // ── by the calendar ──────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A key is a week old, or this device was away for more than one: somebody makes a new one. Weekly, at a moment of the
   * next day nobody can foresee, so that seldom two do; after an absence, within a minute.
   */
  #lookAtCalendar(): void {
    const { calendar, clock, random, state, isActive, rotate, save } = this.#payer
    if (state().kind === 'notebook') return
    save(
      calendar.note(
        clock.now(),
        epochHeads(state()).map(({ id }) => id),
      ),
    )
    if (this.#weekly) return
    const returned = calendar.away >= WEEK_MS
    const age = this.#ageOfKey()
    if (age === null && !returned) return
    const wait = returned
      ? randomBelow(random, MINUTE_MS)
      : Math.max(0, WEEK_MS - (age ?? 0)) + randomBelow(random, DAY_MS)
    this.#weekly = clock.after(wait, () => {
      this.#weekly = null
      if (this.#closed || !isActive()) return
      const isOld = (this.#ageOfKey() ?? 0) >= WEEK_MS
      const mustRenew = returned && calendar.away >= WEEK_MS
      calendar.away = 0
      if (isOld || mustRenew) rotate()
      this.#lookAtCalendar()
    })
  }

  /** How long the epoch written under now has been known here; `null` when there is none. ms. */
  #ageOfKey(): number | null {
    const { state, keyring, calendar, clock } = this.#payer
    const epoch = writeEpoch(state(), (id) => keyring.has(id))
    return epoch && calendar.ageOf(epoch, clock.now())
  }

  // ── boxes that never came ────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Whoever made an epoch left this device’s box out, or keeps it back: after a minute of asking in vain this device
   * says so, and anybody who has the key hands it over.
   */
  #lookAtBoxes(): void {
    const { clock, isActive, act, missingBoxes } = this.#payer
    const missed = this.#uncomplained(missingBoxes())
    for (const epoch of this.#missedSince.keys()) if (!missed.includes(epoch)) this.#missedSince.delete(epoch)
    for (const epoch of missed) if (!this.#missedSince.has(epoch)) this.#missedSince.set(epoch, clock.now())
    if (this.#unboxed || missed.length === 0) return
    this.#unboxed = clock.after(MINUTE_MS, () => {
      this.#unboxed = null
      if (this.#closed || !isActive()) return
      const now = clock.now()
      for (const epoch of this.#uncomplained(missingBoxes()))
        if (now - (this.#missedSince.get(epoch) ?? now) >= MINUTE_MS / 2)
          act({ type: 'complain', epoch, reason: 'noBox' })
      this.#lookAtBoxes()
    })
  }

  /** Those this device has not asked for; and those it was handed since it asked, and lacks all the same: a disk lost them. */
  #uncomplained(of: readonly EpochId[]): readonly EpochId[] {
    const { device, ledger, state } = this.#payer
    const { grants } = state()
    const wasHanded = (epoch: EpochId, asked: EntryId) =>
      grants.some(
        (grant) => grant.device === device && grant.epochs.includes(epoch) && ledger.isBelow(asked, grant.id),
      )
    return of.filter((epoch) => {
      const asked = this.#complaintsOf(epoch, device)
      return asked.length < MOST_ANSWERED && asked.every(({ id }) => wasHanded(epoch, id))
    })
  }

  // ── history ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Whose admission has become final may have the older keys too: whoever invited them hands them over at once, others
   * only if nobody has within a minute.
   */
  #lookAtHistory(): void {
    const { clock, random, isActive } = this.#payer
    if (this.#history) return
    const owed = this.#historyOwed()
    if (owed.length === 0) return
    const wait = owed.some(({ isMine }) => isMine) ? 100 : 100 + randomBelow(random, MINUTE_MS)
    this.#history = clock.after(wait, () => {
      this.#history = null
      if (this.#closed || !isActive()) return
      for (const { device, epochs } of this.#historyOwed()) this.#grant(device, epochs)
      this.#lookAtHistory()
    })
  }

  #historyOwed(): readonly {
    readonly device: DeviceId
    readonly epochs: readonly EpochId[]
    readonly isMine: boolean
  }[] {
    const { ledger, state, device: me } = this.#payer
    const { devices, epochs, finals, proposals } = state()
    const final = finals.at(-1)
    if (!final) return []
    return [...devices.values()].flatMap(({ id, kind, standing, grantedBy }) => {
      if (id === me || kind !== 'member' || standing !== 'active') return []
      if (grantedBy === ledger.coll || !ledger.isBelow(grantedBy, final)) return []
      const lacking = [...epochs.values()].filter(
        (epoch) =>
          ledger.isBelow(epoch.id, grantedBy) &&
          !epoch.recipients.includes(id) &&
          this.#mayStillGrant(epoch.id, id),
      )
      if (lacking.length === 0) return []
      const enacted = ledger.entry(grantedBy)?.act
      const proposal = enacted?.type === 'enact' ? proposals.get(enacted.proposal) : undefined
      return [{ device: id, epochs: lacking.map((epoch) => epoch.id), isMine: proposal?.author === me }]
    })
  }

  /** Decisions that have their votes and that nobody carried out: the one who gave the last vote may be offline. */
  #enactable(): readonly EntryId[] {
    const { state, mayCarryOut } = this.#payer
    return [...state().proposals.keys()].filter((id) => mayCarryOut(id) && !this.#tried.has(this.#nameOf(id)))
  }

  /** A decision as it stands now: with another vote it is worth another try. */
  #nameOf(proposal: EntryId): string {
    return `${proposal} ${this.#payer.state().proposals.get(proposal)?.approvals.length ?? 0}`
  }

  /** Keys somebody should have and asked for in vain, or was not there for. */
  #grantsOwed(): readonly { readonly epoch: EpochId; readonly device: DeviceId }[] {
    const { complaints, devices, epochs, grants } = this.#payer.state()
    const wasGranted = (device: DeviceId, epoch: EpochId) =>
      grants.some((grant) => grant.device === device && grant.epochs.includes(epoch))
    const asked = complaints
      .filter(
        ({ author, epoch }) =>
          devices.get(author)?.standing === 'active' &&
          (epochs.get(epoch)?.recipients.includes(author) || wasGranted(author, epoch)),
      )
      .map(({ author, epoch }) => ({ epoch, device: author }))
    return [...asked, ...this.#missed()].filter(({ epoch, device }) => this.#mayStillGrant(epoch, device))
  }

  /**
   * Epochs made beside an admission, or while somebody was suspended who is back: what was written under them counts, so
   * all who belong are to read it. Of void ones those that somebody wrote under, before they heard of what makes them void.
   */
  #missed(): readonly { readonly epoch: EpochId; readonly device: DeviceId }[] {
    const { ledger, state, epochsInUse } = this.#payer
    const { devices, epochs } = state()
    let inUse: ReadonlySet<EpochId> | null = null
    return [...devices.values()].flatMap(({ id, kind, standing, grantedBy }) => {
      if (kind !== 'member' || standing !== 'active') return []
      return [...epochs.values()]
        .filter((epoch) => !epoch.recipients.includes(id) && !ledger.isBelow(epoch.id, grantedBy))
        .filter((epoch) => !epoch.void || (inUse ??= epochsInUse()).has(epoch.id))
        .map((epoch) => ({ epoch: epoch.id, device: id }))
    })
  }

  #mayStillGrant(epoch: EpochId, device: DeviceId): boolean {
    const { device: me, keyring, ledger, state } = this.#payer
    const asked = this.#complaintsOf(epoch, device)
    return (
      device !== me &&
      keyring.has(epoch) &&
      !this.#tried.has(this.#nameOfGrant(epoch, device)) &&
      // Asked for again since: it was given for a key that is lost (a phone that began again from a copy).
      !state().grants.some(
        (grant) =>
          grant.device === device &&
          grant.epochs.includes(epoch) &&
          !asked.some(({ id }) => ledger.isBelow(grant.id, id)),
      )
    )
  }

  /** Those that are answered: each answer is an act that stays, and nobody loses a key so often. */
  #complaintsOf(epoch: EpochId, device: DeviceId) {
    return this.#payer
      .state()
      .complaints.filter((one) => one.author === device && one.epoch === epoch)
      .slice(0, MOST_ANSWERED)
  }

  /** A grant as it stands now: asked for once more it is worth another try. */
  #nameOfGrant(epoch: EpochId, device: DeviceId): string {
    return `${device} ${epoch} ${this.#complaintsOf(epoch, device).length}`
  }
}
