import { decodeCbor, encodeCbor, isBytes, isUint, type Cbor } from '../core/cbor.ts'
import {
  collIdFrom,
  entryIdFrom,
  idBytes,
  memberIdFrom,
  type CollId,
  type EntryId,
  type MemberId,
} from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { BadMessage } from './sync.ts'

/**
 * What host and guest say on the `control` stream of a link of standing `stranger`, while a collective is being founded
 * or a newcomer joins. Commit before reveal: the host's nonce is fixed before it sees the guest's. Spec: wire.md §8.
 */
export type FlowMessage =
  /** Host: `H("sas", rA)`, what it is called, and in which language both will read the words. */
  | {
      readonly type: 'commit'
      readonly commit: Uint8Array
      readonly name: string
      readonly language: 'es' | 'en'
    }
  /** Guest: its nonce, its name, the member it will be, and its device's side of the binding where the collective exists. */
  | { readonly type: 'answer'; readonly nonce: Uint8Array; readonly name: string; readonly member: MemberId }
  /** Host: the nonce committed to; to a newcomer also where it is invited to. Both now show four words. */
  | { readonly type: 'reveal'; readonly nonce: Uint8Array; readonly into: Into | null }
  /** Either side: the person says the words are the same, or are not. */
  | { readonly type: 'same'; readonly same: boolean }
  /** Guest who joins: its binding to the collective and the proof that it held the invitation. */
  | { readonly type: 'proof'; readonly coll: CollId; readonly binding: Uint8Array; readonly sig: Uint8Array }
  /** Guest who founds: `H("sas", n)`, its part of the words all will read aloud, before it has seen the genesis. */
  | { readonly type: 'pledge'; readonly commit: Uint8Array }
  /** Host who founds: the unsigned genesis entry, the title, everybody's name and pledge in founder order. */
  | {
      readonly type: 'genesis'
      readonly entry: Uint8Array
      readonly title: string
      readonly names: readonly string[]
      readonly pledges: readonly Uint8Array[]
    }
  /** Host who founds anew: `H("refound", [collective before, genesis id])`. Only who is in it can tell which one it was. */
  | { readonly type: 'continues'; readonly before: Uint8Array }
  /** Guest: the nonce it pledged, now that it holds the genesis and everybody's pledge. */
  | { readonly type: 'nonce'; readonly nonce: Uint8Array }
  /** Host: everybody's nonces in founder order. Words are made of these and the genesis. */
  | { readonly type: 'nonces'; readonly nonces: readonly Uint8Array[] }
  /** Guest: its signature of the genesis. */
  | { readonly type: 'signed'; readonly sig: Uint8Array }
  /** Host: ledger entries for the newcomer: the signed genesis, or everything. The link to the collective follows. */
  | { readonly type: 'ledger'; readonly entries: readonly Uint8Array[] }
  /** Host who admits: how many vouchers there are, and are needed. */
  | { readonly type: 'vouched'; readonly have: number; readonly needed: number }
  | { readonly type: 'bye'; readonly why: 'cancelled' | 'words differ' | 'turned away' | 'link used up' }
  /** Host, face to face: what it is called, where it lets in, what it holds to there; `member`: of whom this is to be a further device. */
  | {
      readonly type: 'here'
      readonly name: string
      readonly coll: CollId
      readonly pin: EntryId | null
      readonly member: MemberId | null
    }
  /** Guest, face to face: its name (of a further device: what that is called), the member it will be, and its side of the binding. */
  | { readonly type: 'bind'; readonly name: string; readonly member: MemberId; readonly binding: Uint8Array }
  /** Host: not yet, and from which day on it can be asked again; milliseconds since 1970. Says nothing of why. */
  | { readonly type: 'later'; readonly until: number }
  /**
   * Host, to somebody who comes back: what it is called and what they are called there; where, what it holds to, and who they are
   * there; the seed of the meeting in which both find each other again, and the list of the words all will read.
   */
  | {
      readonly type: 'back'
      readonly name: string
      readonly person: string
      readonly coll: CollId
      readonly pin: EntryId | null
      readonly member: MemberId
      readonly seed: Uint8Array
      readonly language: 'es' | 'en'
    }
  /** Host, to somebody who comes back: who agreed, who made sure of the words, and what those are called who did not say yet. */
  | {
      readonly type: 'agreeing'
      readonly have: number
      readonly needed: number
      readonly checked: number
      readonly missing: readonly string[]
    }

