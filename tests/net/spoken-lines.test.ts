import { base32nopad } from '@scure/base'
import { fc, test as property } from '@fast-check/vitest'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import {
  codeFromLines,
  countLines,
  readLine,
  spokenCode,
  spokenLines,
  understand,
  type HeardLine,
} from '../../src/lib/net/spoken-lines.ts'
import { WORD_LISTS, type WordLanguage } from '../../src/lib/net/words.ts'
import type { Candidate } from '../../src/lib/wire/cards.ts'
import { CODE_KINDS, encodeCode, parseCode, type Code } from '../../src/lib/wire/code.ts'
import { asTold, bitsOfCode, codeFromBits, lengthFromHead } from '../../src/lib/wire/spoken-code.ts'

const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte)
const ipv4: Candidate = { kind: 'ipv4', address: Uint8Array.of(192, 168, 43, 11), port: 51234 }
const otherIpv4: Candidate = { kind: 'ipv4', address: Uint8Array.of(100, 64, 0, 2), port: 40000 }
const ipv6: Candidate = { kind: 'ipv6', address: filled(16, 0xfd), port: 6 }
const uuid = Uint8Array.from([1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16])
const mdns: Candidate = { kind: 'mdns', address: uuid, port: 51235 }

/** A code as Chromium makes one that may not use its camera, but for what is said of it. */
const codeOf = (about: Partial<Code['card']> = {}, kind: Code['kind'] = 'meet'): Code => ({
  kind,
  commitment: filled(32, 0xc0),
  card: {
    fingerprint: filled(32, 0xf1),
    ufrag: 'Ab+/',
    pwd: 'abcdefghijklmnopqrstuv01',
    candidates: [mdns],
    ...about,
  },
})
const FIREFOX = { ufrag: '0a1b2c3d', pwd: '0123456789abcdef0123456789abcdef' }

/** Types the lines of a phone one after the other, as they are given. */
const hear = (lines: readonly (readonly string[])[]): readonly HeardLine[] =>
  lines.map((words, at) => expectOk(readLine(at + 1, words.join(' '))).line)
const parsed = (text: string): Code | undefined =>
  CODE_KINDS.flatMap((kind) => {
    const read = parseCode(base32nopad.decode(text), kind)
    return read.ok ? [read.value] : []
  })[0]
const meant = (lines: readonly HeardLine[]): Code | undefined => parsed(expectOk(codeFromLines(lines)))
const plain = (word: string): string => word.normalize('NFD').replace(/\p{M}/gu, '')

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const port = fc.integer({ min: 1, max: 65_535 })
const anyPlace: fc.Arbitrary<Candidate> = fc.oneof(
  fc.record({ kind: fc.constant('ipv4' as const), address: bytes(4), port }),
  fc.record({ kind: fc.constant('ipv6' as const), address: bytes(16), port }),
  fc.record({ kind: fc.constant('mdns' as const), address: bytes(16), port }),
)
const textOf = (alphabet: string, minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(...alphabet), { minLength, maxLength }).map((characters) => characters.join(''))
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const anyNames = fc.oneof(
  fc.record({ ufrag: textOf(BASE64, 4, 4), pwd: textOf(BASE64, 24, 24) }),
  fc.record({ ufrag: textOf('0123456789abcdef', 8, 8), pwd: textOf('0123456789abcdef', 32, 32) }),
  fc.record({ ufrag: textOf(BASE64, 4, 64), pwd: textOf(BASE64, 22, 64) }),
)
const anyCode: fc.Arbitrary<Code> = fc
  .record({
    kind: fc.constantFrom(...CODE_KINDS),
    commitment: bytes(32),
    fingerprint: bytes(32),
    names: anyNames,
    candidates: fc.array(anyPlace, { maxLength: 12 }),
  })
  .map(({ kind, commitment, fingerprint, names, candidates }) => ({
    kind,
    commitment,
    card: { fingerprint, ...names, candidates },
  }))
const anyLanguage = fc.constantFrom<WordLanguage>('es', 'en')

property.prop([anyCode, anyLanguage])(
  'whatever a phone reads aloud is what the other one has in the end',
  (code, language) => {
    const lines = hear(spokenLines(code, language))
    expect(meant(lines)).toEqual(asTold(code))
    expect(countLines(lines[0]!)).toBe(lines.length)
  },
)

