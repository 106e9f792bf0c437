import { Fragment, Slice, type Node } from 'prosemirror-model'
import { TextSelection } from 'prosemirror-state'
import type { EditorView } from 'prosemirror-view'
import { proseSchema } from '../../domain/prose-schema.ts'

/** A paste up to this size goes in at once, and a longer one in parts of about this size. Units of the document. */
export const PART = 32_000
/** A longer line is cut into paragraphs: the cost of a keystroke grows with the paragraph it falls in. UTF-16 units. */
const LINE_MAX = 4_000

/** Plain text as paragraphs, one for each line that says something. */
export const sliceFromText = (text: string): Slice => {
  const paragraphs = text
    .split(/(?:\r\n?|\n)+/)
    .flatMap(shortened)
    .map((line) => proseSchema.nodes.paragraph.create(null, line ? proseSchema.text(line) : null))
  return new Slice(Fragment.fromArray(paragraphs), 1, 1)
}

/**
 * A pasted slice in parts that go in one after another, so that a whole book does not hold up the page. Each part
 * but the first is whole blocks.
 */
export const partsOf = (slice: Slice): readonly Slice[] => {
  if (slice.size <= PART || slice.content.childCount < 2) return [slice]
  const groups: Node[][] = [[]]
  let size = 0
  slice.content.forEach((node) => {
    if (size > PART) {
      groups.push([])
      size = 0
    }
    groups.at(-1)!.push(node)
    size += node.nodeSize
  })
  return groups.map((group, i) => {
    const content = Fragment.fromArray(group)
    // The first part runs on from the words before it, and ends in a block the cursor can stand in.
    return i === 0
      ? new Slice(content, slice.openStart, group.at(-1)?.isTextblock ? 1 : 0)
      : new Slice(content, 0, 0)
  })
}

/** Puts the parts in, waiting for `next` between two. `at`: keeps a place while others write. */
export const insertInParts = async (
  view: EditorView,
  parts: readonly Slice[],
  does: {
    readonly keep: (pos: number) => () => number | null
    readonly next: () => Promise<void>
  },
): Promise<void> => {
  const [first, ...rest] = parts
  if (!first) return
  const start = view.state.tr.deleteSelection()
  const { $from } = start.selection
  if ($from.depth === 1 && $from.parentOffset < $from.parent.content.size) {
    // What stands behind the cursor goes behind all parts.
    start.split($from.pos)
    start.setSelection(TextSelection.create(start.doc, $from.pos))
  }
  view.dispatch(start.replaceSelection(first))
  let place = does.keep(view.state.selection.to)
  for (const part of rest) {
    await does.next()
    const at = view.isDestroyed ? null : place()
    if (at === null) return
    const $at = view.state.doc.resolve(Math.min(at, view.state.doc.content.size))
    // Whole blocks go behind the block the last part ended in.
    const pos = $at.depth > 0 ? $at.after(1) : $at.pos
    const tr = view.state.tr.insert(pos, part.content)
    const end = pos + part.content.size - 1
    view.dispatch(tr)
    place = does.keep(end)
  }
}

const shortened = (line: string): readonly string[] => {
  const parts: string[] = []
  let rest = line
  while (rest.length > LINE_MAX) {
    const space = rest.lastIndexOf(' ', LINE_MAX)
    const low = rest.charCodeAt(LINE_MAX - 1)
    // Without a space, never between the halves of a character.
    const end = space > LINE_MAX / 2 ? space + 1 : low >= 0xd800 && low < 0xdc00 ? LINE_MAX - 1 : LINE_MAX
    parts.push(rest.slice(0, end))
    rest = rest.slice(end)
  }
  parts.push(rest)
  return parts
}
