import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { chromium, type Browser, type Page } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chromiumFlags, findChromium } from '../../scripts/chromium.mjs'
import { systemClock } from '../../src/lib/core/clock.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { readPages } from '../../src/hub/pages.ts'
import { createHub, type HubServer } from '../../src/hub/serve.ts'
import { later } from '../hub/open-hub.ts'
import { filesUnder, textOf } from './sources.ts'

const isBuilt = existsSync('build/service-worker.js')

let browser: Browser
beforeAll(async () => {
  const executablePath = findChromium()
  browser = await chromium.launch({ args: chromiumFlags, ...(executablePath ? { executablePath } : {}) })
}, 60_000)
afterAll(() => browser.close())

const serve = async (folder: string, port = 0): Promise<{ hub: HubServer; port: number }> => {
  const hub = createHub({ pages: expectOk(await readPages(folder)), clock: systemClock })
  later(() => hub.close())
  return { hub, port: await hub.listen(port) }
}

/** The same app under another version, recognisable by its title. */
const nextVersion = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'lumbre-next-'))
  later(() => rm(folder, { recursive: true }))
  await cp('build', folder, { recursive: true })
  const { version } = JSON.parse(await readFile(join(folder, '_app/version.json'), 'utf8')) as {
    version: string
  }
  const edit = async (name: string, from: string, to: string): Promise<void> => {
    const text = await readFile(join(folder, name), 'utf8')
    expect(text).toContain(from)
    await writeFile(join(folder, name), text.replaceAll(from, to))
  }
  await edit('service-worker.js', version, `${version}1`)
  await edit('index.html', '<meta charset="utf-8" />', '<meta charset="utf-8" /><meta name="next" />')
  return folder
}

const isNext = (page: Page): Promise<boolean> =>
  page
    .locator('meta[name=next]')
    .count()
    .then((count) => count > 0)

const workerReady = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    await navigator.serviceWorker.ready
    if (navigator.serviceWorker.controller) return
    await new Promise((resolve) =>
      navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }),
    )
  })

test.runIf(isBuilt)('a version is whole: every script, style and worker of it is kept on the phone', () => {
  const list = textOf('build/service-worker.js')
  const missing = filesUnder('build/_app/immutable', '').filter((file) => !list.includes(basename(file)))
  expect(missing).toEqual([])
})

test.runIf(isBuilt)(
  'the app opens without the hub, under a policy it does not break; a new version waits for a yes',
  async () => {
    const first = await serve('build')
    const context = await browser.newContext()
    later(() => context.close())
    const page = await context.newPage()
    const violations: string[] = []
    await page.exposeFunction('violated', (what: string) => violations.push(what))
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        (window as unknown as { violated(what: string): void }).violated(
          `${violatedDirective} ${blockedURI}`,
        ),
      )
    })
    const address = `http://127.0.0.1:${first.port}/`
    await page.goto(address)
    await workerReady(page)
    await first.hub.close()

    await page.reload()
    await page.locator('#app > :not(script)').first().waitFor()
    expect(await isNext(page)).toBe(false)

    const folder = await nextVersion()
    await serve(folder, first.port)
    await page.reload()
    await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready
      const found = new Promise((resolve) =>
        registration.addEventListener('updatefound', resolve, { once: true }),
      )
      await registration.update()
      if (!registration.waiting) await found
      const worker = registration.installing ?? registration.waiting
      while (worker && worker.state !== 'installed')
        await new Promise((resolve) => worker.addEventListener('statechange', resolve, { once: true }))
    })
    await page.reload()
    expect(await isNext(page)).toBe(false)

    await page.evaluate(async () => {
      const { waiting } = await navigator.serviceWorker.ready
      const changed = new Promise((resolve) =>
        navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }),
      )
      waiting?.postMessage('use the new version')
      await changed
    })
    await page.reload()
    expect(await isNext(page)).toBe(true)
    expect(violations).toEqual([])
  },
  60_000,
)
