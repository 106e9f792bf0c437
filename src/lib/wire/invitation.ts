import { base64urlFromBytes, bytesFromBase64url } from '../core/bytes.ts'
import { decodeCbor, encodeCbor, isBytes, type Cbor } from '../core/cbor.ts'

/**
 * What an invitation link says, behind `#`, where no server sees it: `[1, kind, host, seed]`. The kind comes first among
 * what is meant, so that a link made for one thing is refused, kindly, in another place. `host` is a commitment to the
 * inviting device: browsers keep the addresses they opened, so no id stands in a link. Which collective it is about is
 * said over the link the seed makes, after the host has shown it is the one committed to. Spec: wire.md §6.
 */
export type Invitation = {
  readonly kind: 'found' | 'join' | 'recover'
  /** `H("qr", [kind, device])`, 32 bytes. */
  readonly host: Uint8Array
  readonly seed: Uint8Array
}

export const INVITATION_KINDS = ['found', 'join', 'recover'] as const
const SEED_BYTES = { least: 16, most: 32 } as const

/** Hash route of the screen it is for, and the invitation: `#/unirme?c=…`; for coming back `#/volver/colectivo?c=…`. */
export const linkFromInvitation = ({ kind, host, seed }: Invitation): string =>
  `#/${kind === 'recover' ? 'volver/colectivo' : 'unirme'}?c=${base64urlFromBytes(encodeCbor([1, INVITATION_KINDS.indexOf(kind), host, seed]))}`

/** Reads a whole link, its hash part, or the bare code. `null`: not one of ours, or damaged in copying. Never throws. */
export const invitationFromLink = (link: string): Invitation | null => {
  const code = /(?:[?&]c=|^)([A-Za-z0-9_-]{20,200})$/.exec(link.trim())?.[1]
  const bytes = code ? bytesFromBase64url(code) : null
  const decoded = bytes ? decodeCbor(bytes) : null
  if (!decoded?.ok || !Array.isArray(decoded.value) || decoded.value.length !== 4) return null
  const [version, kindAt, host, seed] = decoded.value as readonly Cbor[]
  const kind = typeof kindAt === 'number' ? INVITATION_KINDS[kindAt] : undefined
  if (version !== 1 || !kind || !isBytes(host, 32) || !(seed instanceof Uint8Array)) return null
  return seed.length >= SEED_BYTES.least && seed.length <= SEED_BYTES.most ? { kind, host, seed } : null
}
