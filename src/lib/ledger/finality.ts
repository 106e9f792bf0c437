import type { CollId, DeviceId, EntryId, MemberId } from '../core/ids.ts'
import { hasBit, type Bits } from './bits.ts'
import { isBelowNode, type Dag, type Node } from './dag.ts'
import { Evaluation } from './evaluation.ts'
import { NOBODY_ABOVE, type AskParent } from './mirror.ts'
import { cosigningDevices, peopleOf, type View } from './view.ts'

/** Who may make a checkpoint final: read off its own past, so it never changes. */
type Quorum = {
  /** The one device each voting member co-signs with. */
  readonly signers: ReadonlyMap<DeviceId, MemberId>
  readonly electorate: number
  /** Voting members who are not dormant. */
  readonly awake: ReadonlySet<MemberId>
}

/** How a checkpoint stands by the co-signatures somebody knows. */
export type Tally = { readonly cosigners: readonly MemberId[]; readonly needed: number }

/**
 * Which checkpoints are final. Each is judged by the state of its own past, with what is final by the co-signatures in that
 * past and without any pin: so everybody who holds it judges it alike, and more co-signatures never take finality away.
 * Spec: ledger.md §9.
 */
export class Finality {
  readonly #dag: Dag
  readonly #root: Evaluation
  readonly #quorums = new Map<EntryId, Quorum>()
  readonly #within = new Map<EntryId, Evaluation>()

  constructor(coll: CollId, dag: Dag, askParent: AskParent = NOBODY_ABOVE) {
    this.#dag = dag
    this.#root = Evaluation.of(coll, dag, askParent)
  }

  /**
   * What is final for a device that holds everything here: of all checkpoints with enough co-signatures, those above or
   * below the one it pinned, and of these none that contradict each other. Nothing as long as the one it pinned is not here,
   * so that whoever delivers first cannot put another in its place.
   */
  inForce(pin: EntryId | null): Evaluation {
    const pinned = pin === null ? undefined : this.#dag.get(pin)
    if (pin !== null && !pinned) return this.#root
    const settled = this.#settledAmong(this.#dag.checkpoints(), () => true)
    if (!pinned) return this.#upToNewest(settled)
    const inLine = settled.filter((one) => areInLine(one, pinned) && this.#heeds(one, pinned))
    return this.#keeping(inLine.includes(pinned) ? pinned : null, this.#upToNewest(inLine))
  }

  /** What is final by the co-signatures in `past` alone: the state a checkpoint on top of it speaks of. */
  finalWithin(past: Bits): Evaluation {
    const knows = ({ index }: Node) => hasBit(past, index)
    return this.#upToNewest(this.#settledAmong(this.#dag.checkpoints().filter(knows), knows))
  }

  /** Every checkpoint proposed. */
  checkpoints(): readonly Node[] {
    return this.#dag.checkpoints()
  }

  isBelow(below: EntryId, above: EntryId): boolean {
    return this.#dag.isBelow(below, above)
  }

  /** Who co-signed, of those who may, and how many it takes, by the entries `knows` of. */
  tally(checkpoint: Node, knows: (node: Node) => boolean): Tally {
    return this.#tallyBy(this.#quorumOf(checkpoint), checkpoint, knows)
  }

  #tallyBy({ signers, electorate, awake }: Quorum, checkpoint: Node, knows: (node: Node) => boolean): Tally {
    const cosigners = new Set(
      this.#cosignsOf(checkpoint, knows).flatMap(({ author }) => signers.get(author) ?? []),
    )
    const asleep = [...cosigners].filter((member) => !awake.has(member)).length
    // Those who are away are not waited for; nor do they help where those who are there must agree.
    const needed = Math.max(Math.floor((2 * awake.size) / 3) + 1 + asleep, Math.floor(electorate / 2) + 1)
    return { cosigners: [...cosigners].sort(), needed: Math.max(needed, 2) }
  }

  isSettled(checkpoint: Node, knows: (node: Node) => boolean): boolean {
    // Two signatures at least: fewer are not worth reading its past for.
    if (new Set(this.#cosignsOf(checkpoint, knows).map(({ author }) => author)).size < 2) return false
    const { cosigners, needed } = this.tally(checkpoint, knows)
    return cosigners.length >= needed
  }

  #cosignsOf(checkpoint: Node, knows: (node: Node) => boolean): readonly Node[] {
    return this.#dag.answersTo(checkpoint.id).cosigns.filter((by) => knows(by) && isBelowNode(checkpoint, by))
  }

  #quorumOf(checkpoint: Node): Quorum {
    const known = this.#quorums.get(checkpoint.id)
    if (known) return known
    const quorum = quorumIn(this.#evaluationBelow(checkpoint).viewOf(checkpoint.parents))
    this.#quorums.set(checkpoint.id, quorum)
    return quorum
  }

  /**
   * Whether what lies above the pin has enough of those, too, whom the pin gave a voice. Else the people of before, or
   * whoever has their phones by now, could go on among themselves above it as if it had never been.
   */
  #heeds(checkpoint: Node, pinned: Node): boolean {
    if (!isBelowNode(pinned, checkpoint)) return true
    const ground = this.#evaluationBelow(checkpoint)
    const kept = this.#keeping(pinned, ground)
    if (kept === ground) return true
    const quorum = quorumIn(kept.viewOf(checkpoint.parents))
    const { cosigners, needed } = this.#tallyBy(quorum, checkpoint, () => true)
    return cosigners.length >= needed
  }

  #evaluationBelow(checkpoint: Node): Evaluation {
    const known = this.#within.get(checkpoint.id)
    if (known) return known
    const within = this.finalWithin(checkpoint.past)
    this.#within.set(checkpoint.id, within)
    return within
  }

  #settledAmong(checkpoints: readonly Node[], knows: (node: Node) => boolean): readonly Node[] {
    return checkpoints.filter((checkpoint) => this.isSettled(checkpoint, knows))
  }

  /**
   * With the newest of those that are in line with all others (of two majorities that said different things neither is
   * believed), and below it what is final in its own past. That is what its signers compared: co-signatures that come
   * afterwards for something that lies below it change nothing there, whoever holds the phones of that time by now.
   */
  #upToNewest(settled: readonly Node[]): Evaluation {
    const newest = settled
      .filter((one) => settled.every((other) => areInLine(one, other)))
      .sort((a, b) => b.pastSize - a.pastSize)[0]
    return newest ? this.#evaluationBelow(newest).upTo(newest) : this.#root
  }

  /**
   * What a device pinned stays final there, also below one whose signers had not heard that it was. Honest apps do not sign
   * such a one, if they have heard.
   */
  #keeping(pinned: Node | null, evaluation: Evaluation): Evaluation {
    if (!pinned || evaluation.finals.some(({ index }) => index === pinned.index)) return evaluation
    return evaluation.finals
      .filter((final) => isBelowNode(pinned, final))
      .reduce((kept, final) => kept.upTo(final), this.#evaluationBelow(pinned).upTo(pinned))
  }
}

const areInLine = (a: Node, b: Node): boolean => a === b || isBelowNode(a, b) || isBelowNode(b, a)

const quorumIn = (view: View): Quorum => {
  const { members, electorate } = peopleOf(view)
  const voting = [...members.values()].filter(({ votes }) => votes)
  const devices = cosigningDevices(view)
  return {
    electorate,
    signers: new Map(
      voting.flatMap(({ id }): readonly [DeviceId, MemberId][] => {
        const device = devices.get(id)
        return device ? [[device, id]] : []
      }),
    ),
    awake: new Set(voting.flatMap(({ id, dormant }) => (dormant ? [] : [id]))),
  }
}
