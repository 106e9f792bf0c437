import { base32nopad } from '@scure/base'
import { err, ok, type Result } from '../core/result.ts'
import { hash } from '../crypto/hash.ts'
import type { Cbor } from '../core/cbor.ts'
import { encodeCode, parseCode, type Code } from '../wire/code.ts'
import { asTold, bitsOfCode, codeFromBits, lengthFromHead, type Bits } from '../wire/spoken-code.ts'
import { WORD_LISTS, type WordLanguage } from './words.ts'

/**
 * A code for whoever has no camera: lines of five words, read aloud on one phone and typed on the other. Each line makes sure of
 * itself and of its number, so that what was misheard is said again at once, and nothing else is. Spec: wire.md §10.
 */
export interface SpokenCode {
  /** The own code, a line each, in the words of one language. The other phone may be in another. */
  lines(language: WordLanguage): readonly (readonly string[])[]
  readonly readLine: typeof readLine
  readonly understand: typeof understand
  readonly countLines: typeof countLines
  readonly codeFromLines: typeof codeFromLines
}

export const spokenCode = (code: Code): SpokenCode => ({
  lines: (language) => spokenLines(code, language),
  readLine,
  understand,
  countLines,
  codeFromLines,
})

/** One line that fits its number. */
export type HeardLine = {
  /** In full, in the language they were typed in. */
  readonly words: readonly string[]
  /** 47 bits of a code. */
  readonly content: Bits
}

const WORDS_A_LINE = 5
const WORD_BITS = 11
const CHECK_BITS = 8
const CONTENT_BITS = WORDS_A_LINE * WORD_BITS - CHECK_BITS
/** Over all of it, so that lines of two codes are not taken for one. */
const SUM_BITS = 12

/** The lines of `code`, the first first. Of the places it holds only some are told (`wire/spoken-code.ts`). */
export const spokenLines = (code: Code, language: WordLanguage): readonly (readonly string[])[] =>
  contentsOf(asTold(code)).map((content, at) => wordsOf(content + checkOf(at + 1, content), language))

const contentsOf = (told: Code): readonly Bits[] => {
  const bits = bitsOfCode(told) + firstBits(encodeCode(told), SUM_BITS)
  return Array.from({ length: Math.ceil(bits.length / CONTENT_BITS) }, (_, at) =>
    bits.slice(at * CONTENT_BITS, (at + 1) * CONTENT_BITS).padEnd(CONTENT_BITS, '0'),
  )
}

const checkOf = (number: number, content: Bits): Bits =>
  firstBits([number, Number.parseInt(content, 2)], CHECK_BITS)

