import { decodeCbor, encodeCbor, isUint, type Cbor } from '../core/cbor.ts'
import { collIdFrom, idBytes, type CollId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { encodeSyncMessage, parseSyncMessage, type SyncMessage } from './sync.ts'

/** A bundle, sealed or open, at most. Bytes. */
export const MAX_BUNDLE_BYTES = 96 * 1024 * 1024
const MAX_MESSAGES = 100_000

/** What a file carries from hand to hand: the same messages a link would bring, in the order it would bring them. */
export type Bundle = {
  readonly coll: CollId
  /** The least version of the rules a reader must know to make sense of it. */
  readonly rules: number
  readonly messages: readonly BundleMessage[]
}

/** Questions have no place in a file. */
export type BundleMessage = Extract<SyncMessage, { readonly type: 'entries' | 'boxes' | 'segment' }>

export type BadBundlePayload =
  /** Not a bundle of ours, or damaged. */
  | { readonly type: 'BadBundle' }
  /** Written by a later version of the app. */
  | { readonly type: 'NewerBundle'; readonly version: number }

const MAGIC = 'lumbre bundle'
const VERSION = 1

/** `enc([magic, version, coll, rules, how many messages, how many bytes in them, [message, …]])`. Spec: bundle.md §3. */
export const encodeBundle = ({ coll, rules, messages }: Bundle): Uint8Array => {
  const encoded = messages.map(encodeSyncMessage)
  return encodeCbor([MAGIC, VERSION, idBytes(coll), rules, encoded.length, sizeOf(encoded), encoded])
}

/** Reads what was inside a bundle. What it declares of its size must hold. Never throws. */
export const parseBundle = (bytes: Uint8Array): Result<Bundle, BadBundlePayload> => {
  if (bytes.length > MAX_BUNDLE_BYTES) return BAD
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value)) return BAD
  const [magic, version, coll, rules, count, size, list, ...rest] = decoded.value as readonly Cbor[]
  if (magic !== MAGIC || !isUint(version)) return BAD
  if (version > VERSION) return err({ type: 'NewerBundle', version })
  const id = collIdFrom(coll)
  if (!id || version !== VERSION || !isUint(rules) || rest.length > 0 || !Array.isArray(list)) return BAD
  if (count !== list.length || list.length > MAX_MESSAGES) return BAD
  const encoded = (list as readonly Cbor[]).filter((message) => message instanceof Uint8Array)
  if (encoded.length !== list.length || sizeOf(encoded) !== size) return BAD
  const messages: BundleMessage[] = []
  for (const one of encoded) {
    const message = parseSyncMessage(one)
    if (!message.ok || !isCarried(message.value)) return BAD
    messages.push(message.value)
  }
  return ok({ coll: id, rules, messages })
}

const BAD = err({ type: 'BadBundle' } as const)

const sizeOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0)

const isCarried = (message: SyncMessage): message is BundleMessage =>
  message.type === 'entries' || message.type === 'boxes' || message.type === 'segment'
