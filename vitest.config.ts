import { availableParallelism } from 'node:os'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { chromiumFlags, findChromium } from './scripts/chromium.mjs'

const executablePath = findChromium()

/** For a slow machine that does several things at once: a test that hangs is found out all the same. */
const TIMEOUT_MS = 30_000

/** They take minutes, each in one process: what begins last, all others have to wait for. */
const LONG = [
  'many-devices',
  'simulation',
  'settled',
  'churn',
  'invariants',
  '50-floods',
  'oracle',
  'closing',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
      return at < 0 ? LONG.length : at
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}

/**
 * `node`: everything that needs no screen. `browser`: components and state classes in a real Chromium, with the
 * styles and the event loop people will have.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Of two cores vitest would leave one idle, which waits for the other for half an hour.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'node',
          testTimeout: TIMEOUT_MS,
          environment: 'node',
          setupFiles: ['tests/seed.ts'],
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/**/*.svelte.test.ts', 'tests/e2e/**'],
        },
      },
      {
        plugins: [
          svelte({
            configFile: false,
            // As svelte.config.js says for our own files; the test library still has components of the old kind.
            dynamicCompileOptions: ({ filename }) =>
              filename.includes('/node_modules/') ? undefined : { runes: true },
          }),
        ],
        // Found late, a library makes the browser reload in the middle of a run and the test in it fail.
        optimizeDeps: {
          include: [
            'vitest-browser-svelte',
            'svelte',
            'svelte/reactivity',
            'axe-core',
            'fast-check',
            '@fast-check/vitest',
            'yjs',
            'y-protocols/awareness',
            'y-prosemirror',
            'prosemirror-commands',
            'prosemirror-inputrules',
            'prosemirror-keymap',
            'prosemirror-model',
            'prosemirror-schema-list',
            'prosemirror-state',
            'prosemirror-transform',
            'prosemirror-view',
            'intl-messageformat',
            'cborg',
            'valibot',
            'idb',
            'hash-wasm',
            'libsodium-wrappers',
            '@scure/base',
            '@scure/bip39/wordlists/english.js',
            '@scure/bip39/wordlists/spanish.js',
          ],
        },
        test: {
          name: 'browser',
          testTimeout: TIMEOUT_MS,
          include: ['tests/**/*.svelte.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { args: chromiumFlags, ...(executablePath ? { executablePath } : {}) },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
