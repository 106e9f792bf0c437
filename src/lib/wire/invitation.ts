import { base64urlFromBytes, bytesFromBase64url } from '../core/bytes.ts'
import { decodeCbor, encodeCbor, type Cbor } from '../core/cbor.ts'
import {
  collIdFrom,
  deviceIdFrom,
  entryIdFrom,
  idBytes,
  type CollId,
  type DeviceId,
  type EntryId,
} from '../core/ids.ts'

/**
 * What an invitation link says, behind `#`, where no server sees it: `[version, kind, coll, device, pin, seed]`.
 * The kind comes first among what is meant, so that a link made for one thing is refused, kindly, in another place.
 * `pin`: the newest final checkpoint the host verified, or null while there is none. Spec: wire.md §6.
 */
export type Invitation = {
  readonly kind: 'found' | 'join'
  /** `null` while the collective is being founded. */
  readonly coll: CollId | null
  readonly host: DeviceId
  readonly pin: EntryId | null
  readonly seed: Uint8Array
}

const KINDS = ['found', 'join'] as const
const SEED_BYTES = { least: 16, most: 32 } as const

/** Hash route of the joining screen and the invitation: `#/unirme?c=…`. */
export const linkFromInvitation = (invitation: Invitation): string => {
  const { coll, pin } = invitation
  const bytes = encodeCbor([
    1,
    KINDS.indexOf(invitation.kind),
    coll && idBytes(coll),
    idBytes(invitation.host),
    pin && idBytes(pin),
    invitation.seed,
  ])
  return `#/unirme?c=${base64urlFromBytes(bytes)}`
}

/** Reads a whole link, its hash part, or the bare code. `null`: not one of ours, or damaged in copying. Never throws. */
export const invitationFromLink = (link: string): Invitation | null => {
  const code = /(?:[?&]c=|^)([A-Za-z0-9_-]{20,600})$/.exec(link.trim())?.[1]
  const bytes = code ? bytesFromBase64url(code) : null
  const decoded = bytes ? decodeCbor(bytes) : null
  if (!decoded?.ok || !Array.isArray(decoded.value) || decoded.value.length !== 6) return null
  const [version, kindAt, coll, host, pin, seed] = decoded.value as readonly Cbor[]
  const kind = typeof kindAt === 'number' ? KINDS[kindAt] : undefined
  const [collId, hostId, pinId] = [collIdFrom(coll), deviceIdFrom(host), entryIdFrom(pin)]
  if (version !== 1 || !kind || !hostId || (coll !== null && !collId) || (pin !== null && !pinId)) return null
  if (!(seed instanceof Uint8Array) || seed.length < SEED_BYTES.least || seed.length > SEED_BYTES.most)
    return null
  if ((kind === 'join') !== (collId !== null)) return null
  return { kind, coll: collId, host: hostId, pin: pinId, seed }
}
