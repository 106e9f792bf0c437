import { hasExactly, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import { deviceIdFrom, entryIdFrom, epochIdFrom, feedIdFrom, idBytes, memberIdFrom } from '../core/ids.ts'
import { cborFromDevice, deviceFromCbor, deviceIdOf } from '../crypto/device.ts'
import { kemPublicFrom } from '../crypto/kem.ts'
import type { Act, EntryType, Founder } from './types.ts'
import { cborFromPositions, listOf, policyFrom, positionsFrom, sortedIds } from './pieces.ts'
import { cborFromProposal, proposalFromCbor } from './proposal-body.ts'

/** Most founders one genesis may name. */
export const MAX_FOUNDERS = 120
/** Most epochs one entry may name. */
export const MAX_EPOCHS = 256
const REASONS = ['lost', 'seized', 'doubtful', 'leaving', 'evidence'] as const
const COMPLAINTS = ['noBox', 'badBox', 'badCommit'] as const

type Body = { readonly [key: string]: Cbor }
type Reader = (body: Body) => Act | null

/** The keys each body has, exactly, and how it is read. One row for each type of entry. Spec: ledger.md §5. */
const readers: { readonly [T in EntryType]: { readonly keys: readonly string[]; readonly read: Reader } } = {
  genesis: {
    keys: ['founders', 'nonce', 'policy'],
    read: ({ founders, nonce, policy }) => {
      const read = listOf(founders, founderFrom, MAX_FOUNDERS)
      const rules = policyFrom(policy)
      return read && read.length > 0 && isBytes(nonce, 16) && rules
        ? { type: 'genesis', founders: read, nonce, policy: rules }
        : null
    },
  },
  merge: { keys: [], read: () => ({ type: 'merge' }) },
  propose: {
    keys: ['proposal'],
    read: ({ proposal }) => {
      const read = proposalFromCbor(proposal)
      return read && { type: 'propose', proposal: read }
    },
  },
  approve: {
    keys: ['proposal', 'seen'],
    read: ({ proposal, seen }) => {
      const [id, positions] = [entryIdFrom(proposal), positionsFrom(seen)]
      return id && positions && { type: 'approve', proposal: id, seen: positions }
    },
  },
  withdraw: {
    keys: ['target'],
    read: ({ target }) => {
      const id = entryIdFrom(target)
      return id && { type: 'withdraw', target: id }
    },
  },
  enact: {
    keys: ['proposal'],
    read: ({ proposal }) => {
      const id = entryIdFrom(proposal)
      return id && { type: 'enact', proposal: id }
    },
  },
  suspend: {
    keys: ['device', 'frontier', 'reason', 'evidence'],
    read: ({ device, frontier, reason, evidence }) => {
      const [id, positions] = [deviceIdFrom(device), positionsFrom(frontier)]
      const why = REASONS.find((known) => known === reason)
      const proof = evidence === null || evidence instanceof Uint8Array
      return id && positions && why && proof
        ? { type: 'suspend', device: id, frontier: positions, reason: why, evidence }
        : null
    },
  },
  retire: {
    keys: ['frontier'],
    read: ({ frontier }) => {
      const positions = positionsFrom(frontier)
      return positions && { type: 'retire', frontier: positions }
    },
  },
  feed: {
    keys: ['feed', 'incarnation'],
    read: ({ feed, incarnation }) => {
      const id = feedIdFrom(feed)
      return id && isBytes(incarnation, 16) ? { type: 'feed', feed: id, incarnation } : null
    },
  },
  rotate: {
    keys: ['prev', 'commit', 'boxRoot'],
    read: ({ prev, commit, boxRoot }) => {
      const epochs = sortedIds(listOf(prev, epochIdFrom, MAX_EPOCHS))
      return epochs && isBytes(commit, 32) && isBytes(boxRoot, 32)
        ? { type: 'rotate', prev: epochs, commit, boxRoot }
        : null
    },
  },
  grant: {
    keys: ['epochs', 'device', 'box'],
    read: ({ epochs, device, box }) => {
      const ids = sortedIds(listOf(epochs, epochIdFrom, MAX_EPOCHS))
      const id = deviceIdFrom(device)
      return ids && ids.length > 0 && id && box instanceof Uint8Array
        ? { type: 'grant', epochs: ids, device: id, box }
        : null
    },
  },
  complain: {
    keys: ['epoch', 'reason'],
    read: ({ epoch, reason }) => {
      const id = epochIdFrom(epoch)
      const why = COMPLAINTS.find((known) => known === reason)
      return id && why ? { type: 'complain', epoch: id, reason: why } : null
    },
  },
  rekey: {
    keys: ['kemPk'],
    read: ({ kemPk }) => {
      const key = kemPublicFrom(kemPk)
      return key && { type: 'rekey', kemPk: key }
    },
  },
  invite: {
    keys: ['invitePk', 'uses'],
    read: ({ invitePk, uses }) =>
      isBytes(invitePk, 32) && uses === 1 ? { type: 'invite', invitePk, uses } : null,
  },
  mirror: {
    keys: ['act'],
    read: ({ act }) => {
      const id = entryIdFrom(act)
      return id && { type: 'mirror', act: id }
    },
  },
  checkpoint: {
    keys: ['attachment'],
    read: ({ attachment }) =>
      hasExactly(attachment, ['hash', 'size']) &&
      isBytes(attachment.hash, 32) &&
      isUint(attachment.size) &&
      attachment.size <= MAX_ATTACHMENT_BYTES
        ? { type: 'checkpoint', attachment: { hash: attachment.hash, size: attachment.size } }
        : null,
  },
  cosign: {
    keys: ['checkpoint'],
    read: ({ checkpoint }) => {
      const id = entryIdFrom(checkpoint)
      return id && { type: 'cosign', checkpoint: id }
    },
  },
}

/** A checkpoint's large part lies outside its entry, at most this long. */
export const MAX_ATTACHMENT_BYTES = 4 * 1024 * 1024

export const isKnownType = (type: string): type is EntryType => Object.hasOwn(readers, type)

/** The body of an entry of a known type, else `null`: the entry is then malformed. */
export const actFromBody = (type: EntryType, body: Cbor): Act | null => {
  const { keys, read } = readers[type]
  return hasExactly(body, keys) ? read(body) : null
}

export const bodyFromAct = (act: Act): Cbor => {
  switch (act.type) {
    case 'genesis':
      return {
        founders: act.founders.map(({ member, device }) => [idBytes(member), cborFromDevice(device)]),
        nonce: act.nonce,
        policy: { admit: act.policy.admit },
      }
    case 'merge':
      return {}
    case 'propose':
      return { proposal: cborFromProposal(act.proposal) }
    case 'approve':
      return { proposal: idBytes(act.proposal), seen: cborFromPositions(act.seen) }
    case 'withdraw':
      return { target: idBytes(act.target) }
    case 'enact':
      return { proposal: idBytes(act.proposal) }
    case 'suspend':
      return {
        device: idBytes(act.device),
        frontier: cborFromPositions(act.frontier),
        reason: act.reason,
        evidence: act.evidence,
      }
    case 'retire':
      return { frontier: cborFromPositions(act.frontier) }
    case 'feed':
      return { feed: idBytes(act.feed), incarnation: act.incarnation }
    case 'rotate':
      return { prev: act.prev.map(idBytes), commit: act.commit, boxRoot: act.boxRoot }
    case 'grant':
      return { epochs: act.epochs.map(idBytes), device: idBytes(act.device), box: act.box }
    case 'complain':
      return { epoch: idBytes(act.epoch), reason: act.reason }
    case 'rekey':
      return { kemPk: act.kemPk }
    case 'invite':
      return { invitePk: act.invitePk, uses: 1 }
    case 'mirror':
      return { act: idBytes(act.act) }
    case 'checkpoint':
      return { attachment: { hash: act.attachment.hash, size: act.attachment.size } }
    case 'cosign':
      return { checkpoint: idBytes(act.checkpoint) }
  }
}

const founderFrom = (value: unknown): Founder | null => {
  if (!Array.isArray(value) || value.length !== 2) return null
  const [member, device] = [memberIdFrom(value[0]), deviceFromCbor(value[1])]
  return member && device ? { member, device, deviceId: deviceIdOf(device) } : null
}
