import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DYES } from '../../src/lib/ui/weave.ts'

/** The tokens of each look, as a browser would add them up: what a look does not set, it has from the light one. */
const css = readFileSync('src/app.css', 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')

const blockOf = (selector: string): ReadonlyMap<string, string> => {
  const start = css.indexOf(`${selector} {`)
  const body = css.slice(start, css.indexOf('}', start))
  return new Map(
    [...body.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name = '', value = '']) => [name, value]),
  )
}

const light = blockOf(':root')
const looks = {
  light,
  dark: new Map([...light, ...blockOf(":root[data-theme='dark']")]),
  discreet: new Map([...light, ...blockOf(":root[data-theme='discreet']")]),
} as const

type Look = keyof typeof looks
const LOOKS = Object.keys(looks) as Look[]

const luminance = (hex: string): number => {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const part = parseInt(hex.slice(i, i + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** WCAG 2.2: 1 (the same) to 21 (black on white). */
const contrast = (a: string, b: string): number => {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

const valueOf = (look: Look, token: string): string => {
  const value = looks[look].get(token) ?? ''
  expect({ look, token, isColour: /^#[0-9a-f]{6}$/i.test(value) }).toEqual({ look, token, isColour: true })
  return value
}

const tooPale = (
  look: Look,
  pairs: readonly (readonly [string, string])[],
  least: number,
): readonly string[] =>
  pairs.flatMap(([ink, ground]) => {
    const ratio = contrast(valueOf(look, ink), valueOf(look, ground))
    return ratio < least ? [`${ink} on ${ground}: ${ratio.toFixed(2)}`] : []
  })

const GROUNDS = ['paper', 'surface', 'sunken']
const INKS = ['ink', 'ink-2', ...DYES]

test('the measure itself is right', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 1)
})

test.each(LOOKS)('every ink can be read on every ground in the %s look', (look) => {
  const pairs = INKS.flatMap((ink) => GROUNDS.map((ground) => [ink, ground] as const))
  expect(tooPale(look, pairs, 4.5)).toEqual([])
})

test.each(LOOKS)('what is written on a dye, or on its soft shade, can be read in the %s look', (look) => {
  const pairs = [
    ['on-indigo', 'indigo'],
    ['on-cochineal', 'cochineal'],
    ...DYES.flatMap((dye) => [
      [dye, `${dye}-soft`] as const,
      ['ink', `${dye}-soft`] as const,
      ['ink-2', `${dye}-soft`] as const,
    ]),
    ...Array.from({ length: 8 }, (_, i) => ['on-person', `person-${i}`] as const),
  ] as const
  expect(tooPale(look, pairs, 4.5)).toEqual([])
})

test.each(LOOKS)(
  'borders of what can be touched, and the ring of the keyboard, stand out in the %s look',
  (look) => {
    const pairs = ['line', 'focus'].flatMap((ink) => GROUNDS.map((ground) => [ink, ground] as const))
    expect(tooPale(look, pairs, 3)).toEqual([])
  },
)

test('the discreet look has no colour that catches an eye', () => {
  for (const [token, value] of blockOf(":root[data-theme='discreet']")) {
    if (!/^#[0-9a-f]{6}$/i.test(value)) continue
    const parts = [1, 3, 5].map((i) => parseInt(value.slice(i, i + 2), 16))
    expect({ token, spread: Math.max(...parts) - Math.min(...parts) <= 20 }).toEqual({ token, spread: true })
  }
})
