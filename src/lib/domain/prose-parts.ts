import type * as Y from 'yjs'

/** Longest address a link may hold, in UTF-16 units. */
const LINK_MAX = 2048

/**
 * The address of a link as it may be shown, else `null`. Only web and mail addresses: `javascript:`, `data:`,
 * `file:` and the like are refused, in every spelling a browser would understand. Never throws.
 */
export const parseLink = (value: unknown): string | null => {
  if (typeof value !== 'string' || value.length > LINK_MAX) return null
  try {
    const url = new URL(value)
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) && url.href.length <= LINK_MAX
      ? url.href
      : null
  } catch {
    return null
  }
}

/** A heading's level, whatever stands there. */
export const parseLevel = (value: unknown): 1 | 2 | 3 => (value === 1 || value === 3 ? value : 2)

/** Deeper nesting is nobody’s writing. */
export const DEPTH_MAX = 24

/** The block directly in `body` that holds `type`. */
export const topOf = (type: Y.AbstractType<unknown>, body: Y.XmlFragment): unknown => {
  let at: Y.AbstractType<unknown> | null = type
  while (at && at.parent !== (body as unknown)) at = at.parent
  return at
}

/** A run of text, or something else that stands in its place. */
export type Insert = { readonly insert: unknown; readonly attributes: Readonly<Record<string, unknown>> }

/** What a shared text holds, run by run. */
export const deltaOf = (text: Y.XmlText): readonly Insert[] =>
  (text.toDelta() as { insert: unknown; attributes?: Record<string, unknown> }[]).map(
    ({ insert, attributes }) => ({ insert, attributes: attributes ?? {} }),
  )
