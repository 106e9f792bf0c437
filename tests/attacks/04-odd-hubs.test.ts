import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hubsOfPolicy, parseHubAddress, parseHubList, policyWithHubs } from '../../src/lib/wire/hub-list.ts'

/** attacks: line 4 and a hub list with script or odd origins. What an operator is talked into must not open the page. */

const POLICY = "default-src 'none'; script-src 'self' 'sha256-abc'; connect-src 'self'; worker-src 'self'"

const directives = (policy: string): ReadonlyMap<string, string> =>
  new Map(policy.split(';').map((part) => [part.trim().split(/\s+/)[0]!, part.trim()]))

const ODD = [
  'wss://*',
  'wss://*.example',
  'wss:',
  '*',
  "'unsafe-inline'",
  'wss://a.example; script-src *',
  "wss://a.example' 'unsafe-eval",
  'wss://a.example"><script>',
  'wss://a.example/path',
  'wss://a.example?x',
  'wss://a.example#x',
  'wss://user@a.example',
  'wss://user:secret@a.example',
  'wss://a.example:0',
  'wss://a.example:065',
  'wss://a.example:65536',
  'wss://a..example',
  'wss://-a.example',
  'wss://ä.example',
  'wss://a.example\u0000',
  'wss://[::1%eth0]',
  'wss://[]',
  'javascript:alert(1)',
  'data:text/html,x',
  'http://a.example',
  'https://a.example',
  'ws://a.example',
  'ws://localhost.example',
  'ws://127.0.0.1.example',
]

test.each(ODD)('%j is no hub', (text) => {
  expect(parseHubAddress(text).ok).toBe(false)
  expect(hubsOfPolicy(`connect-src 'self' ${text.split(';')[0]}`.replace(/[\s"'<>]/g, ' '))).toSatisfy(
    (hubs: readonly { origin: string }[]) => hubs.every(({ origin }) => origin === 'wss://a.example'),
  )
})

test('whatever is taken changes one directive of the policy, by one plain word for each hub', () => {
  const piece = fc.constantFrom(
    ...ODD,
    'wss://',
    'ws://',
    'localhost',
    'a.example',
    ':',
    '8443',
    '/',
    ' ',
    ';',
    ',',
    "'",
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => pieces.join('')),
      ),
      (text) => {
        const hubs = parseHubList(text)
        if (!hubs.ok) return
        const [before, after] = [directives(POLICY), directives(policyWithHubs(POLICY, hubs.value))]
        expect([...after.keys()]).toEqual([...before.keys()])
        for (const [name, directive] of before)
          if (name !== 'connect-src') expect(after.get(name)).toBe(directive)
        const words = after.get('connect-src')!.split(' ')
        expect(words.slice(0, 2)).toEqual(['connect-src', "'self'"])
        for (const word of words.slice(2)) expect(word).toMatch(/^wss?:\/\/[a-z0-9.:[\]-]+$/)
        expect(hubsOfPolicy(policyWithHubs(POLICY, hubs.value))).toEqual(hubs.value)
      },
    ),
    { numRuns: process.env['SLOW'] ? 20_000 : 1000 },
  )
})

test('of any policy a page reads hubs or none, and never throws', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(hubsOfPolicy(text).length).toBeLessThanOrEqual(8)
      expect(hubsOfPolicy(`connect-src ${text}`).every(({ url }) => URL.canParse(url))).toBe(true)
    }),
  )
})
