import { hexFromBytes } from '../../../src/lib/core/bytes.ts'
import type { DeviceId, EntryId } from '../../../src/lib/core/ids.ts'
import { Dag } from '../../../src/lib/ledger/dag.ts'
import { rotationIsDue, writeEpoch } from '../../../src/lib/ledger/epochs.ts'
import { Finality } from '../../../src/lib/ledger/finality.ts'
import { State } from '../../../src/lib/ledger/state.ts'
import type { LedgerState, SignedEntry } from '../../../src/lib/ledger/types.ts'
import { COLL } from './made-up.ts'
import { hashOf } from './hashing.ts'
import type { Oracle, Word } from './oracle.ts'
import { leftBy, spellPositions } from './positions.ts'
import { standing } from './strata.ts'
import { reasonOf } from './suspending.ts'
import { isOwed, writtenUnder } from './writing.ts'

/** The evaluation of the ledger itself, fed with entries that nobody signed. Keeps what it knows, as on a phone. */
export class Evaluated {
  readonly #dag = new Dag()
  readonly #finality = new Finality(COLL, this.#dag)

  hears(words: readonly Word[]): this {
    for (const word of words) if (!this.#dag.get(word.id)) this.#dag.insert(signedEntry(word))
    return this
  }

  state(pin: EntryId | null = null): LedgerState {
    const evaluation = this.#finality.inForce(pin)
    const heads = this.#dag.heads()
    return new State({
      book: evaluation.book,
      view: evaluation.viewOf(heads),
      knows: () => true,
      finality: this.#finality,
    })
  }
}

const signedEntry = ({ id, author, parents, act }: Word): SignedEntry => ({
  id,
  entry: { v: 1, coll: COLL, type: act?.type ?? 'later', author, own: null, parents, body: null },
  wire: new Uint8Array(),
  act,
})

const hexOf = (key: Uint8Array) => hexFromBytes(key.subarray(0, 8))

/** Whoever holds every key, and somebody who was not given some. */
const HOLDERS = [() => true, (epoch: EntryId) => epoch.charCodeAt(5) % 2 === 0]

/** What both must agree on, in one spelling. */
export type Spelled = { readonly [part: string]: unknown }

export const spellState = (state: LedgerState): Spelled => ({
  members: [...state.members.values()].map(({ id, votes, dormant }) => [id, votes, dormant]).sort(),
  devices: [...state.devices.values()]
    .map(({ id, member, standing, grantedBy }) => [id, member, standing, grantedBy])
    .sort(),
  frontiers: [...state.devices.values()].map(({ id, frontier }) => [id, spellPositions(frontier)]).sort(),
  proposals: [...state.proposals.values()]
    .map(({ id, status, approvals, needed }) => [id, status, needed, ...approvals])
    .sort(),
  invites: [...state.invites].map(([id, { used }]) => [id, used]).sort(),
  hands: [...state.devices.values()]
    .filter(({ cosigns }) => cosigns)
    .map(({ id }) => id)
    .sort(),
  suspended: [...state.devices.values()]
    .flatMap(({ id, suspensions }) => suspensions.map((by) => `${by} ${id}`))
    .sort(),
  revoked: [...state.devices.values()]
    .flatMap(({ id, revokedBy }) => (revokedBy.length > 0 ? [id] : []))
    .sort(),
  finals: state.finals,
  conflicting: [...state.checkpoints.values()]
    .filter(({ status }) => status === 'conflicting')
    .map(({ id }) => id)
    .sort(),
  checkpoints: [...state.checkpoints.values()]
    .map(({ id, author, needed, cosigners }) => [id, author, needed, ...cosigners])
    .sort(),
  doubleSigners: state.doubleSigners,
  reasons: [...state.suspensions.values()]
    .map(({ id, author, device, reason, seconded, frontier }) => [
      ...[id, author, device, reason, seconded, spellPositions(frontier)],
    ])
    .sort(),
  hash: hexFromBytes(state.hash),
  policy: state.policy.admit,
  minRules: state.minRules,
  epochs: [...state.epochs.values()].map((epoch) => [epoch.id, epoch.void, ...epoch.recipients]).sort(),
  enacted: [...state.proposals.values()]
    .filter(({ status }) => status === 'enacted')
    .map(({ id }) => id)
    .sort(),
  void: [...state.void].sort(),
  feeds: [...state.feeds.values()].map(({ id, device, entry }) => [id, device, entry]).sort(),
  granted: state.grants.map(({ id }) => id).sort(),
  keys: [...state.devices.values()].map(({ id, kemPk }) => [id, hexOf(kemPk)]).sort(),
  depths: [...state.epochs.values()].map(({ id, depth, prev }) => [id, depth, ...prev]).sort(),
  writes: HOLDERS.map((holds) => writeEpoch(state, holds)),
  owed: rotationIsDue(state),
  complained: state.complaints.map(({ id }) => id).sort(),
})

export const spellOracle = (oracle: Oracle, pin: EntryId | null = null): Spelled => {
  const sum = oracle.state(pin)
  const reading = oracle.reading(oracle.inForce(pin))
  const wordOf = (id: EntryId) => oracle.words.get(id)!
  const holderOf = (device: DeviceId) => sum.held.get(device)?.[0]
  /** The device a suspension names: where it bites on others, it is for that one's sake. */
  const namedBy = (said: EntryId) => {
    const { act, author } = wordOf(said)
    if (act?.type === 'suspend') return act.device
    return act?.type === 'propose' && act.proposal.action === 'revokeDevice' ? act.proposal.device : author
  }
  /** Whether somebody else silences the same device, too. */
  const isSeconded = (said: EntryId) =>
    sum.biting.some(
      (other) =>
        other.device === namedBy(said) &&
        holderOf(wordOf(other.said).author) !== holderOf(wordOf(said).author),
    )
  return {
    members: [...sum.members].map((id) => [id, sum.voters.has(id), sum.dormant.has(id)]).sort(),
    devices: [...sum.places].map(([id, { member, by }]) => [id, member, standing(sum, id), by]).sort(),
    frontiers: [...sum.frontiers].map(([id, frontier]) => [id, spellPositions(frontier)]).sort(),
    proposals: sum.proposals
      .map(({ id, status, approvals, needed }) => [id, status, needed, ...approvals])
      .sort(),
    invites: sum.invites.map((id) => [id, sum.used.has(id)]).sort(),
    hands: [...sum.hands.values()].sort(),
    suspended: [
      ...new Set([
        ...sum.biting
          .filter(({ device }) => sum.places.has(device))
          .map(({ said, device }) => `${said} ${device}`),
        ...[...sum.places].flatMap(([id, { pausedBy }]) => pausedBy.map((by) => `${by} ${id}`)),
      ]),
    ].sort(),
    revoked: [...sum.struck].sort(),
    finals: sum.finals,
    conflicting: [...oracle.conflicting(oracle.inForce(pin))].sort(),
    checkpoints: oracle
      .checkpoints()
      .map((id) => [id, wordOf(id).author, oracle.signed(id).needed, ...oracle.signed(id).by])
      .sort(),
    doubleSigners: oracle.doubleSigners(),
    reasons: [...new Set(sum.biting.map(({ said }) => said))]
      .map((said) => [
        ...[said, wordOf(said).author, namedBy(said), reasonOf(wordOf(said).act), isSeconded(said)],
        spellPositions(leftBy(reading, said)),
      ])
      .sort(),
    hash: hexFromBytes(hashOf(sum)),
    policy: sum.policy,
    minRules: sum.minRules,
    epochs: [...sum.epochs].map(([id, epoch]) => [id, epoch.void, ...epoch.recipients]).sort(),
    enacted: [...sum.enacted].sort(),
    void: [...sum.void].sort(),
    feeds: [...sum.feeds].map(([id, { device, entry }]) => [id, device, entry]).sort(),
    granted: [...sum.granted].sort(),
    keys: [...sum.keys]
      .filter(([id]) => sum.places.has(id))
      .map(([id, key]) => [id, hexOf(key)])
      .sort(),
    depths: [...sum.epochs].map(([id, { depth, prev }]) => [id, depth, ...prev]).sort(),
    writes: HOLDERS.map((holds) => writtenUnder(sum, holds)),
    owed: isOwed(sum),
    complained: [...sum.complained].sort(),
  }
}
