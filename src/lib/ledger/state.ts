import type { DeviceId, EntryId, FeedId, MemberId } from '../core/ids.ts'
import type { Book } from './book.ts'
import { checkpointsIn, doubleSignersAmong } from './checkpoints.ts'
import type { Node } from './dag.ts'
import type { Finality } from './finality.ts'
import { frontierOf } from './frontier.ts'
import { stateHash } from './state-hash.ts'
import type { DeviceState, FeedState, LedgerState, ProposalState, SuspensionState } from './types.ts'
import {
  cosigningDevices,
  isCut,
  kindOf,
  peopleOf,
  sharedBy,
  silencing,
  standingOf,
  strikesOn,
  struckOf,
  type Grant,
  type View,
} from './view.ts'
import { ballotsFor, isTakenBack, thresholdOf, votersAmong } from './votes.ts'

/** A view as others read it. Each part is worked out when it is first asked for. */
export class State implements LedgerState {
  readonly coll
  readonly kind
  readonly policy
  readonly epochs
  readonly grants
  readonly complaints
  readonly finals
  readonly minRules
  #void: ReadonlySet<EntryId> | null = null
  readonly #book: Book
  readonly #view: View
  readonly #knows: (node: Node) => boolean
  readonly #finality: Finality
  #checkpoints: LedgerState['checkpoints'] | null = null
  #devices: LedgerState['devices'] | null = null
  #feeds: LedgerState['feeds'] | null = null
  #proposals: LedgerState['proposals'] | null = null
  #suspensions: LedgerState['suspensions'] | null = null
  #invites: LedgerState['invites'] | null = null
  #hash: Uint8Array | null = null

  constructor(of: {
    readonly book: Book
    readonly view: View
    readonly knows: (node: Node) => boolean
    readonly finality: Finality
  }) {
    this.#finality = of.finality
    this.#book = of.book
    this.#view = of.view
    this.#knows = of.knows
    this.coll = of.book.coll
    this.kind = kindOf(of.view)
    this.policy = of.view.policy
    this.minRules = of.view.minRules
    this.finals = finalsUpTo(of.view.final)
    this.epochs = of.view.epochs
    this.grants = of.view.given
    this.complaints = of.view.complaints
  }

  get void(): ReadonlySet<EntryId> {
    return (this.#void ??= new Set(this.#view.voided.keys()))
  }

  get members(): LedgerState['members'] {
    return peopleOf(this.#view).members
  }

  get devices(): LedgerState['devices'] {
    return (this.#devices ??= devicesIn(this.#view))
  }

  get checkpoints(): LedgerState['checkpoints'] {
    return (this.#checkpoints ??= checkpointsIn({
      finality: this.#finality,
      knows: this.#knows,
      finals: this.finals,
    }))
  }

  get doubleSigners(): readonly MemberId[] {
    return doubleSignersAmong([...this.checkpoints.values()], (a, b) => this.#book.dag.isInLine(a, b))
  }

  get feeds(): LedgerState['feeds'] {
    return (this.#feeds ??= new Map<FeedId, FeedState>(
      [...this.#view.feeds.values()].map((feed): [FeedId, FeedState] => [feed.id, feed]),
    ))
  }

  get proposals(): LedgerState['proposals'] {
    return (this.#proposals ??= new Map(
      [...this.#view.proposals.values()].flatMap((node): readonly [EntryId, ProposalState][] => {
        const state = this.#proposalOf(node)
        return state ? [[node.id, state]] : []
      }),
    ))
  }

