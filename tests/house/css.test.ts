import { expect, test } from 'vitest'
import { filesUnder, textOf } from './sources.ts'

/**
 * Which side is the first depends on the language. A style that says `left` is wrong in Arabic; one that says
 * `inline-start` is right in both.
 */
const PHYSICAL = [
  /(?<![\w-])(?:left|right)\s*:/g,
  /(?<![\w-])(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)\b[\w-]*\s*:/g,
  /(?<![\w-])border-(?:top|bottom)-(?:left|right)-radius\s*:/g,
  /(?<![\w-])(?:text-align|float|clear|caption-side)\s*:\s*(?:left|right)\b/g,
  /(?<![\w-])(?:overflow|overscroll-behavior)-[xy]\s*:/g,
  /(?<![\w-])(?:margin|padding|inset|scroll-margin|scroll-padding|border-width)\s*:\s*(?:[^\s;]+\s+){3}[^\s;]+/g,
  /\bstyle:(?:left|right|(?:margin|padding)-(?:left|right))\b/g,
] as const

const physicalIn = (css: string): readonly string[] =>
  PHYSICAL.flatMap((pattern) => css.match(pattern) ?? []).map((found) => found.trim())

/** Style sheets, `<style>` blocks and style directives: not the script, where `left` may be a number. */
const stylesOf = (file: string): string => {
  const text = textOf(file).replace(/\/\*[\s\S]*?\*\//g, '')
  if (!file.endsWith('.svelte')) return text
  const styles = [...text.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].map(([, css]) => css).join('\n')
  const markup = text.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '')
  return `${styles}\n${(markup.match(/\bstyle:[\w-]+|\bstyle="[^"]*"/g) ?? []).join('\n')}`
}

test('no style says left or right: Arabic mirrors by itself', () => {
  const found = filesUnder('src', '.css', '.svelte').flatMap((file) =>
    physicalIn(stylesOf(file)).map((what) => `${file}: ${what}`),
  )
  expect(found).toEqual([])
})

test('no style or markup fetches anything from elsewhere', () => {
  const found = filesUnder('src', '.css', '.svelte', '.html').filter((file) =>
    /url\(\s*['"]?(?:https?:)?\/\/|@import|(?:src|href)="(?:https?:)?\/\//.test(
      stylesAndMarkup(textOf(file)),
    ),
  )
  expect(found).toEqual([])
})

const stylesAndMarkup = (text: string): string => text.replace(/<script[^>]*>[\s\S]*?<\/script>/g, '')

test('the physical ones are found, the logical ones are not', () => {
  for (const css of [
    'left: 0',
    'margin-left: 1rem',
    'padding-right:0',
    'border-left-color: red',
    'border-top-left-radius: 4px',
    'text-align: right',
    'float:left',
    'inset: 0 1px 0 2px',
    'padding: 1px 2px 3px 4px',
    'style:left',
  ])
    expect({ css, found: physicalIn(css).length }).toEqual({ css, found: 1 })
  for (const css of [
    'inset-inline-start: 0',
    'margin-inline: 1rem',
    'padding: 1px 2px',
    'margin: 0 auto 1rem',
    'text-align: start',
    'border-start-start-radius: 4px',
    '--left: 1px',
    'transform-origin: left',
  ])
    expect({ css, found: physicalIn(css) }).toEqual({ css, found: [] })
})
