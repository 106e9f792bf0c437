import { decodeCbor, encodeCbor, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import { HASH_BYTES } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { encodeCard, parseCard, type Card } from './cards.ts'

/** What two people scan each other for. First in a code, so that one made for one thing is refused, kindly, in another place. */
export const CODE_KINDS = ['meet', 'join', 'device', 'found', 'recover'] as const
export type CodeKind = (typeof CODE_KINDS)[number]

/**
 * What a phone shows for another to scan: `[1, kind, commitment, card]`. No secret is in it, and no id: `commitment` is
 * the hash of the device and of this very connection, so whoever films it can neither connect in its place nor know the
 * same phone again tomorrow. Spec: wire.md §10.
 */
export type Code = {
  readonly kind: CodeKind
  /** `H("qr", [kind, device, DTLS fingerprint])`, 32 bytes. */
  readonly commitment: Uint8Array
  readonly card: Card
}

export type BadCode =
  /** Not one of ours, or damaged. */
  | { readonly type: 'BadCode' }
  /** Made for something else than asked for. */
  | { readonly type: 'CodeOfAnotherKind'; readonly kind: CodeKind }

const VERSION = 1

export const encodeCode = ({ kind, commitment, card }: Code): Uint8Array =>
  encodeCbor([VERSION, CODE_KINDS.indexOf(kind), commitment, encodeCard(card)])

/** Reads a code made for `kind`. Never throws. */
export const parseCode = (bytes: Uint8Array, kind: CodeKind): Result<Code, BadCode> => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 4) return BAD
  const [version, kindAt, commitment, encoded] = decoded.value as readonly Cbor[]
  const found = isUint(kindAt) ? CODE_KINDS[kindAt] : undefined
  if (version !== VERSION || !found || !isBytes(commitment, HASH_BYTES)) return BAD
  const card = encoded instanceof Uint8Array ? parseCard(encoded) : null
  if (!card?.ok) return BAD
  return found === kind
    ? ok({ kind, commitment, card: card.value })
    : err({ type: 'CodeOfAnotherKind', kind: found })
}

const BAD = err({ type: 'BadCode' } as const)
