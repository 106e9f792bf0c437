import type * as Y from 'yjs'
import type { Clock } from '../../core/clock.ts'
import { addThreat, editThreat, hasThreat, versionsOf, type ThreatField } from '../../domain/threats.ts'

/** How long a keystroke waits for the next before the field is written. Milliseconds. */
export const SAVE_MS = 300

/**
 * One field under a person's hands. What they type is written after a pause, and replaces only what they had before
 * their eyes: what somebody else wrote meanwhile stands beside it. Until they type, they see what others write.
 */
export class FieldDraft {
  #text = $state('')
  #dirty = $state(false)
  /** The writers of the texts on screen when the person began to type. */
  #base: readonly string[] = []
  readonly #doc: () => Y.Doc
  readonly #id: string
  readonly #field: ThreatField
  readonly #clock: Clock
  #cancel: () => void = () => {}

  constructor(of: {
    readonly doc: () => Y.Doc
    readonly id: string
    readonly field: ThreatField
    readonly clock: Clock
  }) {
    this.#doc = of.doc
    this.#id = of.id
    this.#field = of.field
    this.#clock = of.clock
    this.refresh()
  }

  get text(): string {
    return this.#text
  }

  /** Something typed here is not written yet. */
  get waiting(): boolean {
    return this.#dirty
  }

  /** Others may have written: shows it, unless the person is typing. */
  refresh(): void {
    if (this.#dirty) return
    const standing = versionsOf(this.#doc(), this.#id, this.#field)
    // Of several texts the one this person wrote or read goes on being theirs to type in.
    const mine = standing.find(({ writer }) => this.#base.includes(writer)) ?? standing[0]
    this.#base = mine ? [mine.writer] : []
    this.#text = mine?.text ?? ''
  }

  type(text: string): void {
    if (text === this.#text) return
    this.#text = text
    this.#dirty = true
    this.#cancel()
    this.#cancel = this.#clock.after(SAVE_MS, () => this.save())
  }

  /** Writes what waits, now: the person left the field, or the screen. */
  save(): void {
    this.#cancel()
    if (!this.#dirty) return
    this.#dirty = false
    const edit = { field: this.#field, text: this.#text, over: this.#base }
    const doc = this.#doc()
    const writer = editThreat(doc, this.#id, edit)
    this.#base = writer ? [writer] : []
    // It was closed while the person typed: what they wrote stands as something new.
    if (this.#text && !hasThreat(doc, this.#id)) addThreat(doc, { [this.#field]: this.#text })
  }
}
