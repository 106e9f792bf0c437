import { readFileSync } from 'node:fs'
import { IntlMessageFormat } from 'intl-messageformat'
import { expect, test } from 'vitest'
import { LOCALES, type Locale } from '../../src/lib/i18n/catalogue.ts'
import { createSpeech } from '../../src/lib/i18n/speech.ts'
import { filesUnder } from '../house/sources.ts'

const locales = Object.keys(LOCALES) as Locale[]

const readCatalogue = (locale: Locale) =>
  JSON.parse(readFileSync(`src/lib/i18n/messages/${locale}.json`, 'utf8')) as Record<string, never>

/** Every message of a language by its key. */
const messagesOf = (locale: Locale): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  const walk = (branch: object, path: string) => {
    for (const [name, value] of Object.entries(branch) as [string, unknown][]) {
      const key = path ? `${path}.${name}` : name
      if (typeof value === 'string') found.set(key, value)
      else walk(value as object, key)
    }
  }
  walk(readCatalogue(locale), '')
  return found
}

const catalogues = new Map(locales.map((locale) => [locale, messagesOf(locale)]))
const spanish = catalogues.get('es')!

type Part = ReturnType<IntlMessageFormat['getAst']>[number]

const partsOf = (message: string): readonly Part[] => {
  const all: Part[] = []
  const walk = (parts: readonly Part[]) => {
    for (const part of parts) {
      all.push(part)
      if ('options' in part) for (const { value } of Object.values(part.options)) walk(value)
      if ('children' in part) walk(part.children)
    }
  }
  walk(new IntlMessageFormat(message, 'es').getAst())
  return all
}

/** Kinds of parts, by the parser’s numbers. */
const LITERAL: number = 0
const PLURAL: number = 6
const kindOf = ({ type }: Part): number => type

const namesIn = (message: string): readonly string[] =>
  [
    ...new Set(
      partsOf(message).flatMap((part) =>
        kindOf(part) !== LITERAL && 'value' in part && typeof part.value === 'string' ? [part.value] : [],
      ),
    ),
  ].sort()

/** What people read: each branch of a plural by itself. */
const readingsOf = (message: string): readonly string[] => {
  const parts = partsOf(message)
  const plural = parts.find((part) => kindOf(part) === PLURAL)
  if (!plural) return [parts.map((part) => ('value' in part ? part.value : '')).join('')]
  return Object.values((plural as Part & { options: Record<string, { value: Part[] }> }).options).map(
    ({ value }) => value.map((part) => ('value' in part ? part.value : '3')).join(''),
  )
}

const everywhere = locales.flatMap((locale) =>
  [...catalogues.get(locale)!].map(([key, message]) => ({ locale, key, message })),
)

test.each(locales)('every key of Spanish is there in %s, and no other', (locale) => {
  expect([...catalogues.get(locale)!.keys()].sort()).toEqual([...spanish.keys()].sort())
})

test('a message asks for the same values in every language', () => {
  for (const { locale, key, message } of everywhere)
    expect({ locale, key, names: namesIn(message) }).toEqual({
      locale,
      key,
      names: namesIn(spanish.get(key)!),
    })
})

test('no message is empty, and none is longer than 160 characters where people read it', () => {
  for (const { locale, key, message } of everywhere) {
    expect({ locale, key, isEmpty: message.trim() === '' }).toEqual({ locale, key, isEmpty: false })
    for (const reading of readingsOf(message))
      expect({ locale, key, isLong: reading.length > 160 }).toEqual({ locale, key, isLong: false })
  }
})

test('every number up to two hundred has words of its own in each language', () => {
  for (const { locale, key, message } of everywhere) {
    const rules = new Intl.PluralRules(locale)
    const needed = new Set(Array.from({ length: 201 }, (_, n) => rules.select(n)))
    for (const part of partsOf(message)) {
      if (kindOf(part) !== PLURAL) continue
      const options = Object.keys((part as Part & { options: object }).options)
      expect({ locale, key, missing: [...needed].filter((category) => !options.includes(category)) }).toEqual(
        {
          locale,
          key,
          missing: [],
        },
      )
    }
  }
})

