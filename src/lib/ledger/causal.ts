import { idBytes } from '../core/ids.ts'
import type { EntryId } from '../core/ids.ts'
import { verifyBinding } from '../crypto/device.ts'
import { verify, type SignPublic } from '../crypto/sign.ts'
import { feedIdOf } from './feed-id.ts'
import type { Ledger } from './graph.ts'
import type { Act, DeviceState, LedgerState, Proposal, SignedEntry } from './types.ts'
import { admitFloor, electorateSize, proposalOf, thresholdOf, votersOf } from './votes.ts'

/**
 * T0: whether an entry was allowed where it was made, judged by the state of its own past and nothing else; so the
 * verdict never changes and is kept. Spec: ledger.md §7.
 */
export const isCausallyValid = (ledger: Ledger, entry: SignedEntry): boolean => {
  const verdicts = verdictsOf(ledger)
  const known = verdicts.get(entry.id)
  if (known !== undefined) return known
  const verdict = judge(ledger, entry)
  verdicts.set(entry.id, verdict)
  return verdict
}

const kept = new WeakMap<Ledger, Map<EntryId, boolean>>()
const verdictsOf = (ledger: Ledger): Map<EntryId, boolean> => {
  const verdicts = kept.get(ledger) ?? new Map<EntryId, boolean>()
  kept.set(ledger, verdicts)
  return verdicts
}

const judge = (ledger: Ledger, entry: SignedEntry): boolean => {
  const { act } = entry
  if (!act) return false
  if (act.type === 'genesis') return entry.id === ledger.coll
  const state = ledger.stateAt(entry.id)
  const author = state.devices.get(entry.entry.author)
  if (!author || author.standing === 'revoked' || author.standing === 'retired') return false
  if (author.kind === 'keeper') return act.type === 'merge'
  if (author.member === null || !state.members.has(author.member)) return false
  if (author.standing === 'suspended' && !isGovernanceSpeech(ledger, act)) return false
  return ruleOf(act.type)({ ledger, state, author, entry })
}

/** A suspended device keeps its voice on who stays, and nothing else. */
const isGovernanceSpeech = (ledger: Ledger, act: Act): boolean => {
  if (act.type === 'merge' || act.type === 'cosign') return true
  const proposal =
    act.type === 'propose'
      ? act.proposal
      : act.type === 'approve' || act.type === 'enact'
        ? proposalOf(ledger, act.proposal)?.proposal
        : null
  return (
    proposal?.action === 'removeMember' || proposal?.action === 'revokeDevice' || proposal?.action === 'lift'
  )
}

type Given = {
  readonly ledger: Ledger
  readonly state: LedgerState
  readonly author: DeviceState
  readonly entry: SignedEntry
}
type Rule = (given: Given) => boolean

const always: Rule = () => true
const ruleOf = (type: Act['type']): Rule => rules[type]

const rules: { readonly [T in Act['type']]: Rule } = {
  genesis: () => false,
  merge: always,
  propose: (given) => given.entry.act?.type === 'propose' && mayPropose(given, given.entry.act.proposal),
  approve: ({ ledger, entry }) =>
    entry.act?.type === 'approve' &&
    proposalOf(ledger, entry.act.proposal) !== null &&
    ledger.isBelow(entry.act.proposal, entry.id),
  withdraw: (given) => withdrawalIsOfOnesOwn(given),
  enact: (given) => enactmentHasItsVotes(given),
  suspend: ({ state, entry }) =>
    state.kind !== 'notebook' && entry.act?.type === 'suspend' && state.devices.has(entry.act.device),
  retire: always,
  feed: ({ ledger, author, entry }) =>
    entry.act?.type === 'feed' && entry.act.feed === feedIdOf(ledger.coll, author.id, entry.act.incarnation),
  rotate: ({ ledger, entry }) =>
    entry.act?.type === 'rotate' &&
    entry.act.prev.every(
      (prev) => ledger.isBelow(prev, entry.id) && ledger.entry(prev)?.act?.type === 'rotate',
    ),
  grant: (given) => grantIsOfWhatItsDeviceMayHold(given),
  complain: ({ ledger, entry }) =>
    entry.act?.type === 'complain' &&
    ledger.isBelow(entry.act.epoch, entry.id) &&
    ledger.entry(entry.act.epoch)?.act?.type === 'rotate',
  rekey: always,
  invite: ({ state }) => state.kind === 'collective',
  mirror: always,
  checkpoint: always,
  cosign: ({ ledger, entry }) =>
    entry.act?.type === 'cosign' && ledger.isBelow(entry.act.checkpoint, entry.id),
}

