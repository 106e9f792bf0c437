import type * as Y from 'yjs'

/**
 * A field of a shared item keeps every text that was written without knowing the others. It lies flat in the item's
 * Y.Map as `field.writer` → text, one key for each writer: writing puts down one's own key and removes the keys one
 * saw. Two people who wrote at once removed only what both saw, so both texts stand, and somebody chooses.
 * Flat, because a nested map made by two people at once would lose one of them.
 */
export type Version = { readonly writer: string; readonly text: string }

/** More texts at once than this are not shown one by one. */
const VERSIONS_MAX = 16

export type Standing = {
  /** What stands, equal texts once, in an order that is the same everywhere. Empty: nothing was written. */
  readonly versions: readonly Version[]
  /** Something stands there that is no text. */
  readonly broken: boolean
}

/** Reads one field. `parse` gives the text as it may be shown, or `null`. Never throws. */
export const readField = (
  item: Y.Map<unknown>,
  field: string,
  parse: (text: string) => string | null,
): Standing => {
  const versions: Version[] = []
  let broken = false
  for (const key of [...item.keys()].sort()) {
    if (!key.startsWith(`${field}.`)) continue
    const value = item.get(key)
    const text = typeof value === 'string' ? parse(value) : null
    if (text === null) broken = true
    else if (text !== '' && versions.length < VERSIONS_MAX && !versions.some((other) => other.text === text))
      versions.push({ writer: key.slice(field.length + 1), text })
  }
  return { versions, broken }
}

/**
 * Call inside `change`. `over`: the writers whose text this one replaces; all that stand, when left out.
 * @returns the writer it stands under now, or `null` when the field was cleared.
 */
export const writeField = (
  item: Y.Map<unknown>,
  write: { readonly field: string; readonly text: string; readonly over?: readonly string[] },
): string | null => {
  const standing = [...item.keys()].filter((key) => key.startsWith(`${write.field}.`))
  const over = write.over?.map((writer) => `${write.field}.${writer}`) ?? standing
  // An own text that is not to be replaced keeps its key: this one takes the next.
  const base = `${write.field}.${item.doc?.clientID.toString(36) ?? '0'}`
  let mine = base
  for (let n = 1; standing.includes(mine) && !over.includes(mine); n++) mine = `${base}-${n}`
  for (const key of standing) if (over.includes(key) && key !== mine) item.delete(key)
  // Clearing says nothing: what somebody wrote meanwhile then stands alone.
  if (write.text === '') item.delete(mine)
  else if (item.get(mine) !== write.text) item.set(mine, write.text)
  return write.text === '' ? null : mine.slice(write.field.length + 1)
}

/** Of several texts that stand, only `writer`’s stays. Call inside `change`. */
export const keepVersion = (item: Y.Map<unknown>, field: string, writer: string): void => {
  const kept = `${field}.${writer}`
  if (!item.has(kept)) return
  for (const key of [...item.keys()]) if (key.startsWith(`${field}.`) && key !== kept) item.delete(key)
}
