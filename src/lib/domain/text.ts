/** Longest single-line value, in UTF-16 units: titles and names. */
export const LINE_MAX = 200
/** Longest free text in a field of the register, in UTF-16 units. */
export const FIELD_MAX = 20_000

/**
 * Characters that turn text round or hide in it: controls, bidi embeddings, overrides and isolates, invisible
 * operators, and the tags. Joiners stay: Persian and many Indian scripts need them.
 */
const TRICKS = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/gu

/** Text for one line: no line breaks, nothing that turns its surroundings round, at most `LINE_MAX` long. */
export const oneLine = (text: string): string =>
  cut(
    text
      .slice(0, 4 * LINE_MAX)
      .replace(/\s+/gu, ' ')
      .replace(TRICKS, ''),
    LINE_MAX,
  ).trim()

/** Free text: line breaks and tabs stay. */
export const freeText = (text: string): string =>
  cut(
    text
      .replace(/\r\n?|[\u2028\u2029]/g, '\n')
      .replace(TRICKS, (character) => (character === '\n' || character === '\t' ? character : '')),
    FIELD_MAX,
  )

/** The first `length` units, never half of a surrogate pair. */
export const cut = (text: string, length: number): string => {
  if (text.length <= length) return text
  const last = text.charCodeAt(length - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length)
}

/** Folds case and accents, so that “amenaza” finds “Amenazá”. */
export const normalise = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
