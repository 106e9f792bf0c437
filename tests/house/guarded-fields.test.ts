import { expect, test } from 'vitest'

const screens = import.meta.glob<string>('/src/**/*.svelte', {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** The opening tags of whatever somebody writes free text in. */
const fieldsIn = (source: string): readonly string[] =>
  [...source.matchAll(/<(?:Field|input|textarea)\b(?:[^>]|=>)*>/g)]
    .map(([tag]) => tag)
    .filter((tag) => !/type="(?:checkbox|radio|file)"/.test(tag))

/** Why nothing that is written there comes to stand on anybody’s phone. Each is a part of the tag. */
const STAYS_NOWHERE: Readonly<Record<string, string>> = {
  'kind="secret"': 'a phrase, or the secret of a relay point: a number there is no sentence to anybody',
  'type="search"': 'words to look for',
  'bind:value={pasted}': 'a link or a code, which has a shape of its own or is refused',
  "label={t('relays.urls')}": 'addresses of machines, which must have the shape of such',
  'kind="code"': 'a code, or the words of one, which fit or are refused',
  readonly: 'shows, and takes nothing',
}
/** These hold a guard of their own for all fields in them. */
const GUARDS_ITSELF = ['ArticleEditor.svelte', 'ThreatFieldEdit.svelte', 'Field.svelte']

const unguarded = (file: string, source: string): readonly string[] =>
  GUARDS_ITSELF.some((name) => file.endsWith(`/${name}`))
    ? source.includes('<NeverStore')
      ? []
      : [file]
    : fieldsIn(source)
        .filter((tag) => !/\bshared\b/.test(tag))
        .filter((tag) => !Object.keys(STAYS_NOWHERE).some((part) => tag.includes(part)))
        .map((tag) => `${file}: ${tag.replace(/\s+/g, ' ').slice(0, 90)}`)

test('whatever goes from a field to other phones is looked at for what should stand on none', () => {
  expect(Object.entries(screens).flatMap(([file, source]) => unguarded(file, source))).toEqual([])
})

test('each reason why a field needs no guard is still needed', () => {
  const tags = Object.values(screens).flatMap(fieldsIn)
  for (const part of Object.keys(STAYS_NOWHERE)) expect(tags.some((tag) => tag.includes(part))).toBe(true)
})

test('a field without a guard would be found', () => {
  expect(unguarded('/src/New.svelte', '<Field label="Nombre" bind:value={name} />')).toHaveLength(1)
  expect(unguarded('/src/New.svelte', '<Field label="Nombre" shared bind:value={name} />')).toEqual([])
})
