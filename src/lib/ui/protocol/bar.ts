import type { Drawing } from './bar-icons.ts'
import type { BlockKind, MarkKind, WrapKind } from './blocks.ts'

/** What the bar and the sheet of blocks offer, in their order. */
export const BAR_BLOCKS = [
  { kind: 'paragraph', words: 'protocol.paragraph' },
  { kind: 'heading1', words: 'protocol.heading1' },
  { kind: 'heading2', words: 'protocol.heading2' },
  { kind: 'heading3', words: 'protocol.heading3' },
] as const satisfies readonly { readonly kind: BlockKind; readonly words: string }[]

export const BAR_WRAPS = [
  { kind: 'bullet_list', words: 'protocol.bulletList', drawing: 'bulletList' },
  { kind: 'ordered_list', words: 'protocol.orderedList', drawing: 'orderedList' },
  { kind: 'blockquote', words: 'protocol.blockquote', drawing: 'blockquote' },
  { kind: 'callout', words: 'protocol.callout', drawing: 'callout' },
] as const satisfies readonly {
  readonly kind: WrapKind
  readonly words: string
  readonly drawing: Drawing
}[]

export const BAR_MARKS = [
  { kind: 'bold', words: 'protocol.bold' },
  { kind: 'italic', words: 'protocol.italic' },
] as const satisfies readonly { readonly kind: MarkKind; readonly words: string }[]
