import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { hubsOfPolicy, parseHubAddress, parseHubList } from '../../src/lib/wire/hub-list.ts'
import { readSettings, wordsFor } from '../../src/hub/options.ts'
import { INDEX, openHub, POLICY, roundTrip, visit } from './open-hub.ts'

const FILES = { 'index.html': INDEX, 'app.js': 'let one', 'service-worker.js': 'self' }
const HUBS = 'wss://uno.example, wss://dos.example:8443'
const WIDER = POLICY.replace(
  "connect-src 'self'",
  "connect-src 'self' wss://uno.example wss://dos.example:8443",
)

test('a page may reach exactly the hubs that are listed: header, page and worker say the same', async () => {
  const { origin } = await openHub({ files: FILES, hubs: HUBS })
  const page = await fetch(origin)
  expect(page.headers.get('content-security-policy')).toBe(`${WIDER}; frame-ancestors 'none'`)
  expect(await page.text()).toBe(INDEX.replace(POLICY, WIDER))
  const script = await fetch(`${origin}/app.js`)
  expect(script.headers.get('content-security-policy')).toBe(`${WIDER}; frame-ancestors 'none'`)
})

test('the page learns of them from its own policy, and of nothing else', () => {
  expect(hubsOfPolicy(WIDER).map(({ url }) => url)).toEqual([
    'wss://uno.example/post',
    'wss://dos.example:8443/post',
  ])
  expect(hubsOfPolicy(POLICY)).toEqual([])
  expect(
    hubsOfPolicy("img-src wss://not.example; connect-src 'self' https: * wss: wss://*.example blob:"),
  ).toEqual([])
  expect(hubsOfPolicy('')).toEqual([])
})

test('another list is another version for a phone that keeps the app; without a list the files are as built', async () => {
  const without = await openHub({ files: FILES })
  const [first, second] = [
    await openHub({ files: FILES, hubs: 'wss://uno.example' }),
    await openHub({ files: FILES, hubs: HUBS }),
  ]
  const workers = await Promise.all(
    [without, first, second].map(async ({ origin }) => (await fetch(`${origin}/service-worker.js`)).text()),
  )
  expect(workers[0]).toBe('self')
  expect(new Set(workers).size).toBe(3)
})

test('pages of a listed hub may leave notes here, others may not', async () => {
  const hub = await openHub({ hubs: HUBS })
  const guest = await visit(hub, { origin: 'https://dos.example:8443' })
  await roundTrip(guest)
  for (const origin of ['https://dos.example', 'http://uno.example', 'https://tres.example', 'null'])
    await expect(visit(hub, { origin })).rejects.toThrow('403')
})

test('a hub with a name answers to it, and to pages that came from there over TLS', async () => {
  const hub = await openHub({ name: 'wss://fuego.example' })
  const headers = { host: 'fuego.example' }
  await roundTrip(await visit(hub, { origin: 'https://fuego.example', headers }))
  await roundTrip(await visit(hub))
  for (const origin of ['http://fuego.example', 'https://agua.example'])
    await expect(visit(hub, { origin, headers })).rejects.toThrow('403')
  await expect(
    visit(hub, { origin: 'https://fuego.example', headers: { host: 'agua.example' } }),
  ).rejects.toThrow('403')
})

test('an address is written in one way, whatever way it was given', () => {
  const same = ['wss://hub.example', 'wss://hub.example/', 'wss://HUB.example:443']
  for (const text of same)
    expect(parseHubAddress(text)).toEqual({
      ok: true,
      value: { origin: 'wss://hub.example', url: 'wss://hub.example/post', pages: 'https://hub.example' },
    })
  expect(expectOk(parseHubAddress('ws://127.0.0.1:4200'))).toMatchObject({ pages: 'http://127.0.0.1:4200' })
  expect(expectOk(parseHubAddress('wss://[fd00::1]:8443')).origin).toBe('wss://[fd00::1]:8443')
})

test('what is wrong with a list is said, and nothing of it is used', () => {
  const bad = (text: string) => {
    const list = parseHubList(text)
    return list.ok ? list.value : list.error.type
  }
  expect(bad('wss://a.example https://b.example')).toBe('NotAHubAddress')
  expect(bad('ws://hub.example')).toBe('HubWithoutTls')
  expect(bad('wss://a.example,wss://A.example:443')).toBe('HubTwice')
  expect(bad(Array.from({ length: 9 }, (_, i) => `wss://h${i}.example`).join(','))).toBe('TooManyHubs')
  expect(bad(' , ')).toEqual([])
})

test('settings come from the command line and from the environment, and a hub is not its own neighbour', () => {
  const settings = expectOk(
    readSettings(
      ['--lan', '--hub', 'wss://a.example', '--hub=wss://b.example', '--name', 'wss://c.example'],
      {
        LUMBRE_HUBS: 'wss://c.example,wss://d.example',
        LUMBRE_NAME: 'wss://ignored.example',
      },
    ),
  )
  expect(settings.hubs.map(({ origin }) => origin)).toEqual([
    'wss://d.example',
    'wss://a.example',
    'wss://b.example',
  ])
  expect(settings.name?.origin).toBe('wss://c.example')
  expect(expectOk(readSettings([], {}))).toEqual({ hubs: [], name: null })
})

test('settings that cannot be meant are refused with words', () => {
  const wrong = [
    readSettings(['--hub'], {}),
    readSettings(['--hub', '--lan'], {}),
    readSettings(['--name', 'fuego.example'], {}),
    readSettings([], { LUMBRE_HUBS: 'wss://a.example;script-src *' }),
  ]
  for (const settings of wrong) {
    if (settings.ok) throw new Error('it was taken')
    expect(wordsFor(settings.error)).toContain('wss://')
  }
})
