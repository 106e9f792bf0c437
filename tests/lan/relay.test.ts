import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from '@playwright/test'
import { build, type Rolldown } from 'vite'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { chromiumFlags, findChromium } from '../../scripts/chromium.mjs'
import { bytesFromHex, hexFromBytes } from '../../src/lib/core/bytes.ts'
import { systemClock } from '../../src/lib/core/clock.ts'
import type { Way } from '../../src/lib/net/types.ts'
import { createMemoryHub, type MemoryHub } from '../net/memory-hub.ts'
import { accessUntil, startCoturn, whyNoCoturn } from './coturn.ts'
import { createLan, whyNoLan, type Lan, type Machine } from './lan.ts'
import type { RelayPage } from './page/relay-page.ts'

/** Phones that cannot reach each other, and a coturn between them. Network namespaces, real browsers, Debian’s coturn. */
const why =
  whyNoLan() ?? whyNoCoturn() ?? (findChromium() ? null : 'there is no Chromium on this machine') ?? null
if (why) process.stdout.write(`skipped: phones that meet through coturn, because ${why}\n`)

const LONG = 120_000
const folder = mkdtempSync(join(tmpdir(), 'lumbre-relay-'))
let server: Server
let port = 0
beforeAll(async () => {
  if (why) return
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: 'tests/lan/page/relay-page.ts', formats: ['es'], fileName: 'page' },
    },
  })) as Rolldown.RolldownOutput[]
  const { code } = built[0]!.output[0]
  server = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? code : '<!doctype html><script type="module" src="/page.js"></script>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
}, LONG)

const browsers: Browser[] = []
const lans: Lan[] = []
afterEach(async () => {
  await Promise.all(browsers.splice(0).map((browser) => browser.close()))
  for (const lan of lans.splice(0)) await lan.close()
}, LONG)
afterAll(() => {
  server?.closeAllConnections()
  server?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Calls a function of the page. */
const on = <Name extends keyof RelayPage>(
  page: Page,
  name: Name,
  ...args: Parameters<RelayPage[Name]>
): Promise<Awaited<ReturnType<RelayPage[Name]>>> =>
  page.evaluate(
    ([called, given]) =>
      (globalThis as unknown as { relay: Record<string, (...all: readonly unknown[]) => unknown> }).relay[
        called
      ]!(...given),
    [name as string, args as readonly unknown[]] as const,
  ) as Promise<Awaited<ReturnType<RelayPage[Name]>>>

/** A phone at `machine`, that may use the camera: its browser shows the addresses it has. */
const openPhone = async (machine: Machine, hub: MemoryHub): Promise<Page> => {
  const browser = await chromium.launch({ args: [...chromiumFlags], executablePath: machine.chromium! })
  browsers.push(browser)
  const page = await (await browser.newContext({ permissions: ['camera'] })).newPage()
  const client = hub.connect()
  await page.exposeFunction('hubPut', (mailbox: string, blob: string) =>
    client.put(bytesFromHex(mailbox), bytesFromHex(blob)),
  )
  await page.exposeFunction('hubSubscribe', (mailbox: string) => {
    client.subscribe(bytesFromHex(mailbox), (blob) => {
      if (!page.isClosed()) void on(page, 'deliver', mailbox, hexFromBytes(blob)).catch(() => {})
    })
  })
  await page.goto(`http://127.0.0.1:${port}/`)
  await page.waitForFunction(() => 'relay' in globalThis)
  return page
}

const tomorrow = Math.floor(Date.now() / 1000) + 86_400

/** Two phones and coturn on one wifi. `apart`: the phones cannot reach each other. */
const gather = async (how: 'apart' | 'beside each other') => {
  const lan = createLan()
  lans.push(lan)
  const [a, b, between] = [lan.machine(), lan.machine(), lan.machine()]
  await lan.internet('there', { port })
  for (const machine of [a, b]) {
    machine.gateway()
    if (how === 'apart') machine.isolate()
  }
  const { url } = await startCoturn(between, folder)
  const hub = createMemoryHub(systemClock)
  const [ana, bea] = await Promise.all([openPhone(a, hub), openPhone(b, hub)])
  const turn = [{ urls: [url], ...accessUntil(tomorrow) }]
  return { a, b, between, ana, bea, turn }
}

const meet = async (ana: Page, bea: Page, ways: { readonly ana: Way; readonly bea: Way }) => {
  const [cardOfAna, cardOfBea] = [await on(ana, 'me'), await on(bea, 'me')]
  await Promise.all([on(ana, 'meet', cardOfBea, ways.ana), on(bea, 'meet', cardOfAna, ways.bea)])
  return Promise.all([on(ana, 'talk', 'buenos días, Bea'), on(bea, 'talk', 'buenos días, Ana')])
}
const addressesIn = (descriptions: readonly string[]): ReadonlySet<string> =>
  new Set(
    descriptions.flatMap((sdp) =>
      [...sdp.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+) /gm)].map(([, host]) => host!),
    ),
  )

