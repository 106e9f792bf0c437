import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chromium, type Browser } from '@playwright/test'
import * as Y from 'yjs'
import { chromiumFlags, findChromium } from '../../scripts/chromium.mjs'
import { createDocument, rootOf } from '../../src/lib/domain/document.ts'
import { MAX_RELAY_POINTS, turnServersOf } from '../../src/lib/domain/relay-points.ts'
import { turnUrlsFrom } from '../../src/lib/domain/turn-urls.ts'
import { configurationOf } from '../../src/lib/net/rtc.ts'

/**
 * attacks: a document that names hostile servers (beside line 4: what a stranger could learn of who meets whom). Whoever
 * ever wrote in it may have put anything there, past our own screens.
 */

/** Writes relay points as somebody with a program of their own would. */
const planted = (...points: readonly Readonly<Record<string, unknown>>[]): Y.Doc => {
  const doc = createDocument()
  points.forEach((point, i) => {
    const item = new Y.Map<unknown>()
    rootOf(doc, 'relays').set(i.toString(16).padStart(16, '0'), item)
    for (const [field, value] of Object.entries(point)) item.set(`${field}.x`, value)
  })
  return doc
}
const access = { username: 'u', credential: 'c' }

const HOSTILE = [
  'stun:eve.example:3478', // its answer is all a stranger wants to know
  'stuns:eve.example:5349',
  'https://eve.example:443',
  'wss://eve.example:443',
  'javascript:alert(1)',
  'data:text/plain,x',
  'turn:eve.example',
  'turn:eve.example:',
  'turn:eve.example:0',
  'turn:eve.example:03478',
  'turn:eve.example:65536',
  'turn:eve.example:25', // a phone is not to speak to a mail server
  'turn:eve.example:22?transport=tcp',
  'turn:127.0.0.1:8080?transport=tcp', // nor to what listens on itself
  'turn:127.1:8080',
  'turn:2130706433:8080',
  'turn:0x7f.0.0.1:8080',
  'turn:0x7f000001:8080',
  'turn:127.0.0.01:8080',
  'turn:localhost:8080',
  'turn:evil.localhost:8080',
  'turn:0.0.0.0:8080',
  'turn:[::]:8080',
  'turn:[::1]:8080',
  'turn:[0:0:0:0:0:0:0:1]:8080',
  'turn:[::ffff:7f00:1]:8080',
  'turn:[0::ffff:127.0.0.1]:8080',
  'turn:[::7f00:1]:8080',
  'turn:[fe80::1%25eth0]:8080',
  'turn:[ff02::1]:8080',
  'turn:224.0.0.251:5353',
  'turn:255.255.255.255:3478',
  'turn:user:secret@eve.example:3478',
  'turn:user@eve.example:3478',
  'turn:eve.example:3478/path',
  'turn:eve.example:3478#x',
  'turn:eve.example:3478?transport=udp&x=y',
  'turn:eve.example:3478?transport=tls',
  'turn:eve.example:3478?',
  'turn://eve.example:3478',
  'TURN:eve.example:3478',
  'turn:EVE.example:3478',
  'turn:ève.example:3478',
  'turn:eve..example:3478',
  'turn:-eve.example:3478',
  'turn:eve.example.:3478',
  `turn:${'e'.repeat(64)}.example:3478`,
  'turn:eve.example:3478,turn:eve.example:3479',
]

test.each(HOSTILE)('%j in a document is nowhere anybody goes', (urls) => {
  expect(turnServersOf(planted({ ...access, urls }))).toEqual([])
  expect(turnServersOf(planted({ ...access, urls: `turn:paso.example:3478 ${urls}` }))).toEqual([])
})

test('neither is one without access, or with something that is no text', () => {
  const urls = 'turn:paso.example:3478'
  for (const point of [
    { urls },
    { urls, username: 'u' },
    { urls, username: '', credential: 'c' },
    { urls, username: '\u202e\u0000', credential: 'c' },
    { urls, username: 'u', credential: 'c'.repeat(100_000) },
    { urls: [urls], ...access },
    { urls: { toString: () => urls }, ...access },
    { urls: 7, ...access },
  ])
    expect(turnServersOf(planted(point as Record<string, unknown>))).toEqual([])
})

test('a thousand of them are three, and the good ones among the bad still count', () => {
  const many = Array.from({ length: 1000 }, (_, i) => ({ ...access, urls: `turn:e${i}.example:3478` }))
  expect(turnServersOf(planted(...many))).toHaveLength(MAX_RELAY_POINTS)
  const bad = HOSTILE.map((urls) => ({ ...access, urls }))
  const doc = planted(...bad, { ...access, urls: 'turn:paso.example:3478' })
  expect(turnServersOf(doc).map(({ urls }) => urls)).toEqual([['turn:paso.example:3478']])
})

const executablePath = findChromium()
let browser: Browser
beforeAll(async () => {
  browser = await chromium.launch({ args: chromiumFlags, ...(executablePath ? { executablePath } : {}) })
}, 60_000)
afterAll(() => browser.close())

test('whatever passes, a browser takes: no document can keep a phone from connecting', async () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/)
  const host = fc.oneof(
    fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
    fc.ipV4(),
    fc.ipV6().map((text) => `[${text.toLowerCase()}]`),
    fc.constantFrom(
      '1',
      '0x',
      '1e3',
      'a.0x',
      '999.1.1.1',
      '1.2.3',
      '08.1.1.1',
      '[1::]',
      '[::1:0:0:0]',
      '[1:2:3::4:5:6:7:8]',
    ),
  )
  const url = fc
    .tuple(
      fc.constantFrom('turn', 'turns'),
      host,
      fc.nat(70_000),
      fc.constantFrom('', '?transport=tcp', '?transport=udp'),
    )
    .map(([scheme, name, port, transport]) => `${scheme}:${name}:${port}${transport}`)
    .filter((text) => turnUrlsFrom(text) !== null)
  const text = fc.string({ minLength: 1, maxLength: 199, unit: 'binary' })
  const servers = fc
    .sample(fc.tuple(url, text, text), 500)
    .flatMap(([urls, username, credential]) => turnServersOf(planted({ urls, username, credential })))
  expect(servers.length).toBeGreaterThan(100)
  const page = await browser.newPage()
  const refused = await page.evaluate(
    (configurations) =>
      configurations.flatMap((configuration) => {
        try {
          new RTCPeerConnection(configuration).close()
          return []
        } catch (error) {
          return [[JSON.stringify(configuration), String(error)]]
        }
      }),
    servers.map((server) => configurationOf({ turn: [server], reach: 'direct' })),
  )
  expect(refused).toEqual([])
  await page.close()
}, 60_000)
