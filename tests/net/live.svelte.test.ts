import { Schema } from 'prosemirror-model'
import { EditorState, TextSelection } from 'prosemirror-state'
import { EditorView } from 'prosemirror-view'
import { afterEach, expect, test } from 'vitest'
import { initProseMirrorDoc, yCursorPlugin, ySyncPlugin } from 'y-prosemirror'
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { systemClock } from '../../src/lib/core/clock.ts'
import { createSignPair, sign, verify } from '../../src/lib/crypto/sign.ts'
import { VerifiedAwareness } from '../../src/lib/net/live/verified-awareness.ts'

/** Presence as y-prosemirror’s own cursor plugin reads and writes it, in a real page. */
const schema = new Schema({
  nodes: { doc: { content: 'paragraph+' }, paragraph: { content: 'text*', toDOM: () => ['p', 0] }, text: {} },
})

const stops: (() => void)[] = []
afterEach(async () => {
  // The plugin draws in a later turn: not into an editor that is gone.
  await new Promise((resume) => setTimeout(resume, 0))
  stops.splice(0).forEach((stop) => stop())
})

const keys = createSignPair()
const suspended = new Set<number>()

const createPage = (client: number) => {
  const doc = new Y.Doc()
  doc.clientID = client
  const round = new Y.Doc()
  round.clientID = client
  const raw = new Awareness(round)
  raw.setLocalState(null)
  const awareness = new VerifiedAwareness(raw, round, {
    sign: (payload) => sign(keys.secretKey, 'presence', payload),
    verify: (id, payload, sig) => !suspended.has(id) && verify(keys.publicKey, 'presence', payload, sig),
    person: (id) => ({ name: `persona ${id}`, member: `m${id}` }),
    clock: systemClock,
  })
  const { doc: content, mapping } = initProseMirrorDoc(doc.getXmlFragment('prose'), schema)
  const place = document.body.appendChild(document.createElement('div'))
  const cursorBuilder = (user: { name: string }) => {
    const cursor = document.createElement('span')
    cursor.className = 'cursor'
    cursor.textContent = user.name
    return cursor
  }
  const view = new EditorView(place, {
    state: EditorState.create({
      doc: content,
      plugins: [
        ySyncPlugin(doc.getXmlFragment('prose'), { mapping }),
        yCursorPlugin(awareness, { cursorBuilder, selectionBuilder: () => ({ class: 'selection' }) }),
      ],
    }),
  })
  stops.push(() => {
    view.destroy()
    place.remove()
    awareness.destroy()
    raw.destroy()
  })
  return {
    client,
    doc,
    raw,
    awareness,
    view,
    cursors: () => [...place.querySelectorAll('.cursor')].map((one) => one.textContent),
  }
}
type Page = ReturnType<typeof createPage>

const connect = (one: Page, other: Page) => {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'wire') Y.applyUpdate(to.doc, update, 'wire')
    })
    from.raw.on(
      'update',
      ({ added, updated, removed }: Record<'added' | 'updated' | 'removed', number[]>, origin: unknown) => {
        if (origin !== 'wire')
          applyAwarenessUpdate(
            to.raw,
            encodeAwarenessUpdate(from.raw, [...added, ...updated, ...removed]),
            'wire',
          )
      },
    )
  }
}

/** As she does by clicking there: the plugin itself says where she is. */
const putCursor = ({ view }: Page, at: number) => {
  view.focus()
  view.dispatch(view.state.tr.setSelection(TextSelection.create(view.state.doc, at)))
}

test('Alba’s cursor stands in Bruna’s editor under the name the collective gave her, until she may not be seen', async () => {
  const [alba, bruna] = [createPage(11), createPage(22)]
  connect(alba, bruna)
  const paragraph = schema.node('paragraph', null, schema.text('El agua es de todas.'))
  alba.view.dispatch(alba.view.state.tr.insert(0, paragraph))
  await expect.poll(() => bruna.view.state.doc.textContent).toBe('El agua es de todas.')
  alba.awareness.setLocalState({ user: { name: 'otra', member: 'otra' } })
  putCursor(alba, 8)
  await expect.poll(bruna.cursors).toEqual(['persona 11'])
  expect(alba.cursors()).toEqual([])
  expect(bruna.view.dom.textContent).toBe('El aguapersona 11 es de todas.')

  // It stays at its letter while others write before it.
  bruna.view.dispatch(bruna.view.state.tr.insertText('¡', 1))
  await expect.poll(() => bruna.view.dom.textContent).toBe('¡El aguapersona 11 es de todas.')

  suspended.add(11)
  bruna.awareness.reconsider()
  await expect.poll(bruna.cursors).toEqual([])
  suspended.clear()
  bruna.awareness.reconsider()
  await expect.poll(bruna.cursors).toEqual(['persona 11'])
  alba.awareness.setLocalState(null)
  await expect.poll(bruna.cursors).toEqual([])
})
