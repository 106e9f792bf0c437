import { hasExactly, isBytes, isCborMap, isUint, type Cbor } from '../core/cbor.ts'
import { deviceIdFrom, entryIdFrom, idBytes, memberIdFrom } from '../core/ids.ts'
import { cborFromDevice, deviceFromCbor, deviceIdOf } from '../crypto/device.ts'
import { SIGNATURE_BYTES } from '../crypto/sign.ts'
import { cborFromPositions, listOf, policyFrom, positionsFrom, sortedIds } from './pieces.ts'
import type { InviteProof, Proposal } from './types.ts'

type Body = { readonly [key: string]: Cbor }
type Action = Proposal['action']

export const MAX_ANNULLED = 256
const MAX_DORMANT = 512

/** What may be proposed, by action: the keys its map has beside `action`, and how it is read. Spec: ledger.md §5.2. */
const readers: {
  readonly [A in Action]: { readonly keys: readonly string[]; readonly read: (body: Body) => Proposal | null }
} = {
  admit: {
    keys: ['member', 'device', 'binding', 'proof', 'verified'],
    read: (body) => readEntrant('admit', body),
  },
  addDevice: {
    keys: ['member', 'device', 'binding', 'proof', 'verified'],
    read: (body) => readEntrant('addDevice', body),
  },
  keeper: {
    keys: ['device', 'binding'],
    read: ({ device, binding }) => {
      const read = deviceFromCbor(device)
      return read && isBytes(binding, SIGNATURE_BYTES)
        ? { action: 'keeper', device: read, deviceId: deviceIdOf(read), binding }
        : null
    },
  },
  removeMember: {
    keys: ['member', 'annul'],
    read: ({ member, annul }) => {
      const [id, entries] = [memberIdFrom(member), sortedIds(listOf(annul, entryIdFrom, MAX_ANNULLED))]
      return id && entries && { action: 'removeMember', member: id, annul: entries }
    },
  },
  revokeDevice: {
    keys: ['device', 'frontier', 'annul'],
    read: ({ device, frontier, annul }) => {
      const id = deviceIdFrom(device)
      const [positions, entries] = [
        positionsFrom(frontier),
        sortedIds(listOf(annul, entryIdFrom, MAX_ANNULLED)),
      ]
      return id && positions && entries
        ? { action: 'revokeDevice', device: id, frontier: positions, annul: entries }
        : null
    },
  },
  recover: {
    keys: ['member', 'device', 'binding'],
    read: ({ member, device, binding }) => {
      const [id, read] = [memberIdFrom(member), deviceFromCbor(device)]
      return id && read && isBytes(binding, SIGNATURE_BYTES)
        ? { action: 'recover', member: id, device: read, deviceId: deviceIdOf(read), binding }
        : null
    },
  },
  lift: {
    keys: ['device'],
    read: ({ device }) => {
      const id = deviceIdFrom(device)
      return id && { action: 'lift', device: id }
    },
  },
  amendFrontier: {
    keys: ['device', 'frontier'],
    read: ({ device, frontier }) => {
      const [id, positions] = [deviceIdFrom(device), positionsFrom(frontier)]
      return id && positions && { action: 'amendFrontier', device: id, frontier: positions }
    },
  },
  policy: {
    keys: ['policy'],
    read: ({ policy }) => {
      const read = policyFrom(policy)
      return read && { action: 'policy', policy: read }
    },
  },
  dormant: {
    keys: ['members'],
    read: ({ members }) => {
      const ids = listOf(members, memberIdFrom, MAX_DORMANT)
      return (ids && ids.length > 0 && { action: 'dormant', members: ids }) || null
    },
  },
  minRules: {
    keys: ['rules'],
    read: ({ rules }) => (isUint(rules) ? { action: 'minRules', rules } : null),
  },
}

/** Reads `{action, …}`, else `null`. */
export const proposalFromCbor = (value: unknown): Proposal | null => {
  if (!isCborMap(value) || typeof value.action !== 'string' || !Object.hasOwn(readers, value.action))
    return null
  const { keys, read } = readers[value.action as Action]
  return hasExactly(value, ['action', ...keys]) ? read(value) : null
}

export const cborFromProposal = (proposal: Proposal): Cbor => {
  const { action } = proposal
  switch (action) {
    case 'admit':
    case 'addDevice':
      return {
        action,
        member: idBytes(proposal.member),
        device: cborFromDevice(proposal.device),
        binding: proposal.binding,
        proof: proposal.proof && [idBytes(proposal.proof.invite), proposal.proof.th, proposal.proof.sig],
        verified: proposal.verified,
      }
    case 'keeper':
      return { action, device: cborFromDevice(proposal.device), binding: proposal.binding }
    case 'removeMember':
      return { action, member: idBytes(proposal.member), annul: proposal.annul.map(idBytes) }
    case 'revokeDevice':
      return {
        action,
        device: idBytes(proposal.device),
        frontier: cborFromPositions(proposal.frontier),
        annul: proposal.annul.map(idBytes),
      }
    case 'recover':
      return {
        action,
        member: idBytes(proposal.member),
        device: cborFromDevice(proposal.device),
        binding: proposal.binding,
      }
    case 'lift':
      return { action, device: idBytes(proposal.device) }
    case 'amendFrontier':
      return { action, device: idBytes(proposal.device), frontier: cborFromPositions(proposal.frontier) }
    case 'policy':
      return { action, policy: { admit: proposal.policy.admit } }
    case 'dormant':
      return { action, members: proposal.members.map(idBytes) }
    case 'minRules':
      return { action, rules: proposal.rules }
  }
}

const readEntrant = (action: 'admit' | 'addDevice', body: Body): Proposal | null => {
  const [member, device, proof] = [
    memberIdFrom(body.member),
    deviceFromCbor(body.device),
    proofFrom(body.proof),
  ]
  const verified = body.verified === 'scan' || body.verified === 'words' ? body.verified : null
  return member && device && isBytes(body.binding, SIGNATURE_BYTES) && proof !== undefined && verified
    ? { action, member, device, deviceId: deviceIdOf(device), binding: body.binding, proof, verified }
    : null
}

/** `null`: no invitation was used. `undefined`: malformed. */
const proofFrom = (value: unknown): InviteProof | null | undefined => {
  if (value === null) return null
  if (!Array.isArray(value) || value.length !== 3) return undefined
  const invite = entryIdFrom(value[0])
  const [th, sig] = [value[1] as unknown, value[2] as unknown]
  return invite && isBytes(th, 32) && isBytes(sig, SIGNATURE_BYTES) ? { invite, th, sig } : undefined
}