property.prop([fc.array(fc.constantFrom('0', '1'), { maxLength: 1200 }), fc.string()])(
  'whatever somebody types, nothing throws',
  (bits, text) => {
    const all = bits.join('')
    codeFromBits(all)
    lengthFromHead(all)
    readLine(1, text)
    understand(text)
    codeFromLines([...all.matchAll(/.{47}/g)].map(([content]) => ({ content, words: [] })))
    expect(codeFromLines([])).toEqual({ ok: false, error: { type: 'BadCode' } })
  },
)

test('a code is so many words long, and no longer', () => {
  const words = (about: Partial<Code['card']>) => spokenLines(codeOf(about), 'es').flat().length
  // A phone that may use its camera; one that may not; one that shows nothing.
  expect(words({ candidates: [ipv4, ipv6] })).toBe(80)
  expect(words({ candidates: [mdns, mdns] })).toBe(90)
  expect(words({ candidates: [] })).toBe(75)
  // One with mobile data behind it, one in a network of IPv6 alone.
  expect(words({ candidates: [otherIpv4, ipv4] })).toBe(85)
  expect(words({ candidates: [ipv6] })).toBe(90)
  expect(words({ ...FIREFOX, candidates: [ipv4] })).toBe(80)
  expect(words({ ...FIREFOX, candidates: [mdns] })).toBe(90)
  // In letters of the QR code it would be these, with nothing that makes sure of any.
  expect(base32nopad.encode(encodeCode(codeOf({ candidates: [ipv4] }))).length).toBe(188)
  expect(base32nopad.encode(encodeCode(codeOf({ candidates: [mdns] }))).length).toBe(207)
})

test('of the places where a phone may be reached, addresses that are short to say go before', () => {
  const told = (...candidates: readonly Candidate[]) => asTold(codeOf({ candidates })).card.candidates
  expect(told(ipv6, ipv4, mdns, otherIpv4, ipv4)).toEqual([ipv4, otherIpv4])
  expect(told(mdns, ipv6)).toEqual([mdns])
  expect(told({ ...mdns, address: filled(16, 0xff) }, ipv6)).toEqual([ipv6])
  expect(told()).toEqual([])
})

describe('mistakes', () => {
  const code = codeOf()
  const lines = spokenLines(code, 'es')
  const wrong = (number: number, words: readonly string[]) => !readLine(number, words.join(' ')).ok

  test('any one wrong word is found in its line, all but about one in 256', () => {
    let [tried, missed] = [0, 0]
    for (const [at, line] of lines.entries())
      for (const place of line.keys())
        for (let step = 1; step < 2048; step += 97) {
          const list = WORD_LISTS.es
          const other = list[(list.indexOf(line[place]!) + step) % 2048]!
          tried++
          if (!wrong(at + 1, line.with(place, other))) missed++
        }
    expect(tried).toBe(1980)
    // One in 256 is 7.7; these are always the same lines.
    expect(missed).toBeLessThan(16)
  })

  test('a line that was read under another number is found, and so are two words that changed places', () => {
    const found = lines.flatMap((line, at) => lines.map((_, other) => other === at || wrong(other + 1, line)))
    expect(found.filter((one) => !one).length).toBeLessThan(6)
    const crossed = lines.filter((line, at) => !wrong(at + 1, [line[1]!, line[0]!, ...line.slice(2)]))
    expect(crossed.length).toBeLessThan(2)
  })

  test('what is wrong is said: the line, the word, or how many are missing', () => {
    const [first, second] = lines
    expect(readLine(2, first!.join(' '))).toEqual({ ok: false, error: { type: 'WrongLine', number: 2 } })
    expect(readLine(1, first!.with(2, 'xilófono').join(' '))).toEqual({
      ok: false,
      error: { type: 'UnknownWord', word: 'xilófono' },
    })
    expect(readLine(1, first!.slice(0, 3).join(' '))).toEqual({
      ok: false,
      error: { type: 'WordsMissing', count: 2 },
    })
    // Two letters are the beginning of many.
    expect(readLine(1, 'ca')).toEqual({ ok: false, error: { type: 'UnknownWord', word: 'ca' } })
    expect(expectOk(readLine(2, second!.join(' '))).line.words).toEqual(second)
  })

  test('lines of two codes, each right under its number, are not taken for one', () => {
    const other = spokenLines({ ...code, commitment: filled(32, 0xc1) }, 'es')
    const mixed = hear(lines.map((line, at) => (at === 8 ? other[at]! : line)))
    expect(codeFromLines(mixed)).toEqual({ ok: false, error: { type: 'BadCode' } })
  })
})

