import { decodeCbor, encodeCbor, isBytes, isUint, type Cbor } from '../core/cbor.ts'

/**
 * What two devices of a collective whisper to each other about circles, each `enc([kind, …])`, on the `files` stream of their link.
 * `tag` and `flow` are 16 bytes. Spec: circle.md §6.
 */
export type Whisper =
  /** Inside a circle both are in: begin, answer, say. */
  | { readonly type: 'call' | 'answer'; readonly tag: Uint8Array }
  | { readonly type: 'say'; readonly tag: Uint8Array; readonly stream: number; readonly message: Uint8Array }
  | { readonly type: 'bindings'; readonly tag: Uint8Array; readonly bindings: readonly Cbor[] }
  /** Come into a circle: one that is being founded, or one that is there. */
  | {
      readonly type: 'invite'
      readonly flow: Uint8Array
      readonly how: 'found' | 'join'
      readonly title: string
    }
  | {
      readonly type: 'consent'
      readonly flow: Uint8Array
      readonly member: Uint8Array
      readonly device: Cbor
      readonly binding: Cbor
    }
  | { readonly type: 'decline'; readonly flow: Uint8Array }
  /** A genesis to sign, with what binds each founder. */
  | {
      readonly type: 'draft'
      readonly flow: Uint8Array
      readonly draft: Uint8Array
      readonly bindings: readonly Cbor[]
    }
  | { readonly type: 'signed'; readonly flow: Uint8Array; readonly sig: Uint8Array }
  /** The circle that somebody is about to vouch themselves into: what to sign for it. */
  | { readonly type: 'bind'; readonly flow: Uint8Array; readonly coll: Uint8Array }
  /** You are in: its ledger and what binds each device. */
  | {
      readonly type: 'enter'
      readonly flow: Uint8Array
      readonly entries: readonly Uint8Array[]
      readonly bindings: readonly Cbor[]
    }

const KINDS = [
  'call',
  'answer',
  'say',
  'bindings',
  'invite',
  'consent',
  'decline',
  'draft',
  'signed',
  'bind',
  'enter',
] as const
const HOW = ['found', 'join'] as const

export const encodeWhisper = (whisper: Whisper): Uint8Array => {
  const kind = KINDS.indexOf(whisper.type)
  const about = 'tag' in whisper ? whisper.tag : whisper.flow
  return encodeCbor([kind, about, ...restOf(whisper)])
}

const restOf = (whisper: Whisper): readonly Cbor[] => {
  switch (whisper.type) {
    case 'call':
    case 'answer':
    case 'decline':
      return []
    case 'say':
      return [whisper.stream, whisper.message]
    case 'bindings':
      return [whisper.bindings]
    case 'invite':
      return [HOW.indexOf(whisper.how), whisper.title]
    case 'consent':
      return [whisper.member, whisper.device, whisper.binding]
    case 'draft':
      return [whisper.draft, whisper.bindings]
    case 'signed':
      return [whisper.sig]
    case 'bind':
      return [whisper.coll]
    case 'enter':
      return [whisper.entries, whisper.bindings]
  }
}

/** `null` for whatever else a peer says. Never throws. */
export const parseWhisper = (bytes: Uint8Array): Whisper | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value)) return null
  const [kind, about, a, b, c] = decoded.value as readonly Cbor[]
  const { length } = decoded.value
  const type = isUint(kind) ? KINDS[kind] : undefined
  if (!type || !isBytes(about, 16)) return null
  switch (type) {
    case 'call':
    case 'answer':
      return length === 2 ? { type, tag: about } : null
    case 'decline':
      return length === 2 ? { type, flow: about } : null
    case 'say':
      return length === 4 && isUint(a) && b instanceof Uint8Array
        ? { type, tag: about, stream: a, message: b }
        : null
    case 'bindings':
      return length === 3 && Array.isArray(a) ? { type, tag: about, bindings: a } : null
    case 'invite': {
      const how = isUint(a) ? HOW[a] : undefined
      return length === 4 && how && typeof b === 'string' && b.length <= 200
        ? { type, flow: about, how, title: b }
        : null
    }
    case 'consent':
      return length === 5 && isBytes(a, 16) && b !== undefined && c !== undefined
        ? { type, flow: about, member: a, device: b, binding: c }
        : null
    case 'draft':
      return length === 4 && a instanceof Uint8Array && Array.isArray(b)
        ? { type, flow: about, draft: a, bindings: b }
        : null
    case 'signed':
      return length === 3 && isBytes(a, 64) ? { type, flow: about, sig: a } : null
    case 'bind':
      return length === 3 && isBytes(a, 32) ? { type, flow: about, coll: a } : null
    case 'enter':
      return length === 4 &&
        Array.isArray(a) &&
        a.every((one) => one instanceof Uint8Array) &&
        Array.isArray(b)
        ? { type, flow: about, entries: a, bindings: b }
        : null
  }
}
