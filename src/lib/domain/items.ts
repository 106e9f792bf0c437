import * as Y from 'yjs'
import type { Watched } from '../core/watched.ts'
import { isItemId } from './change.ts'

type Event = Y.YEvent<Y.AbstractType<unknown>>

/**
 * Reads a root map of items one by one and keeps what did not change: with two thousand items, one edit reads one
 * item anew. `parse` never throws; `null` passes an item over. `matters`: which events below an item change it.
 */
export const watchItems = <T>(
  root: Y.Map<unknown>,
  of: {
    readonly parse: (id: string, item: Y.Map<unknown>) => T | null
    readonly order: (a: T, b: T) => number
    readonly matters: (event: Event) => boolean
  },
): Watched<readonly T[]> => {
  const parsed = new Map<string, T | null>()
  let list: readonly T[] | null = null
  const watchers = new Set<() => void>()

  root.observeDeep((events) => {
    let moved = false
    for (const event of events) {
      if (event.target === (root as Y.AbstractType<unknown>)) {
        for (const id of event.changes.keys.keys()) parsed.delete(id)
      } else if (of.matters(event as Event)) parsed.delete(String(event.path[0]))
      else continue
      moved = true
    }
    if (!moved) return
    list = null
    for (const watcher of [...watchers]) watcher()
  })

  return {
    read: () => {
      if (list) return list
      const items: T[] = []
      for (const [id, item] of root) {
        if (!isItemId(id) || !isMap(item)) continue
        if (!parsed.has(id)) parsed.set(id, of.parse(id, item))
        const value = parsed.get(id)
        if (value !== null && value !== undefined) items.push(value)
      }
      return (list = items.sort(of.order))
    },
    watch: (onChange) => {
      watchers.add(onChange)
      return () => void watchers.delete(onChange)
    },
  }
}

/** One watched list for each document, however often it is asked for. */
export const oncePerDocument = <T>(make: (doc: Y.Doc) => T): ((doc: Y.Doc) => T) => {
  const made = new WeakMap<Y.Doc, T>()
  return (doc) => {
    const known = made.get(doc)
    if (known !== undefined) return known
    const value = make(doc)
    made.set(doc, value)
    return value
  }
}

export const isMap = (value: unknown): value is Y.Map<unknown> => value instanceof Y.Map

/** The item, or `null` when there is none of that name and shape. */
export const itemOf = (root: Y.Map<unknown>, id: string): Y.Map<unknown> | null => {
  const item = isItemId(id) ? root.get(id) : null
  return isMap(item) ? item : null
}

/** A place in an order: a finite number, else `otherwise`. */
export const orderOf = (item: Y.Map<unknown>, otherwise: number): number => {
  const order = item.get('order')
  return typeof order === 'number' && Number.isFinite(order) ? order : otherwise
}

/** By `order`, then by id, so that a tie looks the same everywhere. */
export const byOrder = (
  a: { readonly order: number; readonly id: string },
  b: { readonly order: number; readonly id: string },
): number => a.order - b.order || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
