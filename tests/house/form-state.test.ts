import { expect, test } from 'vitest'

const screens = import.meta.glob<string>('/src/**/*.svelte', {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** The opening tags of fields a person writes in or chooses with; boxes to tick say nothing by themselves. */
const fieldsIn = (source: string): readonly string[] =>
  [...source.matchAll(/<(?:input|textarea|select)\b(?:[^>]|=>)*>/g)]
    .map(([tag]) => tag)
    .filter((tag) => !/type="(?:checkbox|radio)"/.test(tag))

test('no browser keeps what is written in a field: it would lie on the disk outside the vault, in its saved sessions', () => {
  const careless = Object.entries(screens).flatMap(([file, source]) =>
    fieldsIn(source)
      .filter((tag) => !tag.includes('autocomplete') && !tag.includes('{...common}'))
      .map((tag) => `${file}: ${tag.slice(0, 60)}`),
  )
  expect(careless).toEqual([])
  expect(screens['/src/lib/ui/Field.svelte']).toMatch(/common[\s\S]*autocomplete/)
})

test('a field without a word on this would be found', () => {
  expect(fieldsIn('<input\n type="text" oninput={(event) => say(event)} />')).toHaveLength(1)
  expect(fieldsIn('<input type="checkbox" />')).toEqual([])
})
