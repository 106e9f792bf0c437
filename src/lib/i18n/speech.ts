import { IntlMessageFormat } from 'intl-messageformat'
import { loadCatalogue, type Catalogue, type Key, type Locale } from './catalogue.ts'

/** What a message is completed with. Numbers are written as the language writes them. */
export type Values = Readonly<Record<string, string | number>>

/** One language, speaking. */
export type Speech = {
  /** BCP 47. */
  readonly locale: string
  readonly dir: 'ltr' | 'rtl'
  /** The words for `key`. A value the message needs and does not get is our bug, and throws. */
  t(key: Key, values?: Values): string
  /** “2 minutes ago”; `at` and `now` in milliseconds since 1970. Nothing finer than a minute. */
  ago(at: number, now: number): string
  /** “3 March”: a day to come. Milliseconds since 1970. */
  day(at: number): string
  /** “Tuesday”, or a date when that was more than six days before `now`. Milliseconds since 1970. */
  since(at: number, now: number): string
  /** “12 kB”: of bytes, as coarse as one needs it. */
  size(bytes: number): string
  /** “Ana, Bea and Delia”. */
  list(items: readonly string[]): string
}

export const loadSpeech = async (locale: Locale): Promise<Speech> =>
  createSpeech(await loadCatalogue(locale), locale)

/** `locale` decides plurals and direction; any language works as far as the browser knows it. */
export const createSpeech = (catalogue: Catalogue, locale: string): Speech => {
  const dir = isRightToLeft(locale) ? 'rtl' : 'ltr'
  const formats = new Map<Key, IntlMessageFormat>()
  const formatOf = (key: Key): IntlMessageFormat => {
    const known = formats.get(key)
    if (known) return known
    const made = new IntlMessageFormat(messageAt(catalogue, key), locale)
    formats.set(key, made)
    return made
  }
  const t = (key: Key, values: Values = {}): string =>
    String(
      formatOf(key).format(
        Object.fromEntries(
          Object.entries(values).map(([name, value]) => [
            name,
            typeof value === 'string' ? isolate(value, dir) : value,
          ]),
        ),
      ),
    )
  return {
    locale,
    dir,
    t,
    ago: (at, now) => {
      const minutes = Math.max(0, Math.floor((now - at) / 60_000))
      if (minutes < 1) return t('common.few')
      const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'always' })
      if (minutes < 60) return relative.format(-minutes, 'minute')
      if (minutes < 24 * 60) return relative.format(-Math.floor(minutes / 60), 'hour')
      return relative.format(-Math.floor(minutes / (24 * 60)), 'day')
    },
    day: (at) => new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long' }).format(at),
    since: (at, now) =>
      new Intl.DateTimeFormat(
        locale,
        now - at > 6 * 86_400_000 ? { day: 'numeric', month: 'long' } : { weekday: 'long' },
      ).format(at),
    size: (bytes) => {
      const isLarge = bytes >= 1_000_000
      return new Intl.NumberFormat(locale, {
        style: 'unit',
        unit: isLarge ? 'megabyte' : 'kilobyte',
        maximumFractionDigits: isLarge ? 1 : 0,
      }).format(bytes === 0 ? 0 : Math.max(1, bytes / 1000) / (isLarge ? 1000 : 1))
    },
    list: (items) => new Intl.ListFormat(locale, { type: 'conjunction' }).format(items),
  }
}

const messageAt = (catalogue: Catalogue, key: Key): string => {
  let found: unknown = catalogue
  for (const part of key.split('.')) found = (found as Record<string, unknown> | undefined)?.[part]
  if (typeof found !== 'string') throw new Error(`no words for ${key}`)
  return found
}

const RIGHT_TO_LEFT = /^(ar|fa|he|ur|ps|ckb|dv|ug|yi)\b/

const isRightToLeft = (locale: string): boolean => RIGHT_TO_LEFT.test(locale)

/**
 * A name in the other direction would reorder the sentence around it. Isolates (U+2068, U+2069) keep it to itself;
 * where nothing can go wrong, nothing invisible is added.
 */
const isolate = (value: string, dir: 'ltr' | 'rtl'): string =>
  dir === 'rtl' || /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(value) ? `\u2068${value}\u2069` : value