const firstBits = (value: Cbor, count: number): Bits =>
  Array.from(hash('spoken', value).subarray(0, 2), (byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .slice(0, count)

const wordsOf = (line: Bits, language: WordLanguage): readonly string[] =>
  line.match(/.{11}/g)!.map((bits) => WORD_LISTS[language][Number.parseInt(bits, 2)]!)

export type NotThisLine =
  /** In no list, or the beginning of several. */
  | { readonly type: 'UnknownWord'; readonly word: string }
  | { readonly type: 'WordsMissing'; readonly count: number }
  /** Five words that do not belong together under this number. */
  | { readonly type: 'WrongLine'; readonly number: number }

/**
 * Reads line `number` (1 or more) from the front of what was typed, and what is left behind it. Of a word its beginning is enough, as far as
 * its list has no other like it; case, accents, digits and signs do not matter. The language is found out: where words
 * are of two lists, what fits is what was meant. A line with any one mistake is taken for right once in 256 times. Never throws.
 */
export const readLine = (
  number: number,
  text: string,
): Result<{ readonly line: HeardLine; readonly rest: string }, NotThisLine> => {
  const typed = [...text.matchAll(WORD)].slice(0, WORDS_A_LINE)
  const readings = LANGUAGES.map((language) =>
    readingOf(
      typed.map(([word]) => word),
      language,
    ),
  )
  const whole = readings.filter(({ unknown }) => unknown === null)
  if (whole.length === 0) {
    const [best] = [...readings].sort((a, b) => b.known - a.known)
    return err({ type: 'UnknownWord', word: best?.unknown ?? '' })
  }
  if (typed.length < WORDS_A_LINE) return err({ type: 'WordsMissing', count: WORDS_A_LINE - typed.length })
  for (const { words, bits } of whole) {
    const content = bits.slice(0, CONTENT_BITS)
    const last = typed.at(-1)!
    if (bits.slice(CONTENT_BITS) === checkOf(number, content))
      return ok({ line: { words, content }, rest: text.slice(last.index + last[0].length).trimStart() })
  }
  return err({ type: 'WrongLine', number })
}

const WORD = /[\p{L}\p{M}]+/gu
const LANGUAGES = Object.keys(WORD_LISTS) as readonly WordLanguage[]

type Reading = {
  /** In full; as it was typed where the list has none. */
  readonly words: readonly string[]
  readonly bits: Bits
  /** How many words of the list come first, and the word after them. */
  readonly known: number
  readonly unknown: string | null
}

const readingOf = (typed: readonly string[], language: WordLanguage): Reading => {
  const list = WORD_LISTS[language]
  const found = typed.map((word) => indexOfWord(word, language))
  const at = found.indexOf(-1)
  return {
    words: found.map((index, i) => list[index] ?? typed[i]!),
    bits: found.map((index) => index.toString(2).padStart(WORD_BITS, '0')).join(''),
    known: at < 0 ? typed.length : at,
    unknown: at < 0 ? null : typed[at]!,
  }
}

const plain = (word: string): string => word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
const plainLists = new Map<WordLanguage, readonly string[]>()

const plainList = (language: WordLanguage): readonly string[] => {
  const list = plainLists.get(language) ?? WORD_LISTS[language].map(plain)
  plainLists.set(language, list)
  return list
}

const indexOfWord = (typed: string, language: WordLanguage): number => {
  const list = plainList(language)
  const wanted = plain(typed)
  const exact = list.indexOf(wanted)
  if (exact >= 0) return exact
  const first = list.findIndex((word) => word.startsWith(wanted))
  return first === list.findLastIndex((word) => word.startsWith(wanted)) ? first : -1
}

/** What a person sees while they type: the words so far in full, and what the one they are at may become; none, if there are many. */
export const understand = (
  text: string,
): { readonly words: readonly string[]; readonly completions: readonly string[] } => {
  const begun = /[\p{L}\p{M}]*$/u.exec(text)![0]
  const typed = text.slice(0, text.length - begun.length).match(WORD) ?? []
  const readings = LANGUAGES.map((language) => ({ language, ...readingOf(typed, language) }))
  const most = Math.max(...readings.map(({ known }) => known))
  const likely = readings.filter(({ known }) => known === most)
  const completions = likely.flatMap(({ language }) =>
    WORD_LISTS[language].filter((_, i) => plainList(language)[i]!.startsWith(plain(begun))),
  )
  return { words: likely[0]?.words ?? [], completions: completions.length > MANY ? [] : completions }
}

const MANY = 6

/** How many lines a code has that begins with this one. `null`: it is the beginning of none. */
export const countLines = (first: HeardLine): number | null => {
  const bits = lengthFromHead(first.content)
  return bits === null ? null : Math.ceil((bits + SUM_BITS) / CONTENT_BITS)
}

/**
 * The code these lines are, as a text that is taken like one that was scanned. `BadCode`: each line fits its number and yet
 * they are not of one code, but for one time in 4096; or no phone of ours said them. Never throws.
 */
export const codeFromLines = (lines: readonly HeardLine[]): Result<string, { readonly type: 'BadCode' }> => {
  const bits = lines.map(({ content }) => content).join('')
  const code = codeFromBits(bits)
  if (!code || !parseCode(encodeCode(code), code.kind).ok || contentsOf(asTold(code)).join('') !== bits)
    return err({ type: 'BadCode' })
  return ok(base32nopad.encode(encodeCode(code)))
}
