import { Plugin } from 'prosemirror-state'
import type { DecorationAttrs, DecorationSet } from 'prosemirror-view'
import { relativePositionToAbsolutePosition, yCursorPlugin, ySyncPluginKey } from 'y-prosemirror'
import type { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { oneLine } from '../../domain/text.ts'

/** How many inks there are for people in the text; each has a class of its own, `ink-0` and on. */
const INKS = 8

/** Names longer than this are cut on the flag of a cursor. */
const FLAG_MAX = 24

/**
 * Where the others are in this text. What their devices say is signed by them and still only their word: a state that
 * is not of the shape, or points nowhere, is passed over, and none can stop the typing here.
 */
export const remoteCursors = (awareness: Awareness, visible: () => boolean): Plugin => {
  /** The editor’s binding as the latest state knows it: what decides about cursors is given none. */
  let binding: Binding | null = null
  const isHere = ({ cursor }: Shown): boolean => {
    try {
      return [cursor.anchor, cursor.head].every((end) => binding !== null && placeOf(binding, end) !== null)
    } catch {
      return false
    }
  }
  const plugin = yCursorPlugin(guarded(awareness, visible), {
    awarenessStateFilter: (_, client: number, state: Shown) => client !== awareness.clientID && isHere(state),
    cursorBuilder,
    selectionBuilder,
  }) as Plugin<DecorationSet>
  const inner = plugin.spec.state!
  return new Plugin<DecorationSet>({
    ...plugin.spec,
    state: {
      init(config, state) {
        binding = ySyncPluginKey.getState(state) as Binding
        return inner.init.call(this, config, state)
      },
      apply(tr, value, before, after) {
        binding = ySyncPluginKey.getState(after) as Binding
        return inner.apply.call(this, tr, value, before, after)
      },
    },
  })
}

/** Which ink a person writes in: the same on every device. */
export const inkOf = (who: string): number => {
  let hash = 0
  for (let i = 0; i < who.length; i++) hash = (hash * 31 + who.charCodeAt(i)) | 0
  return Math.abs(hash) % INKS
}

type Binding = {
  readonly doc: Y.Doc
  readonly type: Y.XmlFragment
  readonly binding: { readonly mapping: Map<never, never> }
}

type User = { readonly name: string; readonly member: string; readonly color: string }
/** A state of somebody else, of the shape the binding reads. */
type Shown = { readonly user: User; readonly cursor: { readonly anchor: object; readonly head: object } }

const placeOf = ({ doc, type, binding }: Binding, position: object): number | null =>
  relativePositionToAbsolutePosition(doc, type, Y.createRelativePositionFromJSON(position), binding.mapping)

/** The binding reads and writes one field; here it may do no more, and nothing while the person is not to be seen. */
const guarded = (awareness: Awareness, visible: () => boolean): Awareness =>
  ({
    getStates: () => {
      const shown = new Map<number, Shown>()
      for (const [client, state] of awareness.getStates()) {
        const parsed = parseShown(state)
        if (parsed) shown.set(client, parsed)
      }
      return shown
    },
    getLocalState: () => awareness.getLocalState(),
    on: awareness.on.bind(awareness),
    off: awareness.off.bind(awareness),
    setLocalStateField: (field: string, value: unknown) => {
      if (value === null || visible()) awareness.setLocalStateField(field, value)
    },
  }) as unknown as Awareness

const parseShown = (state: unknown): Shown | null => {
  if (!isRecord(state) || !isRecord(state['cursor']) || !isRecord(state['user'])) return null
  const { anchor, head } = state['cursor']
  const { name, member } = state['user']
  if (!isRelative(anchor) || !isRelative(head) || typeof name !== 'string') return null
  // The binding asks for a colour; ours is a class.
  const user = { name, member: typeof member === 'string' ? member : name, color: '#000000' }
  return { user, cursor: { anchor, head } }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A relative position inside a text: never one that names a root, which reading would create. */
const isRelative = (value: unknown): value is object =>
  isRecord(value) &&
  (value['tname'] === undefined || value['tname'] === null) &&
  (isId(value['type']) || isId(value['item']))

const isId = (value: unknown): boolean =>
  isRecord(value) && Number.isSafeInteger(value['client']) && Number.isSafeInteger(value['clock'])

/** No style attribute: the page's policy allows none. Shape and name say who, besides the colour. */
const cursorBuilder = (user: User): HTMLElement => {
  const cursor = document.createElement('span')
  cursor.className = `remote-cursor ink-${inkOf(user.member)}`
  const flag = document.createElement('bdi')
  flag.className = 'remote-name'
  flag.textContent = oneLine(user.name).slice(0, FLAG_MAX) || '·'
  // Word joiners keep the cursor on the line of its neighbours.
  cursor.append('\u2060', flag, '\u2060')
  return cursor
}

const selectionBuilder = (user: User): DecorationAttrs => ({
  class: `remote-selection ink-${inkOf(user.member)}`,
})
