import { CODE_KINDS, type Code } from './code.ts'
import type { Candidate, Card } from './cards.ts'

/**
 * A code as short as it can be said: bits, written as a text of `0` and `1`. What is needed to meet is all there, but of the
 * places where the phone may be reached only {@link toldPlaces}. Spec: wire.md §10.
 */
export type Bits = string

/**
 * Of a code that is read aloud: up to two IPv4 addresses, else the first place of any kind. Each costs five words or
 * more, and who stands beside this phone reaches it by one.
 */
export const toldPlaces = (candidates: readonly Candidate[]): readonly Candidate[] => {
  const sayable = candidates.filter((place) => place.kind !== 'mdns' || isRandomName(bitsOf(place.address)))
  const ipv4 = sayable.filter(({ kind }) => kind === 'ipv4').slice(0, 2)
  return ipv4.length > 0 ? ipv4 : sayable.slice(0, 1)
}

/** `code` with the places that are told, and no other. */
export const asTold = (code: Code): Code => ({
  ...code,
  card: { ...code.card, candidates: toldPlaces(code.card.candidates) },
})

/** What can be known from the first bits, which are in the first line: how many follow. */
type Head = {
  readonly kind: Code['kind']
  readonly places: readonly Candidate['kind'][]
  /** Characters of ufrag and pwd, and bits of each character. */
  readonly ufrag: number
  readonly pwd: number
  readonly width: 4 | 6
}

const PLACES = ['ipv4', 'ipv6', 'mdns'] as const
/** Of a random UUID (RFC 9562 §5.4) six bits are always the same, and not said. */
const PLACE_BITS = { ipv4: 32, ipv6: 128, mdns: 122 } as const
const PORT_BITS = 16
const HASH_BITS = 256
const HEXADECIMAL = '0123456789abcdef'
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Names as Chromium and WebKit make them, as Firefox does, and any other: these say their lengths. */
const NAMES = [
  { ufrag: 4, pwd: 24, width: 6 },
  { ufrag: 8, pwd: 32, width: 4 },
] as const
const OTHER_NAMES = 2
const LENGTH_BITS = 7

/** Reads as many bits as asked for; past the end it reads zeros, which whoever compares in the end finds out. */
const createReader = (bits: Bits) => {
  let at = 0
  const take = (count: number): Bits => bits.slice(at, (at += count)).padEnd(count, '0')
  return { take, uint: (count: number): number => Number.parseInt(take(count), 2), read: () => at }
}

const uint = (value: number, count: number): Bits => value.toString(2).padStart(count, '0')
const bitsOf = (bytes: Uint8Array): Bits => Array.from(bytes, (byte) => uint(byte, 8)).join('')
const bytesOf = (bits: Bits): Uint8Array =>
  Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))

const isRandomName = (uuid: Bits): boolean => uuid.slice(48, 52) === '0100' && uuid.slice(64, 66) === '10'

const namesOf = ({ ufrag, pwd }: Card): number => {
  const at = NAMES.findIndex(
    (names) =>
      ufrag.length === names.ufrag &&
      pwd.length === names.pwd &&
      [...ufrag, ...pwd].every((character) => alphabetOf(names.width).includes(character)),
  )
  return at < 0 ? OTHER_NAMES : at
}

const alphabetOf = (width: 4 | 6): string => (width === 4 ? HEXADECIMAL : BASE64)

/** Every bit that is said of a code. The sum over it, and the lines, are made elsewhere: `net/spoken-lines.ts`. */
export const bitsOfCode = ({ kind, commitment, card }: Code): Bits => {
  const { ufrag, pwd, fingerprint, candidates } = card
  const at = namesOf(card)
  const width = NAMES[at]?.width ?? 6
  return [
    uint(CODE_KINDS.indexOf(kind), 3),
    uint(at, 2),
    uint(candidates.length, 2),
    ...candidates.map((place) => uint(PLACES.indexOf(place.kind), 2)),
    ...(at === OTHER_NAMES ? [uint(ufrag.length, LENGTH_BITS), uint(pwd.length, LENGTH_BITS)] : []),
    bitsOf(fingerprint),
    bitsOf(commitment),
    ...Array.from(ufrag + pwd, (character) => uint(alphabetOf(width).indexOf(character), width)),
    ...candidates.flatMap(({ kind: of, address, port }) => [
      of === 'mdns' ? withoutFixed(bitsOf(address)) : bitsOf(address),
      uint(port, PORT_BITS),
    ]),
  ].join('')
}

const withoutFixed = (uuid: Bits): Bits => uuid.slice(0, 48) + uuid.slice(52, 64) + uuid.slice(66)
const withFixed = (said: Bits): Bits => `${said.slice(0, 48)}0100${said.slice(48, 60)}10${said.slice(60)}`

const readHead = ({ uint }: ReturnType<typeof createReader>): Head | null => {
  const kind = CODE_KINDS[uint(3)]
  const at = uint(2)
  const places = Array.from({ length: uint(2) }, () => PLACES[uint(2)])
  const names =
    at === OTHER_NAMES ? ({ ufrag: uint(LENGTH_BITS), pwd: uint(LENGTH_BITS), width: 6 } as const) : NAMES[at]
  return kind && names && places.every((place) => place !== undefined) ? { kind, places, ...names } : null
}

/** How many bits there are of a code that begins with these. `null`: of none. */
export const lengthFromHead = (bits: Bits): number | null => {
  const reader = createReader(bits)
  const head = readHead(reader)
  if (!head) return null
  const places = head.places.reduce((sum, place) => sum + PLACE_BITS[place] + PORT_BITS, 0)
  return reader.read() + 2 * HASH_BITS + (head.ufrag + head.pwd) * head.width + places
}

/**
 * The code these bits begin with, as far as it has the shape of one. What it holds was not judged: `wire/code.ts` does,
 * once it is encoded again. Never throws.
 */
export const codeFromBits = (bits: Bits): Code | null => {
  const reader = createReader(bits)
  const head = readHead(reader)
  if (!head) return null
  const alphabet = alphabetOf(head.width)
  const text = (length: number) =>
    Array.from({ length }, () => alphabet[reader.uint(head.width)] ?? '').join('')
  const fingerprint = bytesOf(reader.take(HASH_BITS))
  const commitment = bytesOf(reader.take(HASH_BITS))
  const ufrag = text(head.ufrag)
  const pwd = text(head.pwd)
  const candidates = head.places.map((kind) => {
    const address = reader.take(PLACE_BITS[kind])
    return {
      kind,
      address: bytesOf(kind === 'mdns' ? withFixed(address) : address),
      port: reader.uint(PORT_BITS),
    }
  })
  return { kind: head.kind, commitment, card: { fingerprint, ufrag, pwd, candidates } }
}
