import { setBlockType, wrapIn, lift, toggleMark } from 'prosemirror-commands'
import { liftListItem, wrapInList } from 'prosemirror-schema-list'
import type { Mark, Node, NodeType } from 'prosemirror-model'
import { TextSelection, type Command, type EditorState } from 'prosemirror-state'
import { parseLink } from '../../domain/prose-parts.ts'
import { proseSchema } from '../../domain/prose-schema.ts'

const { nodes, marks } = proseSchema

/** What the toolbar offers for whole blocks. */
export type BlockKind = 'paragraph' | 'heading1' | 'heading2' | 'heading3'
export type WrapKind = 'bullet_list' | 'ordered_list' | 'blockquote' | 'callout'
export type MarkKind = 'bold' | 'italic'

/** What stands where the cursor is, so that buttons can show it. */
export type Here = {
  readonly block: BlockKind
  readonly wraps: ReadonlySet<WrapKind>
  readonly marks: ReadonlySet<MarkKind>
  /** The address of the link at the cursor, or `null`. */
  readonly link: string | null
}

export const hereIn = (state: EditorState): Here => {
  const { $from } = state.selection
  const wraps = new Set<WrapKind>()
  for (let depth = $from.depth; depth > 0; depth--) {
    const name = $from.node(depth).type.name
    if (name in WRAPS) wraps.add(name as WrapKind)
  }
  const standing = state.selection.empty ? [] : marksIn(state)
  const at = state.selection.empty ? (state.storedMarks ?? $from.marks()) : standing
  const found = new Set(at.map((mark) => mark.type.name))
  return {
    block: blockKind($from.parent),
    wraps,
    marks: new Set((['bold', 'italic'] as const).filter((name) => found.has(name))),
    link: parseLink(at.find((mark) => mark.type === marks.link)?.attrs['href']),
  }
}

/** Makes the blocks of the selection paragraphs or headings. */
export const makeBlock = (kind: BlockKind): Command =>
  kind === 'paragraph'
    ? setBlockType(nodes.paragraph)
    : setBlockType(nodes.heading, { level: Number(kind.at(-1)) })

/** Puts the blocks of the selection into a list, quote or callout; takes them out when they are in one. */
export const toggleWrap =
  (kind: WrapKind): Command =>
  (state, dispatch) => {
    const type = WRAPS[kind]
    const at = outer(state, (node) => node.type.name in WRAPS && isList(node.type) === isList(type))
    if (at && at.node.type === type) {
      const out = isList(type) ? liftListItem(nodes.list_item) : lift
      return out(state, dispatch)
    }
    if (at) {
      // From one kind of list to the other, or from quote to callout: what is inside stays.
      dispatch?.(state.tr.setNodeMarkup(at.pos, type))
      return true
    }
    return isList(type) ? wrapInList(type)(state, dispatch) : wrapIn(type)(state, dispatch)
  }

/**
 * Marks the selected words, or the word at the cursor; between words, what is typed next. Never “from here on” in the
 * middle of a word, which keyboards of telephones undo.
 */
export const toggleWords = (kind: MarkKind): Command => withWord(toggleMark(marks[kind]))

/** Gives the selected words, or the word at the cursor, an address; without words the address itself is written. */
export const setLink =
  (href: string | null): Command =>
  (state, dispatch) => {
    const { from, to } = state.selection.empty ? (wordAt(state) ?? state.selection) : state.selection
    const tr = state.tr
    if (href === null) tr.removeMark(from, to, marks.link)
    else if (from === to) tr.insert(from, proseSchema.text(href, [marks.link.create({ href })]))
    else tr.addMark(from, to, marks.link.create({ href }))
    dispatch?.(tr)
    return true
  }

/** An address as people write it: with its scheme, or a bare host or mail name. `null`: no address. */
export const linkFrom = (text: string): string | null => {
  const trimmed = text.trim()
  const written = parseLink(trimmed)
  if (written || /^[a-z][a-z0-9+.-]*:/i.test(trimmed) || !/^\S+\.\S+$/.test(trimmed)) return written
  return parseLink(/^[^/]+@[^/]+$/.test(trimmed) ? `mailto:${trimmed}` : `https://${trimmed}`)
}

const WRAPS: Readonly<Record<WrapKind, NodeType>> = {
  bullet_list: nodes.bullet_list,
  ordered_list: nodes.ordered_list,
  blockquote: nodes.blockquote,
  callout: nodes.callout,
}

const isList = (type: NodeType): boolean => type === nodes.bullet_list || type === nodes.ordered_list

const blockKind = (node: Node): BlockKind => {
  if (node.type !== nodes.heading) return 'paragraph'
  const level: unknown = node.attrs['level']
  return level === 1 ? 'heading1' : level === 3 ? 'heading3' : 'heading2'
}

const outer = (
  state: EditorState,
  wanted: (node: Node) => boolean,
): { readonly node: Node; readonly pos: number } | null => {
  const { $from } = state.selection
  for (let depth = $from.depth; depth > 0; depth--)
    if (wanted($from.node(depth))) return { node: $from.node(depth), pos: $from.before(depth) }
  return null
}

const marksIn = ({ doc, selection }: EditorState): readonly Mark[] => {
  const found: Mark[] = []
  doc.nodesBetween(selection.from, selection.to, (node) => {
    if (node.isText && found.length < 64) found.push(...node.marks)
    return found.length < 64
  })
  return found
}

const wordAt = ({ selection }: EditorState): { readonly from: number; readonly to: number } | null => {
  const { $from } = selection
  if (!$from.parent.isTextblock) return null
  // Breaks count as one character, as they do in positions.
  const text = $from.parent.textBetween(0, $from.parent.content.size, '\n', '\n')
  const before = /[\p{L}\p{N}\p{M}_'’-]*$/u.exec(text.slice(0, $from.parentOffset))?.[0].length ?? 0
  const after = /^[\p{L}\p{N}\p{M}_'’-]*/u.exec(text.slice($from.parentOffset))?.[0].length ?? 0
  return before + after > 0 ? { from: $from.pos - before, to: $from.pos + after } : null
}

const withWord =
  (command: Command): Command =>
  (state, dispatch) => {
    const word = state.selection.empty ? wordAt(state) : null
    if (!word) return command(state, dispatch)
    const around = state.apply(state.tr.setSelection(TextSelection.create(state.doc, word.from, word.to)))
    return command(around, (tr) => {
      // Its steps only: the cursor stays where the person left it.
      const own = state.tr
      for (const step of tr.steps) own.step(step)
      dispatch?.(own)
    })
  }
