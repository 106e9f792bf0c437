import { chromium, type Browser } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chromiumFlags, findChromium } from '../../scripts/chromium.mjs'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { openHub, POLICY } from './open-hub.ts'

let browser: Browser
beforeAll(async () => {
  const executablePath = findChromium()
  browser = await chromium.launch({ args: chromiumFlags, ...(executablePath ? { executablePath } : {}) })
}, 60_000)
afterAll(() => browser.close())

/** Asks the mailboxes of `#at` (or of the page's own hub) for something unknown, and writes down how it went. */
const KNOCKER = `
  const root = document.documentElement
  const say = (word) => { root.dataset.outcome ??= word }
  document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => say('violates ' + violatedDirective))
  const socket = new WebSocket((location.hash.slice(1) || 'ws://' + location.host) + '/post')
  socket.binaryType = 'arraybuffer'
  socket.onopen = () => socket.send(Uint8Array.of(${[...encodeCbor([9])].join()}))
  socket.onmessage = ({ data }) => say('answered ' + [...new Uint8Array(data)])
  socket.onerror = () => say('refused')
`

const pageWith = (policy: string) => ({
  'index.html': `<!doctype html><meta http-equiv="content-security-policy" content="${policy}"><script src="/app.js"></script>`,
  'app.js': KNOCKER,
})

const outcomeAt = async (address: string): Promise<string | null> => {
  const page = await browser.newPage()
  await page.goto(address)
  const outcome = page.locator('html[data-outcome]')
  await outcome.waitFor({ state: 'attached' })
  const word = await outcome.getAttribute('data-outcome')
  await page.close()
  return word
}

test('under the page’s own policy Chromium reaches the mailboxes: connect-src self is enough', async () => {
  const hub = await openHub({ files: pageWith(POLICY) })
  expect(await outcomeAt(hub.origin)).toBe(`answered ${[...encodeCbor([4, 0])].join()}`)
})

test('the policy lets the page speak to no other hub', async () => {
  const [hub, other] = [await openHub({ files: pageWith(POLICY) }), await openHub()]
  expect(await outcomeAt(`${hub.origin}/#${other.origin.replace('http', 'ws')}`)).toBe('violates connect-src')
})

test('a hub its operator lists is reached, and the other lets its pages come if it lists it too', async () => {
  const neighbour = async (port: number) =>
    openHub({ files: pageWith(POLICY), hubs: `ws://127.0.0.1:${port}` })
  const first = await openHub()
  await first.server.close()
  // The two name each other, so the port of one has to be known before it listens.
  const second = await neighbour(first.port)
  const again = await openHub({ port: first.port, hubs: second.origin.replace('http', 'ws') })
  const other = await openHub({ hubs: second.origin.replace('http', 'ws') })
  expect(await outcomeAt(`${second.origin}/#${again.origin.replace('http', 'ws')}`)).toBe(
    `answered ${[...encodeCbor([4, 0])].join()}`,
  )
  expect(await outcomeAt(`${second.origin}/#${other.origin.replace('http', 'ws')}`)).toBe(
    'violates connect-src',
  )
})

test('a page from elsewhere that may speak to anybody is turned away by the hub', async () => {
  const hub = await openHub()
  const elsewhere = await openHub({ files: pageWith(POLICY.replace("connect-src 'self'", 'connect-src *')) })
  expect(await outcomeAt(`${elsewhere.origin}/#${hub.origin.replace('http', 'ws')}`)).toBe('refused')
})

test('no other page can frame the app', async () => {
  const hub = await openHub()
  const policy = "default-src 'none'; frame-src *"
  const framing = `<meta http-equiv="content-security-policy" content="${policy}"><iframe src="${hub.origin}"></iframe>`
  const elsewhere = await openHub({ files: { 'index.html': framing } })
  const page = await browser.newPage()
  const complaint = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'))
  await page.goto(elsewhere.origin)
  expect((await complaint).text()).toContain(hub.origin)
  await page.close()
})