/** Where a newcomer is invited to: the collective, the invitation its proof is for, and the final checkpoint its host holds to. */
export type Into = { readonly coll: CollId; readonly invite: EntryId; readonly pin: EntryId | null }

const MAX_NAME = 80
const MAX_LIST = 100_000

export const encodeFlowMessage = (message: FlowMessage): Uint8Array => encodeCbor(cborFrom(message))

/** Never throws. */
export const parseFlowMessage = (bytes: Uint8Array): Result<FlowMessage, BadMessage> => {
  const decoded = decodeCbor(bytes)
  const message =
    decoded.ok && Array.isArray(decoded.value) ? messageFrom(decoded.value as readonly Cbor[]) : null
  return message ? ok(message) : err({ type: 'BadMessage' })
}

const cborFrom = (message: FlowMessage): Cbor => {
  switch (message.type) {
    case 'commit':
      return [0, message.commit, message.name, message.language]
    case 'answer':
      return [1, message.nonce, message.name, idBytes(message.member)]
    case 'reveal':
      return [2, message.nonce, message.into && cborFromInto(message.into)]
    case 'same':
      return [3, message.same]
    case 'proof':
      return [4, idBytes(message.coll), message.binding, message.sig]
    case 'genesis':
      return [5, message.entry, message.title, message.names, message.pledges]
    case 'signed':
      return [6, message.sig]
    case 'ledger':
      return [7, message.entries]
    case 'vouched':
      return [8, message.have, message.needed]
    case 'bye':
      return [9, ENDS.indexOf(message.why)]
    case 'pledge':
      return [10, message.commit]
    case 'nonce':
      return [11, message.nonce]
    case 'nonces':
      return [12, message.nonces]
    case 'here':
      return [
        13,
        message.name,
        idBytes(message.coll),
        message.pin && idBytes(message.pin),
        message.member && idBytes(message.member),
      ]
    case 'bind':
      return [14, message.name, idBytes(message.member), message.binding]
    case 'later':
      return [15, message.until]
    case 'continues':
      return [18, message.before]
    case 'back':
      return [
        16,
        message.name,
        message.person,
        [idBytes(message.coll), message.pin && idBytes(message.pin), idBytes(message.member)],
        [message.seed, message.language],
      ]
    case 'agreeing':
      return [17, message.have, message.needed, message.checked, message.missing]
  }
}

const ENDS = ['cancelled', 'words differ', 'turned away', 'link used up'] as const

