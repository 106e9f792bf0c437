import type { Encounter } from '../../workspace/types.ts'

type Spoken = Encounter['spoken']
type HeardLine = Parameters<Spoken['countLines']>[0]
export type NotThisLine = Extract<ReturnType<Spoken['readLine']>, { readonly ok: false }>['error']

/**
 * What one person types of what another reads aloud, line by line. A line that fits stays; one that does not stays in the
 * field and says so. Nothing that was typed goes away but by `clear`.
 */
export class TypedLines {
  /** By number, from 1. */
  #heard = $state.raw<Readonly<Record<number, HeardLine | undefined>>>({})
  /** What stands in the field while it is that line’s turn. */
  #drafts = $state.raw<Readonly<Record<number, string>>>({})
  problem = $state.raw<NotThisLine | null>(null)

  /** The line whose turn it is: the first that is missing. */
  get number(): number {
    let number = 1
    while (this.#heard[number]) number++
    return number
  }

  /** The lines that fit, the latest first: it stands beside the field. */
  get heard(): readonly (readonly [number: string, HeardLine])[] {
    return Object.entries(this.#heard)
      .flatMap(([number, line]) => (line ? [[number, line] as const] : []))
      .reverse()
  }

  get text(): string {
    return this.#drafts[this.number] ?? ''
  }

  set text(text: string) {
    this.#drafts = { ...this.#drafts, [this.number]: text }
  }

  /** How many lines there are; `null` until the first is here. */
  total(spoken: Spoken): number | null {
    const first = this.#heard[1]
    return first ? spoken.countLines(first) : null
  }

  /** All lines, in order, once none is missing. */
  whole(spoken: Spoken): readonly HeardLine[] | null {
    const total = this.total(spoken)
    if (total === null || this.number <= total) return null
    return this.heard.map(([, line]) => line).reverse()
  }

  /** Reads what stands in the field: as many lines as it has. The words in it are finished. Gives what is wrong with the next line. */
  read(spoken: Spoken): NotThisLine | null {
    while (!this.whole(spoken)) {
      const read = spoken.readLine(this.number, this.text)
      if (!read.ok) return read.error
      const { line, rest } = read.value
      this.text = ''
      this.#heard = { ...this.#heard, [this.number]: line }
      // A draft may wait here since the line before was opened again.
      this.text = `${rest}${this.text}`
      if (!/\p{L}/u.test(rest)) return null
    }
    return null
  }

  /** Takes a line back into the field. What stands there waits for its own turn. */
  reopen(number: string, line: HeardLine): void {
    this.#heard = { ...this.#heard, [number]: undefined }
    this.#drafts = { ...this.#drafts, [number]: line.words.join(' ') }
    this.problem = null
  }

  clear(): void {
    this.#heard = this.#drafts = {}
    this.problem = null
  }
}