/** One person admits nobody; two may help each other to a further device and no more; from three on, everything. */
const mayPropose = (given: Given, proposal: Proposal): boolean => {
  const { state } = given
  if (state.kind === 'notebook') return false
  if (state.kind === 'pair' && proposal.action !== 'addDevice') return false
  switch (proposal.action) {
    case 'admit':
      return isNewToUs(given, proposal) && bindingHolds(given, proposal) && proofHolds(given, proposal)
    case 'addDevice':
      return (
        given.author.member === proposal.member &&
        isNewDevice(given, proposal) &&
        bindingHolds(given, proposal)
      )
    case 'recover':
      return (
        state.members.has(proposal.member) && isNewDevice(given, proposal) && bindingHolds(given, proposal)
      )
    case 'keeper':
      return isNewDevice(given, proposal)
    case 'removeMember':
      return state.members.has(proposal.member)
    case 'revokeDevice':
    case 'lift':
    case 'amendFrontier':
      return state.devices.has(proposal.device)
    case 'policy':
      return proposal.policy.admit >= admitFloor(electorateSize(state))
    case 'dormant':
      return proposal.members.every((member) => state.members.has(member))
    case 'minRules':
      return true
  }
}

type Entrant = { readonly device: DeviceState['device']; readonly deviceId: DeviceState['id'] }

/** A removed member and a revoked device never return under the same id. */
const isNewToUs = (given: Given, proposal: Extract<Proposal, { action: 'admit' | 'addDevice' }>): boolean =>
  isNewDevice(given, proposal) &&
  ![...given.state.devices.values()].some(({ member }) => member === proposal.member)

const isNewDevice = ({ state }: Given, { deviceId }: Entrant): boolean => !state.devices.has(deviceId)

const bindingHolds = (
  { ledger }: Given,
  { device, member, binding }: Extract<Proposal, { action: 'admit' | 'addDevice' | 'recover' }>,
): boolean => verifyBinding(device, ledger.coll, member, binding)

/** Where an invitation was used, its key must have signed for this very device in this very handshake. */
const proofHolds = (
  { ledger, entry }: Given,
  proposal: Extract<Proposal, { action: 'admit' | 'addDevice' }>,
): boolean => {
  const { proof, deviceId } = proposal
  if (!proof) return true
  const invite = ledger.entry(proof.invite)
  if (invite?.act?.type !== 'invite' || !ledger.isBelow(proof.invite, entry.id)) return false
  const payload = [idBytes(ledger.coll), idBytes(proof.invite), idBytes(deviceId), proof.th]
  return verify(invite.act.invitePk as SignPublic, 'invite', payload, proof.sig)
}

const withdrawalIsOfOnesOwn = ({ ledger, state, author, entry }: Given): boolean => {
  if (entry.act?.type !== 'withdraw' || !ledger.isBelow(entry.act.target, entry.id)) return false
  const target = ledger.entry(entry.act.target)
  const type = target?.act?.type
  if (type !== 'approve' && type !== 'propose' && type !== 'suspend') return false
  return state.devices.get(target!.entry.author)?.member === author.member
}

const enactmentHasItsVotes = ({ ledger, state, entry }: Given): boolean => {
  if (entry.act?.type !== 'enact' || !ledger.isBelow(entry.act.proposal, entry.id)) return false
  const proposal = proposalOf(ledger, entry.act.proposal)
  const made = ledger.entry(entry.act.proposal)
  if (!proposal || !made || !isCausallyValid(ledger, made)) return false
  return (
    votersOf(ledger, entry, { valid: (vote) => isCausallyValid(ledger, vote), counts: () => true }).size >=
    thresholdOf(state, proposal.proposal)
  )
}

/**
 * Keys are handed only to a device in good standing, and only keys it was meant to have: of epochs it is a recipient of,
 * or that are not older than its admission. Older ones wait until the admission is final.
 */
const grantIsOfWhatItsDeviceMayHold = ({ ledger, state, entry }: Given): boolean => {
  if (entry.act?.type !== 'grant') return false
  const device = state.devices.get(entry.act.device)
  if (device?.standing !== 'active' || device.kind !== 'member') return false
  return entry.act.epochs.every((id) => {
    const epoch = state.epochs.get(id)
    if (!epoch || !ledger.isBelow(id, entry.id)) return false
    return epoch.recipients.includes(device.id) || !ledger.isBelow(id, device.grantedBy)
  })
}
