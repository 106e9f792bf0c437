import { EditorState, TextSelection, type Command, type Selection } from 'prosemirror-state'
import type { Node, Slice } from 'prosemirror-model'
import { EditorView } from 'prosemirror-view'
import {
  absolutePositionToRelativePosition,
  defaultDeleteFilter,
  defaultProtectedNodes,
  initProseMirrorDoc,
  relativePositionToAbsolutePosition,
  ySyncPlugin,
  ySyncPluginKey,
  yUndoPlugin,
} from 'y-prosemirror'
import type { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { isEditable, staysEditable } from '../../domain/prose-fit.ts'
import { proseSchema } from '../../domain/prose-schema.ts'
import { hereIn, type Here } from './blocks.ts'
import { insertInParts, partsOf, sliceFromText } from './paste.ts'
import { remoteCursors } from './remote-cursors.ts'
import { typing } from './typing.ts'

export type EditorEvents = {
  /** The selection or the text changed. */
  readonly moved: (here: Here, can: { readonly undo: boolean; readonly redo: boolean }) => void
  /** The person asked for a link. */
  readonly link: () => void
}

/**
 * An article's text under a person's hands, in step with the shared body. `bind` gives it another body, when the
 * document is replaced, without closing it: cursor, focus and half-typed words stay.
 */
export class ProseEditor {
  readonly #view: EditorView
  readonly #awareness: Awareness
  readonly #visible: () => boolean
  readonly #events: EditorEvents
  #bound: { readonly body: Y.XmlFragment; readonly undo: Y.UndoManager; readonly free: () => void }

  /** `body` must be editable (domain/prose.ts). */
  constructor(of: {
    readonly mount: HTMLElement
    readonly body: Y.XmlFragment
    readonly label: string
    readonly awareness: Awareness
    readonly visible: () => boolean
    readonly events: EditorEvents
  }) {
    this.#awareness = of.awareness
    this.#visible = of.visible
    this.#events = of.events
    const { state, bound } = this.#open(of.body)
    this.#bound = bound
    this.#view = new EditorView(of.mount, {
      state,
      attributes: {
        class: 'prose',
        role: 'textbox',
        'aria-multiline': 'true',
        'aria-label': of.label,
        spellcheck: 'true',
      },
      dispatchTransaction: (tr) => {
        // Cursors of others may arrive after the editor has gone.
        if (this.#view.isDestroyed) return
        this.#view.updateState(this.#view.state.apply(tr))
        this.#tell()
      },
      clipboardTextParser: sliceFromText,
      handlePaste: (_, __, slice) => this.#paste(slice),
      // No file goes in; whoever tries is told (NeverStore.svelte).
      handleDOMEvents: { drop: (_, event) => Boolean(event.dataTransfer?.files.length) },
    })
    this.#tell()
  }

  /** Whether the editor is open: it closes itself rather than destroy what it does not know. */
  get open(): boolean {
    return !this.#view.isDestroyed
  }

  /** Goes on in another body: what differs is shown, everything else stays where it is. */
  bind(body: Y.XmlFragment): void {
    if (!this.open || body === this.#bound.body) return
    if (!isEditable(body)) return this.destroy()
    const before = this.#view.state
    this.#bound.free()
    const { state, bound } = this.#open(body)
    this.#bound = bound
    this.#view.updateState(
      state.apply(state.tr.setSelection(sameSelection(before, state.doc)).setMeta('addToHistory', false)),
    )
    this.#tell()
  }

  run(command: Command): void {
    command(this.#view.state, (tr) => this.#view.dispatch(tr), this.#view)
    this.focus()
  }

  undo(): void {
    this.#bound.undo.undo()
  }

  redo(): void {
    this.#bound.undo.redo()
  }

  /** All that is written, one line for each block. */
  text(): string {
    const { doc } = this.#view.state
    return doc.textBetween(0, doc.content.size, '\n')
  }

  focus(): void {
    this.#view.focus()
  }

  destroy(): void {
    if (!this.open) return
    this.#bound.free()
    this.#view.destroy()
  }

  #open(body: Y.XmlFragment) {
    const opened = initProseMirrorDoc(body, proseSchema)
    const empty = opened.doc.childCount === 0
    const undo = new Y.UndoManager(body, {
      trackedOrigins: new Set([ySyncPluginKey]),
      deleteFilter: (item) => defaultDeleteFilter(item, defaultProtectedNodes),
      captureTransaction: (tr) => tr.meta.get('addToHistory') !== false,
    })
    // Before the binding hears of a change: it deletes what its schema does not know.
    const guard = (events: readonly Y.YEvent<Y.AbstractType<unknown>>[]) => {
      if (!staysEditable(body, events)) this.destroy()
    }
    body.observeDeep(guard)
    const state = EditorState.create({
      doc: empty ? proseSchema.topNodeType.createAndFill()! : opened.doc,
      plugins: [
        ySyncPlugin(body, { mapping: opened.mapping }),
        remoteCursors(this.#awareness, this.#visible),
        yUndoPlugin({ undoManager: undo }),
        ...typing({
          undo: () => (this.undo(), true),
          redo: () => (this.redo(), true),
          link: () => (this.#events.link(), true),
        }),
      ],
    })
    const free = () => {
      body.unobserveDeep(guard)
      undo.destroy()
    }
    return { state, bound: { body, undo, free } }
  }

  #tell(): void {
    const { undo } = this.#bound
    this.#events.moved(hereIn(this.#view.state), { undo: undo.canUndo(), redo: undo.canRedo() })
  }

  #paste(slice: Slice): boolean {
    const parts = partsOf(slice)
    if (parts.length < 2) return false
    void insertInParts(this.#view, parts, {
      keep: (pos) => this.#keep(pos),
      next: () => new Promise((resume) => setTimeout(resume, 0)),
    })
    return true
  }

  /** A place that holds while others write: the whole text is replaced under it at each of their changes. */
  #keep(pos: number): () => number | null {
    const sync = () =>
      ySyncPluginKey.getState(this.#view.state) as {
        readonly doc: Y.Doc
        readonly type: Y.XmlFragment
        readonly binding: { readonly mapping: Map<never, never> }
      }
    const { type, binding } = sync()
    const kept: unknown = absolutePositionToRelativePosition(pos, type, binding.mapping)
    return () => {
      const now = sync()
      return relativePositionToAbsolutePosition(now.doc, now.type, kept, now.binding.mapping)
    }
  }
}

/** The selection at the same words of a text that may differ in one place. */
const sameSelection = (before: EditorState, doc: Node): Selection => {
  const start = before.doc.content.findDiffStart(doc.content)
  const end = start === null ? null : before.doc.content.findDiffEnd(doc.content)
  const moved = (pos: number): number => {
    if (start === null || !end || pos <= start) return pos
    return pos >= end.a ? pos + end.b - end.a : Math.min(pos, Math.max(start, end.b))
  }
  const within = (pos: number) => doc.resolve(Math.min(Math.max(moved(pos), 0), doc.content.size))
  return TextSelection.between(within(before.selection.anchor), within(before.selection.head))
}
