/**
 * Addresses of TURN servers (RFC 7065), in the few spellings we give to a browser. What stands in a shared document may
 * have been written by anybody who ever was a member, so everything that is not plainly a name and a port is refused:
 * `stun:` above all, whose answer would be all a stranger wants to know.
 */

/** Of one server: plain and with TLS, say. */
const MAX_URLS = 2

/** One or two addresses with white space between, or `null` when any of it is something else. */
export const turnUrlsFrom = (text: string): readonly string[] | null => {
  const words = text.split(/\s+/).filter(Boolean)
  if (words.length === 0 || words.length > MAX_URLS || new Set(words).size < words.length) return null
  return words.every(isTurnUrl) ? words : null
}

const URL_PARTS =
  /^turns?:([a-z0-9.-]{1,253}|\[[0-9a-f:]{2,39}\]):([1-9]\d{0,4})(?:\?transport=(?:udp|tcp))?$/
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

const isTurnUrl = (word: string): boolean => {
  const [, host = '', port = ''] = URL_PARTS.exec(word) ?? []
  return isHost(host) && mayBePort(Number(port))
}

/**
 * 80 and 443 get through where nothing else does; below 1024 nothing else is TURN. Else a document could send every
 * phone to knock at the mail or the login of some machine.
 */
const mayBePort = (port: number): boolean => port === 80 || port === 443 || (port >= 1024 && port <= 65_535)

/** The local network is fine, for a collective may have a server there. The phone itself is not: there listens who knows what. */
const isHost = (host: string): boolean => {
  if (host.startsWith('[')) return isIpv6(host.slice(1, -1))
  const labels = host.split('.')
  if (!labels.every((label) => LABEL.test(label))) return false
  if (labels.at(-1) === 'localhost') return false
  // A name that ends in a number is an IPv4 address, however oddly spelt (URL standard): only the plain spelling passes.
  return /^(?:0x[0-9a-f]*|\d+)$/.test(labels.at(-1)!) ? isIpv4(host) : true
}

const isIpv4 = (host: string): boolean => {
  const octets = host.split('.')
  if (
    octets.length !== 4 ||
    !octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) < 256)
  )
    return false
  const first = Number(octets[0])
  return first !== 0 && first !== 127 && first < 224
}

const isIpv6 = (inside: string): boolean => {
  const halves = inside.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const [front = [], back = []] = halves
  const missing = 8 - front.length - back.length
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return false
  const groups = [...front, ...Array<string>(missing).fill('0'), ...back]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return false
  const values = groups.map((group) => Number.parseInt(group, 16))
  // The phone itself, nobody, and IPv4 in disguise all begin with five zeros; multicast begins with ff.
  return values.slice(0, 5).some((value) => value !== 0) && values[0]! < 0xff00
}
