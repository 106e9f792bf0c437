import * as Y from 'yjs'
import { err, ok, type Result } from '../core/result.ts'
import type { PayloadRule } from './types.ts'

/** One update, at most. Bytes. */
export const MAX_UPDATE_BYTES = 2 ** 22
/** One struct, at most: a Yjs clock counts UTF-16 units and list items. */
const MAX_STRUCT_LENGTH = 2 ** 22
/** A feed may reach this clock in a document and no higher. */
const MAX_CLOCK = 2 ** 40
const MAX_STRUCTS = 2 ** 18
const MAX_DELETES = 100_000
/** Nesting of plain values inside one item. Far below where any engine's stack ends, so the verdict is the same everywhere. */
const MAX_DEPTH = 64

/** What is known of the feed and of what its author had merged, at the record that carries an update. */
export type PayloadContext = {
  readonly yClient: number
  /** Where the feed's own clock stands in this document. */
  readonly clock: number
  /** How far the records this one builds on reach, for another client in this document. */
  readonly clockOf: (client: number) => number
}

export type BadPayload = { readonly type: 'BadPayload'; readonly rule: PayloadRule }

/**
 * Whether a Yjs update may ever touch a document: it adds to its own feed's client alone, without gap or overlap, and
 * refers only to what its record builds on. Yjs itself checks none of this: see note: hostile updates (docs/spec/feed.md
 * §6). Deterministic, and never throws, whatever the bytes.
 * @returns the feed's own clock in this document afterwards.
 */
export const checkPayload = (
  update: Uint8Array,
  context: PayloadContext,
): Result<{ readonly clock: number }, BadPayload> => {
  if (update.length > MAX_UPDATE_BYTES) return broken('too large')
  // Yjs reads strings and floats past the end of a view, from the buffer below it. (`slice` of a Node Buffer is a view.)
  const exact = update.byteLength === update.buffer.byteLength ? update : new Uint8Array(update)
  const head = headRule(exact)
  if (head) return broken(head)
  const decoded = decode(exact)
  if (!decoded) return broken('undecodable')
  let clock = context.clock
  for (const struct of decoded.structs) {
    const rule = structRule(struct, clock, context)
    if (rule) return broken(rule)
    clock += struct.length
  }
  const rule = deletesRule(decoded.ds, clock, context)
  return rule ? broken(rule) : ok({ clock })
}

const broken = (rule: PayloadRule) => err({ type: 'BadPayload', rule })

type Decoded = ReturnType<typeof Y.decodeUpdate>
type Struct = Decoded['structs'][number]

const decode = (update: Uint8Array): Decoded | null => {
  try {
    return Y.decodeUpdate(update)
  } catch {
    return null
  }
}

/**
 * The counts in front, read strictly. Yjs has two readers of updates, and they disagree when one client has two
 * sections or when a count is not a number: so there is at most one section, and its count is in its shortest form.
 */
const headRule = (update: Uint8Array): PayloadRule | null => {
  const sections = update[0]
  if (sections === 0) return null
  if (sections !== 1) return sections === undefined || sections > 127 ? 'undecodable' : 'foreign client'
  let structs = 0
  for (let i = 1; i <= 4; i++) {
    const byte = update[i]
    if (byte === undefined) return 'undecodable'
    structs += (byte & 127) * 128 ** (i - 1)
    if (byte > 127) continue
    if (byte === 0) return 'undecodable'
    return structs > MAX_STRUCTS ? 'too many structs' : null
  }
  return 'too many structs'
}

const structRule = (struct: Struct, expected: number, context: PayloadContext): PayloadRule | null => {
  if (struct.id.client !== context.yClient) return 'foreign client'
  if (struct instanceof Y.Skip) return 'skip'
  if (struct.id.clock !== expected) return struct.id.clock < expected ? 'clock reuse' : 'clock gap'
  // An empty struct would put two structs at one clock, and Yjs could find neither.
  if (!(struct.length >= 1)) return 'empty struct'
  if (!(struct.length <= MAX_STRUCT_LENGTH)) return 'too long'
  if (!(expected + struct.length <= MAX_CLOCK)) return 'clock too high'
  return struct instanceof Y.Item ? itemRule(struct, expected, context) : null
}

const itemRule = (item: Y.Item, clock: number, context: PayloadContext): PayloadRule | null => {
  // Its own items an item may refer to are the earlier ones.
  if (item.origin && !reaches(context, item.origin.client, item.origin.clock + 1, clock))
    return 'origin beyond deps'
  if (item.rightOrigin && !reaches(context, item.rightOrigin.client, item.rightOrigin.clock + 1, clock))
    return 'origin beyond deps'
  const parent: unknown = item.parent
  if (parent instanceof Y.ID && !reaches(context, parent.client, parent.clock + 1, clock))
    return 'origin beyond deps'
  const { content } = item
  if (content instanceof Y.ContentDoc) return 'subdocument'
  if (content instanceof Y.ContentAny || content instanceof Y.ContentJSON)
    return isDeep(content.arr) ? 'too deep' : null
  if (content instanceof Y.ContentEmbed) return isDeep(content.embed) ? 'too deep' : null
  if (content instanceof Y.ContentFormat) return isDeep(content.value) ? 'too deep' : null
  return null
}

const deletesRule = (ds: Decoded['ds'], own: number, context: PayloadContext): PayloadRule | null => {
  let ranges = 0
  for (const [client, deletes] of ds.clients) {
    ranges += deletes.length
    if (ranges > MAX_DELETES) return 'too many deletes'
    for (const { clock, len } of deletes) {
      if (!(len >= 1)) return 'empty struct'
      if (!reaches(context, client, clock + len, own)) return 'delete beyond deps'
    }
  }
  return null
}

/** Whether everything of `client` below `end` is there. NaN, which overlong varints give, is never there. */
const reaches = ({ yClient, clockOf }: PayloadContext, client: number, end: number, own: number): boolean =>
  end >= 1 && end <= (client === yClient ? own : clockOf(client))

const isDeep = (value: unknown): boolean => {
  let layer: readonly unknown[] = [value]
  for (let depth = 0; layer.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true
    const next: unknown[] = []
    for (const item of layer) {
      if (typeof item !== 'object' || item === null || item instanceof Uint8Array) continue
      for (const inner of Object.values(item))
        if (typeof inner === 'object' && inner !== null) next.push(inner)
    }
    layer = next
  }
  return false
}
