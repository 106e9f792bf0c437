import { IntlMessageFormat } from 'intl-messageformat'
import type es from './messages/es.json'

/** The shape of every catalogue. Spanish is the source of truth: what it lacks does not exist. */
export type Catalogue = typeof es

type Leaves<T, Before extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${Before}${K}` : Leaves<T[K], `${Before}${K}.`>
}[keyof T & string]

/** A place in the catalogue, such as `lock.open`. */
export type Key = Leaves<Catalogue>

export type Values = Readonly<Record<string, string | number>>

/** Languages there is a catalogue for, by the names their speakers give them. */
export const LANGUAGES = { es: 'Español', en: 'English' } as const
export type Language = keyof typeof LANGUAGES

/** One file each, so that only the one in use is read. */
const CATALOGUES: Readonly<Record<Language, () => Promise<{ readonly default: Catalogue }>>> = {
  es: () => import('./messages/es.json'),
  en: () => import('./messages/en.json'),
}

const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ur'])

/** A neutral name: who looks into the browser's storage learns nothing from it. */
const STORED_AS = 'l'

/** Finds the words for the screens, in the language of the person who looks at them. */
export class I18n {
  language = $state<Language>('es')
  dir = $derived<'ltr' | 'rtl'>(RIGHT_TO_LEFT.has(this.language) ? 'rtl' : 'ltr')
  #catalogue = $state.raw<Catalogue | null>(null)
  readonly #formats = new Map<Key, IntlMessageFormat>()

  /** The words for `key`; numbers and names of its sentence in `values`. Empty until a catalogue is loaded. */
  readonly t = (key: Key, values?: Values): string => {
    const text = this.#catalogue ? textAt(this.#catalogue, key) : ''
    if (!text.includes('{')) return text
    const format =
      this.#formats.get(key) ?? new IntlMessageFormat(text, this.language, undefined, { ignoreTag: true })
    this.#formats.set(key, format)
    return String(format.format(values && isolated(values)))
  }

  /** Loads a language and remembers it on this device. */
  async setLanguage(language: Language): Promise<void> {
    const { default: catalogue } = await CATALOGUES[language]()
    this.#formats.clear()
    this.#catalogue = catalogue
    this.language = language
    try {
      localStorage.setItem(STORED_AS, language)
    } catch {
      // A browser that keeps nothing asks again next time.
    }
  }

  /** A moment as people say it: "hace 2 min", "el martes". `ms` since 1970; `now` likewise. */
  readonly ago = (ms: number, now: number): string => {
    const minutes = Math.round((ms - now) / 60_000)
    const relative = new Intl.RelativeTimeFormat(this.language, { numeric: 'auto', style: 'short' })
    if (minutes > -1) return relative.format(0, 'second')
    if (minutes > -60) return relative.format(minutes, 'minute')
    if (minutes > -24 * 60) return relative.format(Math.round(minutes / 60), 'hour')
    if (minutes > -7 * 24 * 60) return relative.format(Math.round(minutes / 1440), 'day')
    return new Intl.DateTimeFormat(this.language, { day: 'numeric', month: 'long' }).format(ms)
  }

  /** Names as one enumerates them: "Ana, Bea y Caro". */
  readonly list = (names: readonly string[]): string =>
    new Intl.ListFormat(this.language, { type: 'conjunction' }).format(names)
}

/** What this device remembers, else what the browser prefers, else Spanish. */
export const preferredLanguage = (): Language => {
  const wanted = [remembered(), ...navigator.languages.map((tag) => tag.slice(0, 2))]
  return wanted.find(isLanguage) ?? 'es'
}

const remembered = (): string | null => {
  try {
    return localStorage.getItem(STORED_AS)
  } catch {
    return null
  }
}

const isLanguage = (tag: string | null): tag is Language => tag !== null && Object.hasOwn(LANGUAGES, tag)

const textAt = (catalogue: Catalogue, key: Key): string => {
  let at: unknown = catalogue
  for (const part of key.split('.')) at = (at as Record<string, unknown> | undefined)?.[part]
  return typeof at === 'string' ? at : ''
}

/** A name written from right to left must not turn the sentence around it. */
const isolated = (values: Values): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' && WRITTEN_RIGHT_TO_LEFT.test(value) ? `\u2068${value}\u2069` : value,
    ]),
  )

const WRITTEN_RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/
