import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type Page } from '@playwright/test'
import { build } from 'vite'
import { chromiumFlags, findChromium } from '../../scripts/chromium.mjs'
import { readPages } from '../../src/hub/pages.ts'
import { createHub } from '../../src/hub/serve.ts'
import { noTap } from '../../src/hub/tap.ts'
import { systemClock } from '../../src/lib/core/clock.ts'
import { expectOk } from '../../src/lib/core/result.ts'

/** A hub that serves the bench page, y-webrtc's own signaling server beside it, and browsers with a process each. */
export type Bench = {
  readonly hubUrl: string
  readonly signalingUrl: string
  open(): Promise<Page>
  close(): Promise<void>
}

const root = process.cwd()

export const startBench = async (): Promise<Bench> => {
  await build({ configFile: `${root}/tests/bench/page/vite.config.ts` })
  const pages = expectOk(await readPages(`${root}/dist/bench-page`))
  const hub = createHub({ pages, clock: systemClock, tap: noTap })
  const port = await hub.listen(0)
  const signalingPort = port < 60_000 ? port + 1 : port - 1
  const signaling = spawn(
    process.execPath,
    [fileURLToPath(new URL('node_modules/y-webrtc/bin/server.js', `file://${root}/`))],
    {
      env: { ...process.env, PORT: String(signalingPort) },
      stdio: 'ignore',
    },
  )
  const browsers: Browser[] = []
  const executablePath = findChromium()
  return {
    hubUrl: `ws://127.0.0.1:${port}/post`,
    signalingUrl: `ws://127.0.0.1:${signalingPort}`,
    open: async () => {
      const browser = await chromium.launch({
        args: [...chromiumFlags],
        ...(executablePath ? { executablePath } : {}),
      })
      browsers.push(browser)
      const context = await browser.newContext({ permissions: ['camera'] })
      const page = await context.newPage()
      page.on('pageerror', (error) => console.error(error.message))
      await page.goto(`http://127.0.0.1:${port}/`)
      await page.waitForFunction(() => 'bench' in globalThis)
      return page
    },
    close: async () => {
      await Promise.all(browsers.map((browser) => browser.close()))
      end(signaling)
      await hub.close()
    },
  }
}

const end = (child: ChildProcess) => void child.kill()