test.skipIf(why)(
  'two phones whose network keeps them apart meet through the relay point of their collective',
  async () => {
    const { a, b, between, ana, bea, turn } = await gather('apart')
    const way: Way = { turn, reach: 'direct' }
    expect(await meet(ana, bea, { ana: way, bea: way })).toEqual(['buenos días, Ana', 'buenos días, Bea'])
    expect((await on(ana, 'seen')).used).toContain(between.address)
    expect((await on(bea, 'seen')).used).toContain(between.address)
    // Both shown, the phone’s own first: where it can be reached directly it is.
    const card = await on(ana, 'card', way)
    expect(card[0]).toBe(`ipv4 ${a.address}`)
    expect(card.at(-1)).toBe(`ipv4 ${between.address}`)
    expect([...addressesIn(await on(bea, 'told'))]).toEqual(
      expect.arrayContaining([a.address, between.address]),
    )
    expect([...addressesIn(await on(ana, 'told'))]).toEqual(
      expect.arrayContaining([b.address, between.address]),
    )
  },
  LONG,
)

test.skipIf(why)(
  'a phone that goes out through relay points alone is never seen beside the one it talks with',
  async () => {
    const { a, between, ana, bea, turn } = await gather('beside each other')
    const ways = { ana: { turn, reach: 'relayed' }, bea: { turn, reach: 'direct' } } as const
    expect(await meet(ana, bea, ways)).toEqual(['buenos días, Ana', 'buenos días, Bea'])
    expect([...addressesIn(await on(bea, 'told'))]).toEqual([between.address])
    const { all, used } = await on(bea, 'seen')
    expect(new Set(all)).toEqual(new Set([between.address]))
    expect(used).toContain(between.address)
    expect((await on(bea, 'told')).join()).not.toContain(a.address)
    expect(await on(ana, 'card', ways.ana)).toEqual([`ipv4 ${between.address}`])
  },
  LONG,
)

test.skipIf(why)(
  'when both do, neither shows an address of its own, and they meet all the same',
  async () => {
    const { between, ana, bea, turn } = await gather('apart')
    const way: Way = { turn, reach: 'relayed' }
    expect(await meet(ana, bea, { ana: way, bea: way })).toEqual(['buenos días, Ana', 'buenos días, Bea'])
    for (const phone of [ana, bea]) {
      expect([...addressesIn(await on(phone, 'told'))]).toEqual([between.address])
      expect(new Set((await on(phone, 'seen')).all)).toEqual(new Set([between.address]))
    }
  },
  LONG,
)

test.skipIf(why)(
  'with an access that has run out, or without any relay point, such a phone shows nothing at all',
  async () => {
    const { ana, turn } = await gather('apart')
    const late = [{ ...turn[0]!, ...accessUntil(tomorrow - 2 * 86_400) }]
    expect(await on(ana, 'card', { turn: late, reach: 'relayed' })).toBe('NoCard')
    expect(await on(ana, 'card', { turn: [], reach: 'relayed' })).toBe('NoCard')
  },
  LONG,
)
