import { baseKeymap, chainCommands, exitCode } from 'prosemirror-commands'
import { inputRules, textblockTypeInputRule, wrappingInputRule } from 'prosemirror-inputrules'
import { keymap } from 'prosemirror-keymap'
import { liftListItem, sinkListItem, splitListItem } from 'prosemirror-schema-list'
import type { Command, Plugin } from 'prosemirror-state'
import { proseSchema } from '../../domain/prose-schema.ts'
import { makeBlock, toggleWords, toggleWrap } from './blocks.ts'

const { nodes } = proseSchema

/** Keys and shorthands. No Ctrl Alt: on many keyboards that is AltGr, and types characters. */
export const typing = (does: {
  readonly undo: Command
  readonly redo: Command
  readonly link: Command
}): readonly Plugin[] => [
  inputRules({
    rules: [
      textblockTypeInputRule(/^(#{1,3})\s$/, nodes.heading, (match) => ({ level: match[1]?.length ?? 2 })),
      wrappingInputRule(/^\s*[-*•]\s$/, nodes.bullet_list),
      wrappingInputRule(/^\s*1[.)]\s$/, nodes.ordered_list),
      wrappingInputRule(/^\s*>\s$/, nodes.blockquote),
    ],
  }),
  keymap({
    'Mod-z': does.undo,
    'Mod-y': does.redo,
    'Mod-Shift-z': does.redo,
    'Mod-k': does.link,
    'Mod-b': toggleWords('bold'),
    'Mod-i': toggleWords('italic'),
    'Mod-Shift-0': makeBlock('paragraph'),
    'Mod-Shift-1': makeBlock('heading1'),
    'Mod-Shift-2': makeBlock('heading2'),
    'Mod-Shift-3': makeBlock('heading3'),
    'Mod-Shift-7': toggleWrap('ordered_list'),
    'Mod-Shift-8': toggleWrap('bullet_list'),
    'Mod-Shift-9': toggleWrap('blockquote'),
    'Shift-Enter': chainCommands(exitCode, lineBreak),
    Enter: splitListItem(nodes.list_item),
    // In lists only: elsewhere Tab goes on to the next control, as it does everywhere.
    Tab: sinkListItem(nodes.list_item),
    'Shift-Tab': liftListItem(nodes.list_item),
  }),
  keymap(baseKeymap),
]

function lineBreak(...[state, dispatch]: Parameters<Command>): boolean {
  dispatch?.(state.tr.replaceSelectionWith(nodes.hard_break.create()).scrollIntoView())
  return true
}