/** Words that promise too much, frighten, blame, or belong to machines. */
const BANNED: Readonly<Record<Locale, RegExp>> = {
  es: /\b(?:encript\w*|cifrad\w*|peers?|sincroni\w*|clave pública|clave privada|segur[oa]s?|garanti\w*|an[oó]nim[oa]s?|servidor\w*|usuari[oa]s?|contraseña|error(?= de\b)|inválid[oa]s?|incorrect[oa]s?|revocar|ataque|enemig[oa]s?|hacker\w*)\b/i,
  en: /\b(?:encrypt\w*|peers?|sync\w*|public key|private key|secure(?:ly)?|guarantee\w*|anonym\w*|servers?|users?|password|error|invalid|incorrect|revoke\w*|attack\w*|enem(?:y|ies)|hacker\w*|military)\b/i,
}

test('no message promises what nobody can, frightens, or speaks like a machine', () => {
  const found = everywhere.flatMap(({ locale, key, message }) =>
    readingsOf(message).flatMap((reading) => {
      const word = BANNED[locale].exec(reading)?.[0]
      return word ? [`${locale} ${key}: ${word}`] : []
    }),
  )
  expect(found).toEqual([])
})

const sentencesOf = (text: string): readonly number[] =>
  text
    .split(/[.!?:;…]+(?:\s|$)/)
    .map((sentence) => sentence.trim().split(/\s+/).filter(Boolean).length)
    .filter((words) => words > 0)

test.each(locales)(
  'sentences in %s are short: fifteen words on average at most, never more than 24',
  (locale) => {
    const lengths = [...catalogues.get(locale)!.values()].flatMap(readingsOf).flatMap(sentencesOf)
    expect(lengths.reduce((sum, words) => sum + words, 0) / lengths.length).toBeLessThanOrEqual(15)
    const long = [...catalogues.get(locale)!].filter(([, message]) =>
      readingsOf(message).some((reading) => sentencesOf(reading).some((words) => words > 24)),
    )
    expect(long.map(([key]) => key)).toEqual([])
  },
)

/** What is between quotes in a call of `t`, and what a type says is built from one: `problems.${…}`. */
const keysUsed = (): { readonly whole: ReadonlySet<string>; readonly beginnings: ReadonlySet<string> } => {
  const text = filesUnder('src', '.svelte', '.ts')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  return {
    whole: new Set([...text.matchAll(/['"]([a-z][\w]*(?:\.\w+)+)['"]/gi)].map(([, key = '']) => key)),
    beginnings: new Set([...text.matchAll(/`([a-z]\w*\.\w*)\$\{/gi)].map(([, key = '']) => key)),
  }
}

test('no message is kept that no screen says', () => {
  const { whole, beginnings } = keysUsed()
  const unused = [...spanish.keys()].filter(
    (key) => !whole.has(key) && ![...beginnings].some((beginning) => key.startsWith(beginning)),
  )
  expect(unused).toEqual([])
})

test('a name written from right to left does not turn the sentence around it', () => {
  const speech = createSpeech(readCatalogue('es') as never, 'es')
  const [key] = [...spanish].find(([, message]) => namesIn(message).join() === 'name')!
  expect(speech.t(key as never, { name: 'ليلى' })).toContain('\u2068ليلى\u2069')
  expect(speech.t(key as never, { name: 'Ana' })).not.toMatch(/[\u2066-\u2069]/)
})

test('a language from right to left says so, and keeps Latin names whole', () => {
  const speech = createSpeech(readCatalogue('es') as never, 'ar')
  const [key] = [...spanish].find(([, message]) => namesIn(message).join() === 'name')!
  expect(speech.dir).toBe('rtl')
  expect(speech.t(key as never, { name: 'Ana' })).toContain('\u2068Ana\u2069')
})

test('a missing value is our bug and says so', () => {
  const speech = createSpeech(readCatalogue('es') as never, 'es')
  const [key] = [...spanish].find(([, message]) => namesIn(message).join() === 'name')!
  expect(() => speech.t(key as never)).toThrow()
})

const MINUTE = 60_000
const NOON = Date.UTC(2026, 10, 24, 12)

test('the past is told as people tell it', () => {
  const speech = createSpeech(readCatalogue('es') as never, 'es')
  expect(speech.ago(NOON - 2 * MINUTE, NOON)).toBe('hace 2 minutos')
  expect(speech.ago(NOON - 3 * 60 * MINUTE, NOON)).toBe('hace 3 horas')
  expect(speech.ago(NOON + MINUTE, NOON)).toBe(speech.ago(NOON, NOON))
  expect(speech.since(NOON - 2 * 24 * 60 * MINUTE, NOON)).toBe('domingo')
  expect(speech.since(NOON - 20 * 24 * 60 * MINUTE, NOON)).toBe('4 de noviembre')
})
