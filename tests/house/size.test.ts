import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { filesUnder, textOf } from './sources.ts'

/**
 * KB gzip, what a slow phone on a slow network can bear. See docs/architecture.md, “How heavy”. The whole: four more for the screens
 * of membership decisions (ADR 76), three for what doors say of a wifi that shows nobody and for what one phone pours (ADR 78), four for codes that are read aloud (ADR 80),
 * one for what pauses hang on (ADR 85).
 */
const LIMITS = { lockScreen: 70, css: 17, html: 5, worker: 170, icons: 20, all: 784 }

const isBuilt = existsSync('build/service-worker.js')

const kilobytes = (files: readonly string[]): number =>
  files.reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0) / 1000

/** A script and all it cannot start without. */
const withStaticImports = (entries: readonly string[]): readonly string[] => {
  const found = new Set<string>()
  const follow = (file: string): void => {
    if (found.has(file)) return
    found.add(file)
    for (const [, to = ''] of textOf(file).matchAll(/(?:\bfrom|\bimport)\s*["'](\.[^"']+\.js)["']/g))
      follow(join(dirname(file), to))
  }
  entries.forEach(follow)
  return [...found]
}

const built = (...endings: readonly string[]): readonly string[] => filesUnder('build', ...endings)

/** The frame of all pages (node 0) and the first page (node 2; 1 is the error page). */
const lockScreen = (): readonly string[] =>
  withStaticImports(built('.js').filter((file) => /\/entry\/(start|app)\.|\/nodes\/[02]\./.test(file)))

test.runIf(isBuilt)('what a slow phone loads before the lock screen stays within its budget', () => {
  expect(lockScreen().length).toBeGreaterThanOrEqual(4)
  expect(kilobytes(lockScreen())).toBeLessThan(LIMITS.lockScreen)
  expect(kilobytes(built('.html'))).toBeLessThan(LIMITS.html)
  expect(kilobytes(built('.css'))).toBeLessThan(LIMITS.css)
})

test.runIf(isBuilt)('no worker is heavier than its budget', () => {
  const heavy = built('.js')
    .filter((file) => file.includes('/workers/'))
    .map((file) => ({ worker: basename(file).split(/[-.]/)[0], size: kilobytes(withStaticImports([file])) }))
    .filter(({ size }) => size >= LIMITS.worker)
  expect(heavy).toEqual([])
})

test.runIf(isBuilt)('the whole app, kept on the phone, stays within its budget', () => {
  expect(kilobytes(built(''))).toBeLessThan(LIMITS.all)
})

test('icons and manifest stay within theirs', () => {
  expect(kilobytes(filesUnder('static', ''))).toBeLessThan(LIMITS.icons)
})
