/**
 * What should stand on nobody’s phone, as far as its shape gives it away: whoever opens one phone of the collective reads
 * it for everybody. A hint to the person who writes, never a filter: nothing is refused, and what has no shape (a legal
 * name, a place told in words) passes. Reasons: docs/guide/never-store.en.md.
 */
export type TellingKind = 'phone' | 'document' | 'address' | 'coordinates' | 'e-mail'

/** One place of a text that tells too much. `said`: as it was written. */
export type Telling = { readonly kind: TellingKind; readonly said: string }

/** So much of a text is looked at. UTF-16 units. */
const LOOKED_AT = 400_000
/** So many are named; a list of a hundred numbers needs no hundred warnings. */
const MOST = 8

/** Fewest and most digits of a number somebody can be called at (ITU-T E.164 allows 15; 7 is a short local one). */
const PHONE_DIGITS = { fewest: 7, most: 15 }

const MAIL = /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,4}/gu

const COORDINATES: readonly RegExp[] = [
  // 6.25184, -75.56359
  /[-+]?\d{1,2}[.,]\d{3,10}°?\s?[NSns]?\s?[,;\s]\s?[-+]?\d{1,3}[.,]\d{3,10}°?\s?[EWOewo]?/gu,
  // 6°15'06.6"N 75°33'49"W
  /\d{1,3}\s?°\s?\d{1,2}\s?['′’](?:\s?\d{1,2}(?:[.,]\d{1,6})?\s?["″”])?\s?[NSEWOnsewo]?/gu,
  /\bgeo:-?\d{1,3}/gu,
  // A full plus code: 67R6F6GP+CV
  /\b[23456789CFGHJMPQRVWX]{8}\+[23456789CFGHJMPQRVWX]{2,3}\b/gu,
  /\b(?:maps\.app\.goo\.gl|goo\.gl\/maps|google\.[a-z.]{2,6}\/maps|maps\.google\.|openstreetmap\.org|osm\.org|w3w\.co)\/?\S{0,80}/giu,
]

const DOCUMENTS: readonly RegExp[] = [
  // A word that announces it, then something with digits.
  /(?<![\p{L}\p{N}])(?:c[eé]dula|c\.?\s?c\.?|dni|nie|nif|curp|ine|rfc|cuit|cuil|cpf|rg|rut|run|dui|dpi|ci|nit|ssn|pasaporte|passport|passeport|passaporte|documento|identity card|identidad|carn[eé]t?|رقم الهوية|هوية|جواز)(?:\s(?:de|no|nro|n[uú]mero|number|id|n\.?º|identidad|ciudadan[ií]a)\.?){0,3}\s?[:#.º°]{0,2}\s?(?=[\p{Lu}\d.-]{0,18}\d[\p{Lu}\d.-]{0,18}\d)[\p{Lu}\d][\p{Lu}\d.-]{4,19}/giu,
  // Mexico’s CURP, Brazil’s CPF, Chile’s RUT: no two things look like them.
  /\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d\b/gu,
  /\b\d{3}\.\d{3}\.\d{3}-\d{2}\b/gu,
  /\b\d{1,2}\.\d{3}\.\d{3}-[\dkK]\b/gu,
]

const ADDRESSES: readonly RegExp[] = [
  // Calle 12 # 34-56, Av. Los Álamos 1020, Rua das Flores, 15, شارع النصر ١٢
  /(?<![\p{L}\p{N}])(?:calle|c\/|cll\.?|cl\.|carrera|cra\.?|kra\.?|kr\.?|avenida|avda\.?|av\.?|diagonal|transversal|pasaje|jir[oó]n|jr\.|rua|alameda|rue|شارع|حي)\s{1,2}(?:[\p{L}\d.’'-]{1,24}\s{1,2}){0,5}?(?:[\p{L}’'-]{1,24},?\s{0,2})?(?:#|n\.?º|no\.|nro\.?|n°|،|,)?\s{0,2}\d{1,5}(?:\s{0,2}[#-]\s{0,2}\d{1,4}){0,2}(?![\d%]|\s\p{L})/giu,
  // 12 Orchard Road
  /\b\d{1,5}\s(?:[\p{Lu}][\p{L}’'-]{1,24}\s){1,3}(?:street|st\.|road|rd\.|avenue|ave\.|lane|ln\.|drive|boulevard|blvd\.?)(?![\p{L}])/giu,
]

const DIGIT_RUN = /(?<![\p{L}\p{N}])(?:\+\s?)?\(?\d(?:[ \u00A0().\-/]{0,2}\d){6,17}(?![\p{L}\p{N}])/gu
const DATE =
  /^\(?(?:(?:19|20)\d{2}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d{2})(?:\D|$)/u
const YEARS = /^(?:19|20)\d{2}\s?[-–/]\s?(?:19|20)\d{2}$/u
const THOUSANDS = /^\d{1,3}(?:\.\d{3}){2,4}$|^\d{1,3}(?:,\d{3}){2,4}$/u
const MONEY_BEFORE = /(?:[$€£¥₡₲₱]|\b(?:USD|EUR|COP|MXN|PEN|Q|L|Bs)\.?)\s?$/u
const MONEY_AFTER = /^\s?(?:[$€£¥%]|pesos|d[oó]lares|euros|soles|quetzales|lempiras|reales|dollars)/iu

/**
 * Phone numbers, numbers of documents, street addresses, coordinates and e-mail addresses that stand in `text`, at most
 * eight, in the order they stand in; where two readings share a place, the more certain one.
 */
export const tellingIn = (text: string): readonly Telling[] => {
  const read = plainDigits(text.slice(0, LOOKED_AT))
  const found: (Telling & { readonly from: number; readonly to: number })[] = []
  const note = (kind: TellingKind, from: number, length: number): void => {
    const to = from + length
    if (found.some((other) => from < other.to && other.from < to)) return
    found.push({ kind, said: text.slice(from, to).trim(), from, to })
  }
  for (const [kind, shapes] of SHAPES)
    for (const shape of shapes)
      for (const { index, 0: match } of read.matchAll(shape)) note(kind, index, match.length)
  for (const { index, 0: match } of read.matchAll(DIGIT_RUN))
    if (isPhone(match, read.slice(Math.max(0, index - 8), index), read.slice(index + match.length)))
      note('phone', index, match.length)
  return found
    .sort((a, b) => a.from - b.from)
    .slice(0, MOST)
    .map(({ kind, said }) => ({ kind, said }))
}

const SHAPES: readonly (readonly [TellingKind, readonly RegExp[]])[] = [
  ['e-mail', [MAIL]],
  ['coordinates', COORDINATES],
  ['document', DOCUMENTS],
  ['address', ADDRESSES],
]

/** A row of digits that is no date, no span of years and no sum of money. */
const isPhone = (match: string, before: string, after: string): boolean => {
  const digits = match.replace(/\D/gu, '').length
  if (digits < PHONE_DIGITS.fewest || digits > PHONE_DIGITS.most) return false
  const said = match.trim()
  if (said.startsWith('+')) return true
  if (DATE.test(said) || YEARS.test(said) || THOUSANDS.test(said)) return false
  return !MONEY_BEFORE.test(before) && !MONEY_AFTER.test(after.slice(0, 16))
}

/** Digits of Arabic, Persian, Devanagari and wide scripts as 0-9, one for one: places stay what they were. */
const plainDigits = (text: string): string =>
  text.replace(/[\u0660-\u0669\u06F0-\u06F9\u0966-\u096F\uFF10-\uFF19]/gu, (digit) => {
    const code = digit.charCodeAt(0)
    const zero = [0x0660, 0x06f0, 0x0966, 0xff10].findLast((first) => first <= code)!
    return String(code - zero)
  })
