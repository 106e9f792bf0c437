import type { Clock, Random } from '../core/clock.ts'
import type { DeviceId, EntryId, EpochId } from '../core/ids.ts'
import { rotationIsDue } from '../ledger/epochs.ts'
import { createGrant } from '../ledger/grants.ts'
import type { Ledger } from '../ledger/graph.ts'
import { mayEnact } from '../ledger/proposals.ts'
import type { Act, LedgerState } from '../ledger/types.ts'
import type { Keyring } from './keyring.ts'

/** What a device needs to pay what the collective owes. */
export type Payer = {
  readonly ledger: Ledger
  readonly keyring: Keyring
  readonly device: DeviceId
  readonly clock: Clock
  readonly random: Random
  readonly state: () => LedgerState
  readonly isActive: () => boolean
  readonly act: (act: Act) => EntryId
  readonly rotate: () => EpochId
}

/**
 * Rotations owed and grants asked for are paid by whoever is able first: everybody waits a random while and looks
 * again, so that there is no administrator whose absence stops the collective. Spec: keys.md §5.
 */
export class Debts {
  readonly #payer: Payer
  #waiting: (() => void) | null = null
  #closed = false

  constructor(payer: Payer) {
    this.#payer = payer
  }

  /** Looks whether anything is owed; call after every change of the ledger or of the keys held. */
  look(): void {
    const { isActive, state, clock, random } = this.#payer
    if (!isActive() || this.#waiting) return
    const founding = state().epochs.size === 0
    if (!rotationIsDue(state()) && this.#grantsOwed().length === 0 && this.#enactable().length === 0) return
    const spread = founding ? 400 : 4000
    const wait = 200 + (new DataView(random.bytes(4).buffer as ArrayBuffer).getUint32(0) % spread)
    this.#waiting = clock.after(wait, () => {
      this.#waiting = null
      if (!this.#closed && isActive()) this.#pay()
    })
  }

  close(): void {
    this.#closed = true
    this.#waiting?.()
  }

  #pay(): void {
    const { ledger, keyring, act, rotate, state } = this.#payer
    for (const { epoch, device } of this.#grantsOwed()) {
      const grant = createGrant({ ledger, device, keys: new Map([[epoch, keyring.key(epoch)!]]) })
      if (grant.ok) act(grant.value)
    }
    for (const proposal of this.#enactable()) act({ type: 'enact', proposal })
    if (rotationIsDue(state())) rotate()
  }

  /** Decisions that have their votes and that nobody carried out: the one who gave the last vote may be offline. */
  #enactable(): readonly EntryId[] {
    const state = this.#payer.state()
    return [...state.proposals.keys()].filter((id) => mayEnact(state, id))
  }

  #grantsOwed(): readonly { readonly epoch: EpochId; readonly device: DeviceId }[] {
    const { complaints, grants, devices, epochs } = this.#payer.state()
    return complaints
      .filter(
        ({ author, epoch }) =>
          author !== this.#payer.device &&
          this.#payer.keyring.has(epoch) &&
          devices.get(author)?.standing === 'active' &&
          epochs.get(epoch)?.recipients.includes(author) &&
          !grants.some((grant) => grant.device === author && grant.epochs.includes(epoch)),
      )
      .map(({ author, epoch }) => ({ epoch, device: author }))
  }
}
