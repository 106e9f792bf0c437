import { bytesFromHex, hexFromBytes } from '../core/bytes.ts'
import { err, ok, type Result } from '../core/result.ts'
import { MAX_CANDIDATES, type Candidate, type Card } from '../wire/cards.ts'
import { bytesFromIpv4, bytesFromIpv6, textFromIpv4, textFromIpv6 } from './addresses.ts'
import type { Reach } from './types.ts'

/** The browser made a description without certificate or credentials, or nobody could reach what it says. */
export type NoCard = { readonly type: 'NoCard' }

/**
 * Reads a card out of this side’s own session description (RFC 8866, 8839, 8122). Candidates a card cannot say (TCP,
 * names other than mDNS) are left out: without any a link can still come about, if the other side has one. What a TURN
 * server lends or saw comes last, since a card says which is better by order alone (wire.md §1). `relayed`: only what it
 * lends; nothing else of this device may be in the card, whatever the browser wrote.
 */
export const cardFromDescription = (sdp: string, reach: Reach = 'direct'): Result<Card, NoCard> => {
  const value = (pattern: RegExp) => pattern.exec(sdp)?.[1]
  const ufrag = value(/^a=ice-ufrag:(\S+)\s*$/m)
  const pwd = value(/^a=ice-pwd:(\S+)\s*$/m)
  const fingerprint = value(/^a=fingerprint:sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})\s*$/im)
  if (!ufrag || !pwd || !fingerprint) return err({ type: 'NoCard' })
  const lines = [...sdp.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ (\w+)/gim)]
  const ofType = (...types: readonly string[]): readonly Candidate[] =>
    lines.flatMap(([, host = '', port, type = '']) =>
      types.includes(type.toLowerCase()) ? (candidateFrom(host, Number(port)) ?? []) : [],
    )
  const relayed = ofType('relay').slice(0, MAX_RELAYED)
  const own = reach === 'relayed' ? [] : [...ofType('host'), ...ofType('prflx', 'srflx')]
  return ok({
    fingerprint: bytesFromHex(fingerprint.replaceAll(':', '').toLowerCase()),
    ufrag,
    pwd,
    candidates: [...own.slice(0, MAX_CANDIDATES - relayed.length), ...relayed],
  })
}

/**
 * The description this side takes for the other’s answer, written from the other’s card alone. `role` is the other
 * side’s part in DTLS.
 */
export const descriptionFromCard = (card: Card, role: 'active' | 'passive'): string =>
  [
    'v=0',
    'o=- 1 1 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    `a=ice-ufrag:${card.ufrag}`,
    `a=ice-pwd:${card.pwd}`,
    `a=fingerprint:sha-256 ${hexFromBytes(card.fingerprint).toUpperCase().match(/../g)!.join(':')}`,
    `a=setup:${role}`,
    'a=sctp-port:5000',
    'a=max-message-size:262144',
    ...candidateLines(card, 0).map((line) => `a=${line}`),
    '',
  ].join('\r\n')

/**
 * Where the other side may be reached, one line a candidate. A browser passes over lines it has seen: said again, `round` is
 * another.
 */
export const candidateLines = ({ candidates }: Card, round: number): readonly string[] =>
  candidates.map(
    (candidate, i) =>
      `candidate:${round * MAX_CANDIDATES + i + 1} 1 udp ${HOST_PRIORITY - i} ${hostOf(candidate)} ${candidate.port} typ host`,
  )

/** So many places at the end of a card are for what TURN servers lend, however many addresses a device has. */
const MAX_RELAYED = 4

/** Whether a TURN server has lent this side an address. */
export const isRelayed = (sdp: string): boolean => /^a=candidate:\S+ 1 udp .* typ relay/im.test(sdp)

/** Whether this side says where it is itself, or where it was seen: anything but what a TURN server lends. */
export const showsItself = (sdp: string): boolean => /^a=candidate:\S+ 1 udp .* typ (?!relay)/im.test(sdp)

/** Of a host candidate (RFC 8445 §5.1.2.1); the order of the card is kept. */
const HOST_PRIORITY = 2_113_937_151

const MDNS = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\.local$/i

const candidateFrom = (host: string, port: number): Candidate | null => {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return null
  const name = MDNS.exec(host)
  if (name) return { kind: 'mdns', address: bytesFromHex(name.slice(1).join('').toLowerCase()), port }
  const ipv4 = bytesFromIpv4(host)
  if (ipv4) return { kind: 'ipv4', address: ipv4, port }
  const ipv6 = bytesFromIpv6(host)
  return ipv6 && { kind: 'ipv6', address: ipv6, port }
}

const hostOf = ({ kind, address }: Candidate): string => {
  switch (kind) {
    case 'ipv4':
      return textFromIpv4(address)
    case 'ipv6':
      return textFromIpv6(address)
    case 'mdns':
      return `${hexFromBytes(address).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}.local`
  }
}
