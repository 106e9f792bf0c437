import type { DeviceId, MemberId } from '../core/ids.ts'
import { addBits, emptyBits, hasBit } from './bits.ts'
import type { Dag } from './dag.ts'

/**
 * Acts of one member that may stand here while no act of another member stands on them. A device that is alone with its
 * collective makes a few a week, and every other one speaks at least monthly; and one act can take up twice as many.
 */
export const MAX_LOOSE = 512

/** How many of the last acts are looked at before all are. */
const LATELY = 8

export type RoomOptions = {
  readonly dag: Dag
  /** Whose a device is; `null`: nobody let it in. */
  readonly memberOf: (device: DeviceId) => MemberId | null
  /** Who first named a device; `null`: the genesis. */
  readonly namedBy: (device: DeviceId) => DeviceId | null
}

/**
 * How much each may still say. It keeps one member from filling everybody’s memory, and is no rule: what it makes wait gets
 * in as soon as anybody else builds on it. Devices that were only proposed count for whoever proposed them. Made anew for
 * every batch, and works nothing out before there is much. Spec: ledger.md §6.
 */
export class Room {
  readonly #of: RoomOptions
  readonly #left = new Map<MemberId | DeviceId, number>()

  constructor(of: RoomOptions) {
    this.#of = of
  }

  isFull(author: DeviceId): boolean {
    if (this.#of.dag.size <= MAX_LOOSE) return false
    return this.#leftOf(author) <= 0
  }

  /** Counts one act that got in. It may stand on what others said, and so make room for them. */
  entered(author: DeviceId): void {
    if (this.#left.size === 0) return
    const account = this.#accountOf(author)
    const left = this.#left.get(account)
    if (this.#left.size > 1 || left === undefined) this.#left.clear()
    if (left !== undefined) this.#left.set(account, left - 1)
  }

  #leftOf(author: DeviceId): number {
    const account = this.#accountOf(author)
    const known = this.#left.get(account)
    if (known !== undefined) return known
    const left = this.#workOut(account)
    this.#left.set(account, left)
    return left
  }

  #accountOf(author: DeviceId): MemberId | DeviceId {
    const { memberOf, namedBy } = this.#of
    const met = new Set<DeviceId>()
    for (let device = author; ;) {
      const member = memberOf(device)
      if (member !== null) return member
      met.add(device)
      const by = namedBy(device)
      if (by === null || met.has(by)) return device
      device = by
    }
  }

  #workOut(account: MemberId | DeviceId): number {
    const { dag, memberOf } = this.#of
    const isOthers = (device: DeviceId) => {
      const member = memberOf(device)
      return member !== null && member !== account
    }
    // Mostly somebody else has just said something that stands on nearly all: then there is room for much, whoever it is.
    for (let index = dag.size - 1; dag.size - index <= LATELY; index--) {
      const { author, pastSize } = dag.at(index)
      const uncovered = dag.size - pastSize
      if (uncovered <= MAX_LOOSE / 2 && isOthers(author)) return MAX_LOOSE - uncovered
    }
    const others = dag.authors().filter(isOthers)
    // Whoever is alone fills nobody else’s memory.
    if (others.length === 0) return Number.POSITIVE_INFINITY
    const tips = others.flatMap((device) => dag.tipsOf(device))
    const most = Math.max(...tips.map(({ pastSize }) => pastSize))
    if (dag.size - most <= MAX_LOOSE) return MAX_LOOSE - (dag.size - most)
    const covered = emptyBits(dag.size)
    for (const { past } of tips) addBits(covered, past)
    let loose = 0
    for (let index = 0; index < dag.size; index++)
      if (!hasBit(covered, index) && this.#accountOf(dag.at(index).author) === account) loose += 1
    return MAX_LOOSE - loose
  }
}
