/** IP addresses between text and bytes. */

/** 4 bytes of a dotted address, else `null`. */
export const bytesFromIpv4 = (text: string): Uint8Array | null => {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return null
  const bytes = text.split('.').map(Number)
  return bytes.every((byte) => byte < 256) ? Uint8Array.from(bytes) : null
}

export const textFromIpv4 = (bytes: Uint8Array): string => bytes.join('.')

/** 16 bytes of an address as RFC 5952 writes it, without zone or embedded IPv4, else `null`. */
export const bytesFromIpv6 = (text: string): Uint8Array | null => {
  const halves = text.split('::')
  if (halves.length > 2 || !/^[0-9a-f:]+$/i.test(text)) return null
  const [front = [], back = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - front.length - back.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null
  const groups = [...front, ...Array<string>(missing).fill('0'), ...back]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null
  return Uint8Array.from(
    groups.flatMap((group) => {
      const value = Number.parseInt(group, 16)
      return [value >> 8, value & 255]
    }),
  )
}

/** All eight groups, no `::`: as good for a machine, and only one spelling. */
export const textFromIpv6 = (bytes: Uint8Array): string =>
  Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16)).join(':')
