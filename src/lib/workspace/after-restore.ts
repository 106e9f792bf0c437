import type { DeviceId, EntryId } from '../core/ids.ts'
import type { Ledger } from '../ledger/graph.ts'

/** So many others that knew less than the copy are enough, too: then nobody near knows more. */
const ENOUGH = 2

/**
 * What a device that began again from a copy has to hear before it signs anything: what its own latest act is. Whoever knew the
 * latest act in the copy before this device said a word knows at least as much; or two others that did not, or the only
 * other there is, once all they know is here. Spec: backup.md §5.
 */
export class AfterRestore {
  readonly #ledger: Ledger
  readonly #own: DeviceId
  /** Heard out, and behind the copy. Having been told by this device since, what they know of it is only an echo. */
  readonly #behind = new Set<DeviceId>()
  #isEnough = false

  constructor(ledger: Ledger, own: DeviceId) {
    this.#ledger = ledger
    this.#own = own
  }

  get isEnough(): boolean {
    return this.#isEnough
  }

  /** `greeting`: the heads `peer` named before it was told anything; all it holds is here by now. */
  heard(peer: DeviceId, greeting: readonly EntryId[]): void {
    if (this.#isEnough || peer === this.#own) return
    const latest = this.#ledger.latestOwn(this.#own)
    const knew = !latest || greeting.some((head) => head === latest || this.#ledger.isBelow(latest, head))
    if (knew && !this.#behind.has(peer)) this.#isEnough = true
    else this.#behind.add(peer)
    if (this.#behind.size >= Math.min(ENOUGH, Math.max(1, this.#others()))) this.#isEnough = true
  }

  #others(): number {
    return [...this.#ledger.state().devices.values()].filter(
      ({ id, kind, standing }) => id !== this.#own && kind === 'member' && standing === 'active',
    ).length
  }
}
