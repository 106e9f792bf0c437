import { decodeCbor, encodeCbor, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import { HASH_BYTES } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { BadMessage } from './sync.ts'

/** Where a device may be reached: an address of its own, or the name it gave itself on the local network (mDNS). */
export type Candidate = {
  readonly kind: 'ipv4' | 'ipv6' | 'mdns'
  /** 4 bytes, 16 bytes, or the 16 bytes of the UUID before `.local`. */
  readonly address: Uint8Array
  /** UDP, 1 to 65535. */
  readonly port: number
}

/**
 * All that one side of a link must know of the other to connect: no offer, no answer, two cards. Everything in it is
 * checked so narrowly that it can be written into a session description as it is. Spec: wire.md §1.
 */
export type Card = {
  /** SHA-256 of the DTLS certificate, 32 bytes. */
  readonly fingerprint: Uint8Array
  readonly ufrag: string
  readonly pwd: string
  readonly candidates: readonly Candidate[]
}

export const MAX_CANDIDATES = 12
const VERSION = 1
const KINDS = ['ipv4', 'ipv6', 'mdns'] as const
const ADDRESS_BYTES = { ipv4: 4, ipv6: 16, mdns: 16 } as const

/** 60 to 130 bytes as browsers make them today; never more than 528. */
export const encodeCard = ({ fingerprint, ufrag, pwd, candidates }: Card): Uint8Array =>
  encodeCbor([
    VERSION,
    fingerprint,
    ufrag,
    pwd,
    candidates.map(({ kind, address, port }) => [KINDS.indexOf(kind), address, port]),
  ])

/** Never throws. */
export const parseCard = (bytes: Uint8Array): Result<Card, BadMessage> => {
  const decoded = decodeCbor(bytes)
  const card = decoded.ok ? cardFrom(decoded.value) : null
  return card ? ok(card) : err({ type: 'BadMessage' })
}

/** The characters ICE allows (RFC 8445 §5.3), so that nothing can end a line of a session description. */
const isUfrag = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9+/]{4,64}$/.test(value)
const isPwd = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9+/]{22,64}$/.test(value)

const cardFrom = (value: Cbor): Card | null => {
  if (!Array.isArray(value) || value.length !== 5) return null
  const [version, fingerprint, ufrag, pwd, list] = value as readonly Cbor[]
  if (version !== VERSION || !isBytes(fingerprint, HASH_BYTES) || !isUfrag(ufrag) || !isPwd(pwd)) return null
  if (!Array.isArray(list) || list.length > MAX_CANDIDATES) return null
  const candidates = list.map(candidateFrom)
  return candidates.every((candidate) => candidate !== null) ? { fingerprint, ufrag, pwd, candidates } : null
}

const candidateFrom = (value: unknown): Candidate | null => {
  if (!Array.isArray(value) || value.length !== 3) return null
  const [index, address, port] = value as readonly Cbor[]
  const kind = isUint(index) ? KINDS[index] : undefined
  return kind && isBytes(address, ADDRESS_BYTES[kind]) && isUint(port) && port > 0 && port < 65_536
    ? { kind, address, port }
    : null
}
