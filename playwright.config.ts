import { defineConfig } from '@playwright/test'
import { chromiumFlags, findChromium } from './scripts/chromium.mjs'

const executablePath = findChromium()
const port = Number(process.env['E2E_PORT'] ?? 4180)

/**
 * Real browsers against a real hub. The hub writes everything it sees to test-results/hub.tap, where the tests look for
 * what should not be there.
 */
export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results/e2e',
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 180_000,
  expect: { timeout: 15_000 },
  use: {
    baseURL: `http://127.0.0.1:${port}`,
    launchOptions: { args: chromiumFlags, ...(executablePath ? { executablePath } : {}) },
    trace: 'off',
    screenshot: 'off',
  },
  webServer: {
    command: 'node dist/hub/main.js',
    url: `http://127.0.0.1:${port}/`,
    env: { PORT: String(port), LUMBRE_TEST_TAP: 'test-results/hub.tap' },
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 3000 },
  },
})
