import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createVeil } from '../../src/lib/ui/frame/veil.ts'

const counting = () => {
  let next = 41
  return createVeil(() => next++)
}

test('a place is called by one number as long as the page lives, and found by it', () => {
  const veil = counting()
  expect(veil.cover('/registro/a1b2c3')).toBe('/000041')
  expect(veil.cover('/protocolo')).toBe('/000042')
  expect(veil.cover('/registro/a1b2c3')).toBe('/000041')
  expect(veil.uncover('/000041')).toBe('/registro/a1b2c3')
})

test('nothing of a place is in its number, the start has none, and a number is not covered twice', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.nat(999_999), (name, drawn) => {
      const veil = createVeil(() => drawn)
      const path = `/${name}`
      const covered = veil.cover(path)
      expect(veil.cover(covered)).toBe(covered)
      expect(veil.uncover(covered)).toBe(/^\/\d{6}$/.test(path) ? '/' : path)
      if (path !== '/') expect(covered).toMatch(/^\/\d{6}$/)
    }),
  )
})

test('two places never share a number, even where chance repeats itself', () => {
  const drawn = [7, 7, 7, 8]
  const veil = createVeil(() => drawn.shift()!)
  expect([veil.cover('/ajustes'), veil.cover('/ayuda')]).toEqual(['/000007', '/000008'])
})

test('a number of a page that is gone leads to the start; a path that somebody typed leads there', () => {
  const veil = counting()
  expect(veil.uncover('/123456')).toBe('/')
  expect(veil.uncover('')).toBe('/')
  expect(veil.uncover('/ayuda')).toBe('/ayuda')
  expect(veil.uncover('/unirme?c=AAEC')).toBe('/unirme?c=AAEC')
})