describe('how it is typed', () => {
  const code = codeOf()
  const spanish = spokenLines(code, 'es')

  test('four letters of each word are enough, in any case, without accents, with the number before', () => {
    const typed = spanish.map((line) => line.map((word) => plain(word).slice(0, 4).toUpperCase()).join(', '))
    expect(meant(typed.map((text, at) => expectOk(readLine(at + 1, `${at + 1}. ${text}`)).line))).toEqual(
      code,
    )
  })

  test('words that decomposed letters make are the same words', () => {
    for (const [at, line] of spanish.entries())
      expect(expectOk(readLine(at + 1, line.join(' ').normalize('NFD'))).line.words).toEqual(line)
  })

  test('the phones may be in two languages, and even change in the middle', () => {
    const english = spokenLines(code, 'en')
    expect(hear(english).map(({ content }) => content)).toEqual(hear(spanish).map(({ content }) => content))
    expect(meant(hear(spanish.map((line, at) => (at % 2 ? english[at]! : line))))).toEqual(code)
  })

  test('words that both lists have are of whichever makes the line right', () => {
    const shared = WORD_LISTS.es.map(plain).filter((word) => WORD_LISTS.en.includes(word))
    expect(shared.length).toBe(12)
    // Of lines made of such words alone, those are right that are right in one of the two.
    let right = 0
    for (let number = 0; number < 3000; number++) {
      const words = [0, 1, 2, 3, 4].map((at) => shared[Math.floor(number / 12 ** at) % 12]!)
      const read = readLine(1, words.join(' '))
      if (read.ok) right++
      else expect(read.error.type).toBe('WrongLine')
    }
    // About two in 256.
    expect(right).toBeGreaterThan(8)
    expect(right).toBeLessThan(50)
  })

  test('two lines typed at once are two lines', () => {
    const { line, rest } = expectOk(readLine(1, `${spanish[0]!.join(' ')}  ${spanish[1]!.join(' ')} `))
    expect(line.words).toEqual(spanish[0])
    expect(expectOk(readLine(2, rest)).line.words).toEqual(spanish[1])
  })

  test('a word is completed once only few can be meant, in the language of those before it', () => {
    expect(understand('abe')).toEqual({ words: [], completions: ['abeja'] })
    expect(understand('zebra zo')).toEqual({ words: ['zebra'], completions: ['zone', 'zoo'] })
    expect(understand('CAMI')).toEqual({ words: [], completions: ['camino'] })
    expect(understand('c')).toEqual({ words: [], completions: [] })
    expect(understand('abej xyz zor')).toMatchObject({ words: ['abeja', 'xyz'] })
    expect(understand('')).toEqual({ words: [], completions: [] })
  })

  test('a phone hands out its own lines and reads those of others', () => {
    const spoken = spokenCode(code)
    expect(spoken.lines('es')).toEqual(spanish)
    expect(spoken.readLine(1, spanish[0]!.join(' ')).ok).toBe(true)
  })
})

test('in both lists four letters tell a word from all others', () => {
  for (const list of Object.values(WORD_LISTS)) {
    const beginnings = list.map((word) => plain(word).slice(0, 4))
    expect(new Set(beginnings).size).toBe(2048)
  }
})

test('a code that goes on where it should end, or names what there is not, is none', () => {
  const zeros = { words: [], content: '0'.repeat(47) }
  const lines = hear(spokenLines(codeOf(), 'en'))
  for (const heard of [lines.slice(1), lines.slice(0, -1), [...lines, zeros], [zeros]])
    expect(codeFromLines(heard)).toEqual({ ok: false, error: { type: 'BadCode' } })
  expect(countLines({ words: [], content: '1'.repeat(47) })).toBeNull()
  expect(bitsOfCode(codeOf())).toHaveLength(lengthFromHead(bitsOfCode(codeOf()))!)
})

test('what is read aloud never changes', () => {
  const vectors = JSON.parse(
    readFileSync(new URL('../vectors/spoken.json', import.meta.url), 'utf8'),
  ) as readonly { code: string; told: string; es: readonly string[]; en: readonly string[] }[]
  expect(vectors.length).toBeGreaterThan(3)
  for (const { code, told, es, en } of vectors) {
    const spoken = spokenCode(parsed(code)!)
    expect(spoken.lines('es').map((line) => line.join(' '))).toEqual(es)
    expect(spoken.lines('en').map((line) => line.join(' '))).toEqual(en)
    expect(expectOk(codeFromLines(hear(en.map((line) => line.split(' ')))))).toBe(told)
  }
})
