/**
 * Addresses that say nothing. A browser writes down every address a page had, with the hour, where whoever takes the phone can
 * read it: so each place of the app is called by a number, drawn anew every time the page is loaded and kept nowhere.
 */
export type Veil = {
  /** What stands in the address in place of `path`. The start, and what is covered already, stay as they are. */
  cover(path: string): string
  /** The path behind an address. A number of a page that is gone leads to the start; anything else is a path itself. */
  uncover(address: string): string
}

const START = '/'
const NUMBER = /^\/\d{6}$/

/** `draw`: a number below a million, by chance. */
export const createVeil = (draw: () => number): Veil => {
  const numbers = new Map<string, string>()
  const paths = new Map<string, string>()
  return {
    cover: (path) => {
      if (path === START || path === '' || NUMBER.test(path)) return path
      const known = numbers.get(path)
      if (known) return known
      let number: string
      do number = `/${String(draw()).padStart(6, '0')}`
      while (paths.has(number))
      numbers.set(path, number)
      paths.set(number, path)
      return number
    },
    uncover: (address) => (NUMBER.test(address) ? (paths.get(address) ?? START) : address || START),
  }
}

/** The one of this page. */
export const veil = createVeil(() => crypto.getRandomValues(new Uint32Array(1))[0]! % 1_000_000)
