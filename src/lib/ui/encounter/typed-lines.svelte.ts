import { SvelteMap } from 'svelte/reactivity'
import type { Encounter } from '../../workspace/types.ts'

type Spoken = Encounter['spoken']
type HeardLine = Parameters<Spoken['countLines']>[0]
export type NotThisLine = Extract<ReturnType<Spoken['readLine']>, { readonly ok: false }>['error']

/**
 * What one person types of what another reads aloud, line by line. A line that fits stays; one that does not stays in the
 * field and says so. Nothing that was typed goes away but by `clear`.
 */
export class TypedLines {
  readonly #heard = new SvelteMap<number, HeardLine>()
  /** By line: what stands in the field while it is that line’s turn. */
  readonly #drafts = new SvelteMap<number, string>()
  problem = $state.raw<NotThisLine | null>(null)

  /** The line whose turn it is: the first that is missing. */
  get number(): number {
    let number = 1
    while (this.#heard.has(number)) number++
    return number
  }

  /** The lines that fit, the latest first: it stands beside the field. */
  get heard(): readonly { readonly number: number; readonly words: readonly string[] }[] {
    return [...this.#heard]
      .map(([number, { words }]) => ({ number, words }))
      .sort((a, b) => b.number - a.number)
  }

  get text(): string {
    return this.#drafts.get(this.number) ?? ''
  }

  set text(text: string) {
    this.#drafts.set(this.number, text)
  }

  /** How many lines there are; `null` until the first is here. */
  total(spoken: Spoken): number | null {
    const first = this.#heard.get(1)
    return first ? spoken.countLines(first) : null
  }

  /** All lines, in order, once none is missing. */
  whole(spoken: Spoken): readonly HeardLine[] | null {
    const total = this.total(spoken)
    if (total === null || this.number <= total) return null
    return Array.from({ length: total }, (_, at) => this.#heard.get(at + 1)!)
  }

  /** Reads what stands in the field: as many lines as it has. The words in it are finished. Gives what is wrong with the next line. */
  read(spoken: Spoken): NotThisLine | null {
    while (!this.whole(spoken)) {
      const { number, text } = this
      const read = spoken.readLine(number, text)
      if (!read.ok) return read.error
      this.#drafts.delete(number)
      this.#heard.set(number, read.value.line)
      if (!/\p{L}/u.test(read.value.rest)) return null
      this.text = `${read.value.rest}${this.text}`
    }
    return null
  }

  /** Takes a line back into the field. What stands there waits for its own turn. */
  reopen(number: number): void {
    const line = this.#heard.get(number)
    if (!line) return
    this.#heard.delete(number)
    this.#drafts.set(number, line.words.join(' '))
    this.problem = null
  }

  clear(): void {
    this.#heard.clear()
    this.#drafts.clear()
    this.problem = null
  }
}
