import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { DYES, pathOf, SIZE, weaveFrom, type Weave } from '../../src/lib/ui/weave.ts'

const bytes = () => fc.uint8Array({ maxLength: 40 })

const drawn = ({ cloth }: Weave): string =>
  cloth.map((row) => row.map((thread) => (thread === 'undyed' ? '·' : thread)).join('')).join('\n')

test.prop([bytes()])('any bytes give a whole cloth of eight by eight, in two dyes that differ', (mark) => {
  const { a, b, cloth } = weaveFrom(mark)
  expect(a).not.toBe(b)
  for (const dye of [a, b]) expect(DYES).toContain(dye)
  expect(cloth).toHaveLength(SIZE)
  for (const row of cloth) expect(row).toHaveLength(SIZE)
})

test.prop([bytes()])('both dyes show, so that two colours tell bands apart', (mark) => {
  const threads = weaveFrom(mark).cloth.flat()
  expect(threads).toContain('a')
  expect(threads).toContain('b')
})

test.prop([bytes()])('the same bytes give the same band on every phone', (mark) => {
  expect(weaveFrom(mark.slice())).toEqual(weaveFrom(mark))
})

test.prop([bytes()])('read from right to left it is the same band', (mark) => {
  const { cloth } = weaveFrom(mark)
  expect(cloth.map((row) => [...row].reverse())).toEqual(cloth)
})

test('of a thousand notebooks hardly two have the same band', () => {
  const seen = new Set<string>()
  let state = 1
  const next = () => ((state = (state * 48271) % 2147483647), state % 256)
  for (let i = 0; i < 1000; i++) {
    const weave = weaveFrom(Uint8Array.from({ length: 32 }, next))
    seen.add(`${weave.a}${weave.b}\n${drawn(weave)}`)
  }
  expect(seen.size).toBeGreaterThan(950)
})

test('a band once woven stays as it is: people know theirs by sight', () => {
  expect(drawn(weaveFrom(Uint8Array.from([7, 3, 5, 10, 12, 6, 9, 14, 1])))).toMatchInlineSnapshot(`
    "baabbaab
    ·abaaba·
    ·baaaab·
    ·aa··aa·
    baabbaab
    ·abaaba·
    ·baaaab·
    ·aa··aa·"
  `)
})

test('the drawing covers each crossing once', () => {
  const { cloth } = weaveFrom(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]))
  const squares = (['a', 'b', 'undyed'] as const).flatMap((thread) => pathOf(cloth, thread).match(/M/g) ?? [])
  expect(squares).toHaveLength(SIZE * SIZE)
})
