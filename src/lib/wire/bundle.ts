import { decodeCbor, encodeCbor, isUint, type Cbor } from '../core/cbor.ts'
import { collIdFrom, idBytes, type CollId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { encodeSyncMessage, parseSyncMessage, type SyncMessage } from './sync.ts'

/** A bundle, sealed or open, at most. Bytes. */
export const MAX_BUNDLE_BYTES = 96 * 1024 * 1024
const MAX_MESSAGES = 100_000
/** Each is tried with many keys: as many as checkpoints can matter at once, and some. */
const MAX_CLOSED = 16

/** What a file carries from hand to hand: the same messages a link would bring, in the order it would bring them. */
export type Bundle = {
  readonly coll: CollId
  /** The least version of the rules a reader must know to make sense of it. */
  readonly rules: number
  readonly messages: readonly BundleMessage[]
  /** What circles gave the exporter to carry, as it is: noise to whoever is in none of them. */
  readonly carried: readonly Uint8Array[]
  /** Parts of checkpoints that are not for all who can open the file, sealed for those they are for. */
  readonly closed: readonly Uint8Array[]
}

/** Questions have no place in a file. */
export type BundleMessage = Extract<SyncMessage, { readonly type: 'entries' | 'boxes' | 'segment' | 'part' }>

export type BadBundlePayload =
  /** Not a bundle of ours, or damaged. */
  | { readonly type: 'BadBundle' }
  /** Written by a later version of the app. */
  | { readonly type: 'NewerBundle'; readonly version: number }

const MAGIC = 'lumbre bundle'
const VERSION = 2
/** What there was first: entries, boxes and segments alone. */
const FIRST = 1

/**
 * `enc([magic, version, coll, rules, how many pieces, how many bytes in them, [message, …], …])`. Of the first version where that
 * holds all there is, so that nobody is asked for a newer app without need. Spec: bundle.md §3.
 */
export const encodeBundle = (of: Omit<Bundle, 'carried' | 'closed'> & Partial<Bundle>): Uint8Array => {
  const { coll, rules, messages, carried = [], closed = [] } = of
  const encoded = messages.map(encodeSyncMessage)
  const all = [...encoded, ...carried, ...closed]
  const isFirst = all.length === encoded.length && messages.every(({ type }) => type !== 'part')
  const head = [MAGIC, isFirst ? FIRST : VERSION, idBytes(coll), rules, all.length, sizeOf(all)]
  return encodeCbor(isFirst ? [...head, encoded] : [...head, encoded, carried, closed])
}

/** Reads what was inside a bundle. What it declares of its size must hold. Never throws. */
export const parseBundle = (bytes: Uint8Array): Result<Bundle, BadBundlePayload> => {
  if (bytes.length > MAX_BUNDLE_BYTES) return BAD
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value)) return BAD
  const [magic, version, coll, rules, count, size, ...lists] = decoded.value as readonly Cbor[]
  if (magic !== MAGIC || !isUint(version)) return BAD
  if (version > VERSION) return err({ type: 'NewerBundle', version })
  const id = collIdFrom(coll)
  const [said, carried = [], closed = []] = lists.map(piecesFrom)
  if (!id || !isUint(rules) || lists.length !== (version === FIRST ? 1 : 3)) return BAD
  if (version < FIRST || !said || !carried || !closed || closed.length > MAX_CLOSED) return BAD
  const all = [...said, ...carried, ...closed]
  if (count !== all.length || sizeOf(all) !== size) return BAD
  const messages: BundleMessage[] = []
  for (const one of said) {
    const message = parseSyncMessage(one)
    // From the second version on, what a later app says besides is left out, and the rest is read.
    if (!message.ok && version > FIRST) continue
    if (!message.ok || !isCarried(message.value, version)) return BAD
    messages.push(message.value)
  }
  return ok({ coll: id, rules, messages, carried, closed })
}

/** `null`: no list of bytes, or too long a one. */
const piecesFrom = (list: Cbor): readonly Uint8Array[] | null => {
  if (!Array.isArray(list) || list.length > MAX_MESSAGES) return null
  const pieces = (list as readonly Cbor[]).filter((piece) => piece instanceof Uint8Array)
  return pieces.length === list.length ? pieces : null
}

const BAD = err({ type: 'BadBundle' } as const)

const sizeOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0)

const isCarried = (message: SyncMessage, version: number): message is BundleMessage =>
  message.type === 'entries' ||
  message.type === 'boxes' ||
  message.type === 'segment' ||
  (message.type === 'part' && version > FIRST)
