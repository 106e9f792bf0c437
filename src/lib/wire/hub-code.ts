import { decodeCbor, encodeCbor, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import { HASH_BYTES } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'

/**
 * What a hub in the room shows: where it is, and the certificate it will prove to hold. The same for everybody and from
 * one day to the next, so it can hang on the wall. No secret is in it, and nothing of any collective: who has it can
 * reach the hub, no more. Spec: wire.md §11.
 */
export type HubCode = {
  /** IPv4 or IPv6, 4 or 16 bytes each; one to four. */
  readonly addresses: readonly Uint8Array[]
  /** UDP, 1 to 65535. */
  readonly port: number
  /** SHA-256 of the hub’s DTLS certificate. */
  readonly fingerprint: Uint8Array
}

export type BadHubCode = { readonly type: 'BadCode' }

const VERSION = 1
/** Beside the kinds of codes that people show each other (code.ts), with room between. */
const HUB_KIND = 16
export const MAX_HUB_ADDRESSES = 4

export const encodeHubCode = ({ addresses, port, fingerprint }: HubCode): Uint8Array =>
  encodeCbor([VERSION, HUB_KIND, addresses, port, fingerprint])

/** Never throws. */
export const parseHubCode = (bytes: Uint8Array): Result<HubCode, BadHubCode> => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 5) return BAD
  const [version, kind, addresses, port, fingerprint] = decoded.value as readonly Cbor[]
  if (version !== VERSION || kind !== HUB_KIND) return BAD
  if (!Array.isArray(addresses) || addresses.length < 1 || addresses.length > MAX_HUB_ADDRESSES) return BAD
  if (!addresses.every(isAddress) || !isUint(port) || port < 1 || port > 65_535) return BAD
  return isBytes(fingerprint, HASH_BYTES) ? ok({ addresses, port, fingerprint }) : BAD
}

const isAddress = (value: unknown): value is Uint8Array => isBytes(value, 4) || isBytes(value, 16)

const BAD = err({ type: 'BadCode' } as const)
