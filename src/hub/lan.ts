import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import encodeQR from 'qr'
import { base32nopad } from '@scure/base'
import { encodeHubCode, MAX_HUB_ADDRESSES } from '../lib/wire/hub-code.ts'

/**
 * This machine’s addresses in local networks, IPv4, as they are now. A public address is none of them: a hub for a room
 * must not be reachable from the whole world.
 */
export const lanAddresses = (): readonly string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal, address }) => family === 'IPv4' && !internal && isLocal(address))
    .map(({ address }) => address)
    .sort()

/** RFC 1918, RFC 3927 (what machines give themselves without a router) and RFC 6598 (some hotspots). */
export const isLocal = (address: string): boolean => {
  const [a = 0, b = 0] = address.split('.').map(Number)
  if (a === 10 || (a === 192 && b === 168) || (a === 169 && b === 254)) return true
  return (a === 172 && b >= 16 && b < 32) || (a === 100 && b >= 64 && b < 128)
}

/** Of this machine or of a local network: from where a hub for a room is spoken to. */
export const isNear = (address: string): boolean => /^127(\.\d+){3}$/.test(address) || isLocal(address)

/**
 * An address one machine may have, IPv4, wherever it is: an operator may put it into a code on purpose. It need not be an
 * address this machine knows of: a router may pass on what comes to it.
 */
export const isScannable = (address: string): boolean => {
  const first = Number(address.split('.')[0])
  return isIPv4(address) && first !== 0 && first !== 127 && first < 224
}

/** The code as text: upper-case letters and digits. */
export const hubCodeText = (of: {
  readonly addresses: readonly string[]
  readonly port: number
  readonly fingerprint: Uint8Array
}): string =>
  base32nopad.encode(
    encodeHubCode({
      addresses: of.addresses
        .slice(0, MAX_HUB_ADDRESSES)
        .map((address) => Uint8Array.from(address.split('.'), Number)),
      port: of.port,
      fingerprint: of.fingerprint,
    }),
  )

/**
 * The code for a camera, drawn in a terminal: dark on light whatever its colours are, two rows of squares to a line, so
 * that it fits into any window.
 */
export const drawnCode = (text: string): string => {
  const rows = encodeQR(text, 'raw', { ecc: 'low', border: 4 })
  const lines: string[] = []
  for (let y = 0; y < rows.length; y += 2)
    lines.push(rows[y]!.map((upper, x) => square(upper, rows[y + 1]?.[x] ?? false)).join('') + '\x1b[0m')
  return lines.join('\n')
}

/** The upper half in the colour of the text, the lower in that of the ground: black or white. */
const square = (upper: boolean, lower: boolean): string => `\x1b[${upper ? 30 : 97};${lower ? 40 : 107}m▀`

/** The code to be typed or read aloud. */
export const groupedCode = (text: string): string => (text.match(/.{1,4}/g) ?? []).join(' ')
