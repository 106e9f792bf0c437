import type es from './messages/es.json'

/** All words of one language, by section. Spanish is the source: what is a key there is a key everywhere. */
export type Catalogue = typeof es

/** A path into the catalogue: `lock.open`. An unknown one does not compile. */
export type Key = Leaves<Catalogue>

type Leaves<T> = {
  [K in keyof T & string]: T[K] extends string ? K : `${K}.${Leaves<T[K]>}`
}[keyof T & string]

/** The languages there are, each called by its own name. */
export const LOCALES = { es: 'Español', en: 'English' } as const
export type Locale = keyof typeof LOCALES

/** One language at a time is loaded. A language that lacks a key does not compile. */
const catalogues: Readonly<Record<Locale, () => Promise<{ readonly default: Catalogue }>>> = {
  es: () => import('./messages/es.json'),
  en: () => import('./messages/en.json'),
}

export const loadCatalogue = async (locale: Locale): Promise<Catalogue> =>
  (await catalogues[locale]()).default

/** The first of the wanted languages that we have; Spanish when there is none. `wanted`: BCP 47 tags. */
export const chooseLocale = (wanted: readonly string[]): Locale => {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0] ?? ''
    if (isLocale(language)) return language
  }
  return 'es'
}

export const isLocale = (text: string): text is Locale => Object.hasOwn(LOCALES, text)
