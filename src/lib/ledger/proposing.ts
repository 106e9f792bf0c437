import { idBytes, type MemberId } from '../core/ids.ts'
import { verifyBinding } from '../crypto/device.ts'
import { verify, type SignPublic } from '../crypto/sign.ts'
import type { Given } from './given.ts'
import type { Proposal } from './types.ts'
import { admissionFloor } from './votes.ts'
import { kindOf, peopleOf } from './view.ts'

type Of<A extends Proposal['action']> = Extract<Proposal, { readonly action: A }>

/**
 * Whether a proposal may be made here. One person admits nobody; two may help each other to a further device and no
 * more; from three on, everything.
 */
export const mayPropose = (given: Given, proposal: Proposal): boolean => {
  const kind = kindOf(given.view)
  if (kind === 'notebook' || (kind === 'pair' && proposal.action !== 'addDevice')) return false
  const { members } = peopleOf(given.view)
  switch (proposal.action) {
    case 'admit':
      return (
        memberIsNew(given, proposal.member) && deviceMayEnter(given, proposal) && proofHolds(given, proposal)
      )
    case 'addDevice':
      return (
        given.author.member === proposal.member &&
        deviceMayEnter(given, proposal) &&
        proofHolds(given, proposal)
      )
    case 'recover':
      return members.has(proposal.member) && deviceMayEnter(given, proposal)
    case 'keeper':
      return deviceIsNew(given, proposal) && keeperIsBound(given, proposal)
    case 'removeMember':
      return members.has(proposal.member)
    case 'revokeDevice':
    case 'lift':
    case 'amendFrontier':
      return given.view.grants.has(proposal.device)
    case 'policy':
      return policyIsNotBelowTheFloor(given, proposal)
    case 'dormant':
      return proposal.members.every((member) => members.has(member))
    case 'minRules':
      return true
  }
}

export const policyIsNotBelowTheFloor = ({ view }: Pick<Given, 'view'>, { policy }: Of<'policy'>): boolean =>
  policy.admit >= admissionFloor(peopleOf(view).electorate)

/** A removed member and a revoked device never return under the same id. */
const memberIsNew = ({ view }: Given, member: MemberId): boolean =>
  ![...view.holders.values()].some((holders) => holders.includes(member))

const deviceIsNew = (
  { view }: Given,
  { deviceId }: Of<'admit' | 'addDevice' | 'recover' | 'keeper'>,
): boolean => !view.holders.has(deviceId)

/** New, and it signed itself which member of which collective it is to be. */
const deviceMayEnter = (given: Given, proposal: Of<'admit' | 'addDevice' | 'recover'>): boolean =>
  deviceIsNew(given, proposal) &&
  verifyBinding(proposal.device, given.book.coll, proposal.member, proposal.binding)

/** A keeper is nobody’s: it signs `null` in place of a member. */
const keeperIsBound = ({ book }: Given, { device, binding }: Of<'keeper'>): boolean =>
  verifyBinding(device, book.coll, null, binding)

/** Where an invitation was used, it stands, and its key signed for this very device in this very handshake. */
const proofHolds = ({ book, view }: Given, { proof, deviceId }: Of<'admit' | 'addDevice'>): boolean => {
  if (!proof) return true
  const invite = view.invites.get(proof.invite)
  if (!invite) return false
  const said = [idBytes(book.coll), idBytes(proof.invite), idBytes(deviceId), proof.th]
  return verify(invite.invitePk as SignPublic, 'invite', said, proof.sig)
}
