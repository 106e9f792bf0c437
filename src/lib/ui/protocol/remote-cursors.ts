import { Plugin } from 'prosemirror-state'
import type { DecorationAttrs } from 'prosemirror-view'
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
  let own: Plugin | null = null
  const plugin = yCursorPlugin(guarded(awareness, visible), {
    awarenessStateFilter: (_, client: number, state: unknown) =>
      client !== awareness.clientID && isHere(state),
    cursorBuilder,
    selectionBuilder,
  }) as Plugin

  /** The editor's binding, as the latest state knows it: filters are given none. */
  let binding: Binding | null = null
  const isHere = (state: unknown): boolean => {
    if (!binding || !isRecord(state) || !isRecord(state['cursor']) || !isUser(state['user'])) return false
    try {
      const { anchor, head } = state['cursor']
      return [anchor, head].every((end) => isRelative(end) && resolve(binding!, end) !== null)
    } catch {
      return false
    }
  }

  own = new Plugin({
    ...plugin.spec,
    state: {
      init: (config, state) => {
        binding = ySyncPluginKey.getState(state) as Binding
        return plugin.spec.state!.init.call(own!, config, state)
      },
      apply: (tr, value, before, after) => {
        binding = ySyncPluginKey.getState(after) as Binding
        return plugin.spec.state!.apply.call(own!, tr, value, before, after)
      },
    },
  })
  return own
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

type User = { readonly name: string; readonly member?: unknown }

const resolve = ({ doc, type, binding }: Binding, position: object): number | null =>
  relativePositionToAbsolutePosition(doc, type, Y.createRelativePositionFromJSON(position), binding.mapping)

/** The binding reads and writes one field; here it may do no more, and nothing while the person is not to be seen. */
const guarded = (awareness: Awareness, visible: () => boolean): Awareness =>
  ({
    getStates: () => awareness.getStates(),
    getLocalState: () => awareness.getLocalState(),
    on: awareness.on.bind(awareness),
    off: awareness.off.bind(awareness),
    setLocalStateField: (field: string, value: unknown) => {
      if (value === null || visible()) awareness.setLocalStateField(field, value)
    },
  }) as unknown as Awareness

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isUser = (value: unknown): value is User => isRecord(value) && typeof value['name'] === 'string'

/** A relative position inside a text: never one that names a root, which reading would create. */
const isRelative = (value: unknown): value is object =>
  isRecord(value) &&
  (value['tname'] === undefined || value['tname'] === null) &&
  (isId(value['type']) || isId(value['item']))

const isId = (value: unknown): boolean =>
  isRecord(value) && Number.isSafeInteger(value['client']) && Number.isSafeInteger(value['clock'])

const inkFor = ({ name, member }: User): number => inkOf(typeof member === 'string' ? member : name)

/** No style attribute: the page's policy allows none. Shape and name say who, besides the colour. */
const cursorBuilder = (user: User): HTMLElement => {
  const cursor = document.createElement('span')
  cursor.className = `remote-cursor ink-${inkFor(user)}`
  const flag = document.createElement('bdi')
  flag.className = 'remote-name'
  flag.textContent = oneLine(user.name).slice(0, FLAG_MAX) || '·'
  // Word joiners keep the cursor on the line of its neighbours.
  cursor.append('\u2060', flag, '\u2060')
  return cursor
}

const selectionBuilder = (user: User): DecorationAttrs => ({ class: `remote-selection ink-${inkFor(user)}` })
