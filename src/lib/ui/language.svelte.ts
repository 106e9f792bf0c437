import { chooseLocale, isLocale, type Key, type Locale } from '../i18n/catalogue.ts'
import { loadSpeech, type Speech, type Values } from '../i18n/speech.ts'
import { keepPreference, readPreference } from './preferences.ts'

/** The language of the screens. Its functions may be taken out of it: `const { t } = getLanguage()` stays up to date. */
export class Language {
  #speech: Speech

  constructor(speech: Speech) {
    this.#speech = $state.raw(speech)
  }

  readonly t = (key: Key, values?: Values): string => this.#speech.t(key, values)
  readonly ago = (at: number, now: number): string => this.#speech.ago(at, now)
  readonly day = (at: number): string => this.#speech.day(at)
  readonly since = (at: number, now: number): string => this.#speech.since(at, now)
  readonly size = (bytes: number): string => this.#speech.size(bytes)
  readonly list = (items: readonly string[]): string => this.#speech.list(items)

  get locale(): string {
    return this.#speech.locale
  }

  get dir(): 'ltr' | 'rtl' {
    return this.#speech.dir
  }

  /** Loads another language, and remembers it. */
  async choose(locale: Locale): Promise<void> {
    this.#speech = await loadSpeech(locale)
    keepPreference('language', locale)
  }
}

/** What was chosen here before, else what the browser asks for. */
export const preferredLocale = (): Locale => {
  const kept = readPreference('language')
  return kept !== null && isLocale(kept) ? kept : chooseLocale(navigator.languages)
}
