import * as Y from 'yjs'
import type { MemberId } from '../core/ids.ts'
import type { Watched } from '../core/watched.ts'
import { change } from './change.ts'
import { rootOf } from './document.ts'
import { isMap, oncePerDocument } from './items.ts'
import { oneLine } from './text.ts'

/**
 * Somebody’s coming in, put off until a day: “not yet”. There is no place for a reason, so that nobody is accused; nothing
 * is decided by it, either: who vouches, vouches.
 */
export type Held = {
  /** The member they would have been. */
  readonly member: MemberId
  readonly name: string
  /** Milliseconds since 1970. */
  readonly until: number
  /** Who asked to wait. */
  readonly by: MemberId
}

export const heldOf: (doc: Y.Doc) => Watched<readonly Held[]> = oncePerDocument((doc) => {
  const root = rootOf(doc, 'held')
  return {
    read: () =>
      [...root]
        .flatMap(([id, item]) => (isId(id) && isMap(item) ? (parseHeld(id, item) ?? []) : []))
        .sort((a, b) => a.until - b.until || (a.member < b.member ? -1 : 1)),
    watch: (onChange) => {
      root.observeDeep(onChange)
      return () => root.unobserveDeep(onChange)
    },
  }
})

export const hold = (doc: Y.Doc, held: Held): void =>
  change(doc, () => {
    const item = new Y.Map<unknown>()
    rootOf(doc, 'held').set(held.member, item)
    item.set('name', oneLine(held.name))
    item.set('until', held.until)
    item.set('by', held.by)
  })

/** The name of somebody who is not one of us need not stay here. */
export const forgetHeld = (doc: Y.Doc, member: MemberId): void =>
  change(doc, () => rootOf(doc, 'held').delete(member))

const isId = (text: unknown): text is MemberId => typeof text === 'string' && /^[0-9a-f]{32}$/.test(text)

const parseHeld = (member: MemberId, item: Y.Map<unknown>): Held | null => {
  const [name, until, by] = [item.get('name'), item.get('until'), item.get('by')]
  if (typeof name !== 'string' || typeof until !== 'number' || !Number.isSafeInteger(until) || !isId(by))
    return null
  return { member, name: oneLine(name), until, by }
}