const messageFrom = ([kind, a, b, c, d, ...rest]: readonly Cbor[]): FlowMessage | null => {
  if (rest.length > 0) return null
  switch (kind) {
    case 0:
      return isBytes(a, 32) && isName(b) && (c === 'es' || c === 'en')
        ? { type: 'commit', commit: a, name: b, language: c }
        : null
    case 1: {
      const member = memberIdFrom(c)
      return isBytes(a, 32) && isName(b) && member ? { type: 'answer', nonce: a, name: b, member } : null
    }
    case 2: {
      const into = intoFrom(b)
      return isBytes(a, 32) && into !== undefined ? { type: 'reveal', nonce: a, into } : null
    }
    case 3:
      return typeof a === 'boolean' ? { type: 'same', same: a } : null
    case 4: {
      const coll = collIdFrom(a)
      return coll && isBytes(b, 64) && isBytes(c, 64) ? { type: 'proof', coll, binding: b, sig: c } : null
    }
    case 5:
      return a instanceof Uint8Array && isName(b) && isListOf(c, isName) && isListOf(d, isDigest)
        ? { type: 'genesis', entry: a, title: b, names: c, pledges: d }
        : null
    case 6:
      return isBytes(a, 64) ? { type: 'signed', sig: a } : null
    case 7:
      return Array.isArray(a) && a.length <= MAX_LIST && a.every((item) => item instanceof Uint8Array)
        ? { type: 'ledger', entries: a }
        : null
    case 8:
      return isUint(a) && isUint(b) ? { type: 'vouched', have: a, needed: b } : null
    case 9: {
      const why = isUint(a) ? ENDS[a] : undefined
      return why ? { type: 'bye', why } : null
    }
    case 10:
      return isDigest(a) ? { type: 'pledge', commit: a } : null
    case 11:
      return isDigest(a) ? { type: 'nonce', nonce: a } : null
    case 12:
      return isListOf(a, isDigest) ? { type: 'nonces', nonces: a } : null
    case 13: {
      const [coll, pin, member] = [collIdFrom(b), entryIdFrom(c), memberIdFrom(d)]
      const holds = (c === null || pin !== null) && (d === null || member !== null)
      return isName(a) && coll && holds ? { type: 'here', name: a, coll, pin, member } : null
    }
    case 14: {
      const member = memberIdFrom(b)
      return isName(a) && member && isBytes(c, 64) && d === undefined
        ? { type: 'bind', name: a, member, binding: c }
        : null
    }
    case 15:
      return isUint(a) && b === undefined && c === undefined ? { type: 'later', until: a } : null
    case 18:
      return isDigest(a) && b === undefined ? { type: 'continues', before: a } : null
    case 16: {
      const place = placeFrom(c)
      const [seed, language, ...more] = Array.isArray(d) ? (d as readonly Cbor[]) : []
      return isName(a) && isName(b) && place && isBytes(seed, 16) && isLanguage(language) && more.length === 0
        ? { type: 'back', name: a, person: b, ...place, seed, language }
        : null
    }
    case 17:
      return isUint(a) && isUint(b) && isUint(c) && isListOf(d, isName)
        ? { type: 'agreeing', have: a, needed: b, checked: c, missing: d }
        : null
    default:
      return null
  }
}

/** `[coll, pin or null, member]`. */
const placeFrom = (value: unknown): { coll: CollId; pin: EntryId | null; member: MemberId } | null => {
  if (!Array.isArray(value) || value.length !== 3) return null
  const [coll, pin, member] = [collIdFrom(value[0]), entryIdFrom(value[1]), memberIdFrom(value[2])]
  return coll && member && (value[1] === null || pin !== null) ? { coll, pin, member } : null
}

/** While nothing is final there is no third part. A reader that knows of none ends the link: it would join without the pin. */
const cborFromInto = ({ coll, invite, pin }: Into): Cbor =>
  pin ? [idBytes(coll), idBytes(invite), idBytes(pin)] : [idBytes(coll), idBytes(invite)]

/** `null`: nothing to join. `undefined`: malformed. */
const intoFrom = (value: unknown): Into | null | undefined => {
  if (value === null) return null
  if (!Array.isArray(value) || value.length < 2 || value.length > 3) return undefined
  const [coll, invite, pin] = value.map(entryIdFrom)
  return coll && invite && pin !== null ? { coll: coll as CollId, invite, pin: pin ?? null } : undefined
}

/** Founders are at most this many; so are their names and pledges. */
const MAX_FOUNDERS = 120

const isDigest = (value: unknown): value is Uint8Array => isBytes(value, 32)

const isListOf = <T>(value: unknown, isOne: (item: unknown) => item is T): value is T[] =>
  Array.isArray(value) && value.length <= MAX_FOUNDERS && value.every(isOne)

const isLanguage = (value: unknown): value is 'es' | 'en' => value === 'es' || value === 'en'

/** Names and titles are short; longer ones are somebody's idea of a joke. */
const isName = (value: unknown): value is string => typeof value === 'string' && [...value].length <= MAX_NAME