  get suspensions(): LedgerState['suspensions'] {
    return (this.#suspensions ??= suspensionsIn(this.#view))
  }

  get invites(): LedgerState['invites'] {
    return (this.#invites ??= new Map(
      [...this.#view.invites].map(([id, invite]) => [id, { ...invite, used: this.#isUsed(id) }]),
    ))
  }

  get hash(): Uint8Array {
    return (this.#hash ??= stateHash(this))
  }

  #proposalOf(node: Node): ProposalState | null {
    const view = this.#view
    const proposal = node.act?.type === 'propose' ? node.act.proposal : null
    if (!proposal) return null
    const ballots = ballotsFor({ book: this.#book, view }, { node, proposal }, this.#knows)
    const isProtective = PROTECTIVE.has(proposal.action)
    const counted = ballots.filter(
      ({ vote }) =>
        isProtective ||
        (!isCut(view, vote) && (proposal.action === 'lift' || silencing(view, vote).length === 0)),
    )
    const withdrawn = isTakenBack({ book: this.#book, view }, node, this.#knows)
    return {
      id: node.id,
      proposal,
      author: node.author,
      approvals: [...votersAmong(counted)].sort(),
      needed: thresholdOf(view, proposal),
      status: view.enacted.has(node.id)
        ? 'enacted'
        : !isProtective && isCut(view, node)
          ? 'void'
          : withdrawn
            ? 'withdrawn'
            : 'open',
    }
  }

  #isUsed(invite: EntryId): boolean {
    for (const id of this.#view.enacted.keys()) {
      const act = this.#view.proposals.get(id)?.act
      const proposal = act?.type === 'propose' ? act.proposal : null
      if (proposal && 'proof' in proposal && proposal.proof?.invite === invite) return true
    }
    return false
  }
}

const PROTECTIVE = new Set(['removeMember', 'revokeDevice', 'recover'])

const devicesIn = (view: View): LedgerState['devices'] => {
  const cosigning = new Set(cosigningDevices(view).values())
  const struck = struckOf(view)
  const isUntroubled = (id: DeviceId, { pausedBy }: Grant): boolean =>
    pausedBy.length === 0 && !struck.has(id) && !view.retired.has(id) && !view.suspensions.on.has(id)
  return new Map(
    idsOf(view).map((id) => {
      const grant = view.grants.get(id)!
      const cosigns = cosigning.has(id)
      const kemPk = view.rekeys.get(id) ?? grant.device.kemPk
      const known = UNTROUBLED.get(grant)
      const isUntouched = isUntroubled(id, grant)
      if (isUntouched && known?.kemPk === kemPk && known.cosigns === cosigns) return [id, known]
      const state = { ...deviceOf(view, id, grant), kemPk, cosigns }
      if (isUntouched) UNTROUBLED.set(grant, state)
      return [id, state]
    }),
  )
}

/** The last state of each device against which nothing was said: most of them, and the same in one state after another. */
const UNTROUBLED = new WeakMap<Grant, DeviceState>()

const idsOf = sharedBy<readonly DeviceId[]>(['grants'], ({ grants }) => [...grants.keys()].sort())

const deviceOf = (view: View, id: DeviceId, grant: Grant): Omit<DeviceState, 'cosigns' | 'kemPk'> => {
  const biting = view.suspensions.on.get(id) ?? []
  return {
    id,
    member: grant.member,
    kind: grant.kind,
    device: grant.device,
    standing: standingOf(view, id),
    suspensions: [
      ...new Set([...biting.map(({ said }) => said.node.id), ...grant.pausedBy.map((by) => by.id)]),
    ].sort(),
    revokedBy: strikesOn(view, id)
      .map(({ node }) => node.id)
      .sort(),
    grantedBy: grant.by.id,
    frontier: frontierOf(view, id),
  }
}

/** A final checkpoint and those below it, the lowest first. */
const finalsUpTo = (final: Node | null): readonly EntryId[] =>
  final ? [...finalsUpTo(final.floor), final.id] : []

const suspensionsIn = (view: View): ReadonlyMap<EntryId, SuspensionState> => {
  const memberOf = (device: DeviceId) => view.holders.get(device)?.[0]
  const said = new Map(view.suspensions.biting.map((bite) => [bite.said.node.id, bite.said]))
  return new Map(
    [...said.values()].map(({ node, device, reason, frontier }) => [
      node.id,
      {
        id: node.id,
        author: node.author,
        device,
        reason,
        frontier,
        seconded: (view.suspensions.on.get(device) ?? []).some(
          (other) => memberOf(other.said.node.author) !== memberOf(node.author),
        ),
      },
    ]),
  )
}
