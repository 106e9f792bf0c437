/** How long a phrase or PIN holds out, in words people measure with. */
export const STRENGTHS = ['minutes', 'hours', 'days', 'months', 'years', 'lifetime'] as const
export type Strength = (typeof STRENGTHS)[number]

/**
 * What a well-equipped laboratory that copied the phone tries in a second: some ten graphics cards against the cheapest
 * stretch we accept (64 MiB, three passes, keys.md §8).
 */
const GUESSES_PER_SECOND = 10_000
/** Seconds up to which each word of `STRENGTHS` holds. */
const UP_TO = [3600, 86_400, 30 * 86_400, 2 * 31_557_600, 100 * 31_557_600]

/** A word, as if drawn from a list of two thousand. */
const WORD_BITS = 11
const LETTERS_OF_A_WORD = 8

/**
 * How long whoever copied the phone would need, on average. Counts words, not letters, because people choose words. No
 * program can tell whether somebody chose by chance: a verse or a name holds less than this says.
 */
export const strengthOf = (phrase: string): Strength => {
  const seconds = 2 ** (bitsOf(phrase) - 1) / GUESSES_PER_SECOND
  return STRENGTHS[UP_TO.filter((limit) => seconds > limit).length]!
}

export const isPin = (phrase: string): boolean => /^\d+$/.test(phrase)

const bitsOf = (phrase: string): number =>
  isPin(phrase)
    ? digitBits(phrase)
    : [...new Set(phrase.toLowerCase().match(/\p{L}+|\d+|[^\p{L}\d\s]/gu))]
        .map((part) => (/\d/.test(part) ? digitBits(part) : wordBits(part)))
        .reduce((sum, bits) => sum + bits, 0)

const wordBits = (part: string): number =>
  part.length < 3 ? 4.7 * part.length : WORD_BITS * Math.ceil(part.length / LETTERS_OF_A_WORD)

const digitBits = (digits: string): number => {
  const all = Math.log2(10) * digits.length
  if (isRow(digits) || new Set(digits).size <= 2) return Math.min(all, 10)
  return isDate(digits) ? Math.min(all, 16) : all
}

/** 123456, 987654, 111111, 123123. */
const isRow = (digits: string): boolean => {
  const steps = [...digits].slice(1).map((digit, i) => Number(digit) - Number(digits[i]))
  const half = digits.slice(0, digits.length / 2)
  return new Set(steps).size <= 1 || half + half === digits
}

/** As people write a birthday: day and month in either order, with two or four digits of the year. */
const isDate = (digits: string): boolean =>
  /^(?:(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?:\d{2}|(?:19|20)\d{2})$/.test(
    digits,
  ) || /^(?:19|20)\d{2}(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))?$/.test(digits)
