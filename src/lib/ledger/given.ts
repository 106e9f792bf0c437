import type { Book } from './book.ts'
import type { Node } from './dag.ts'
import type { Grant, View } from './view.ts'

/** What a rule of T0 judges by: an entry, who made it, and the state of everything it knew. */
export type Given = {
  readonly book: Book
  readonly view: View
  readonly author: Grant
  readonly node: Node
}
