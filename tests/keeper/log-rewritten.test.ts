import type * as files from 'node:fs/promises'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { openLogStorage, type LogStorage } from '../../src/keeper/log-storage.ts'

/** Called before whatever changes the disk or opens something on it: what rejects here, the disk refuses. */
const disk = vi.hoisted(() => ({ before: (): void => {} }))

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof files>()
  const guarded =
    <A extends unknown[], T>(run: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      disk.before()
      return run(...args)
    }
  const changing = new Set<string | symbol>(['write', 'datasync', 'truncate', 'sync'])
  const watched = (handle: Awaited<ReturnType<typeof real.open>>) =>
    new Proxy(handle, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        const run = value.bind(target) as (...args: unknown[]) => Promise<unknown>
        return changing.has(name) ? guarded(run) : run
      },
    })
  return {
    ...real,
    open: guarded(async (...args: Parameters<typeof real.open>) => watched(await real.open(...args))),
    rename: guarded(real.rename),
    rm: guarded(real.rm),
  }
})

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => void (disk.before = () => {}))

const freshFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'keeper-rewritten-'))
  folders.push(folder)
  return folder
}

const openAt = async (folder: string): Promise<LogStorage> =>
  (await openLogStorage(folder, systemRandom)) ?? expect.fail('no log of ours')

const closed = async (storage: LogStorage): Promise<void> => {
  storage.close()
  await storage.closed()
}

const rowsOf = async (storage: LogStorage): Promise<readonly string[]> =>
  expectOk(await storage.all('records')).rows.map(([key, value]) => `${key}: ${value.length} of ${value[0]}`)

/** Two copies' worth of rows, each in a commit of its own, and one that was let go of. */
const written = async () => {
  const folder = freshFolder()
  const storage = await openAt(folder)
  for (let n = 0; n < 6; n++)
    expectOk(
      await storage.commit([{ table: 'records', key: `${n}`, value: new Uint8Array(300_000).fill(n) }]),
    )
  expectOk(await storage.commit([{ table: 'records', key: '3', value: null }]))
  return { folder, storage, rows: await rowsOf(storage) }
}

const later = { table: 'records', key: 'later', value: Uint8Array.of(9) } as const

for (const how of ['once', 'until it has given up'] as const)
  test(`the disk refuses in the middle of writing the log anew, ${how}: all is there, also what is written next, and no half copy takes up room`, async () => {
    let refusals = 0
    for (let at = 0, isRefused = true; isRefused; at++) {
      const { folder, storage, rows } = await written()
      isRefused = false
      let asked = 0
      disk.before = () => {
        const isDue = how === 'once' ? asked === at : asked >= at
        asked += 1
        if (!isDue) return
        isRefused = true
        throw new Error('ENOSPC: no space left on device')
      }
      const rewritten = await storage.compact()
      disk.before = () => {}
      if (isRefused) refusals += 1
      else expect(rewritten.ok).toBe(true)
      expect(await rowsOf(storage), `at ${at}`).toEqual(rows)
      // A disk that refuses to delete, too, keeps it until it is asked once more.
      if (how === 'once') expect(existsSync(join(folder, 'log.new')), `at ${at}`).toBe(false)
      expectOk(await storage.commit([later]))
      await closed(storage)
      const again = await openAt(folder)
      expect(await rowsOf(again), `at ${at}`).toEqual([...rows, 'later: 1 of 9'])
      expect(existsSync(join(folder, 'log.new'))).toBe(false)
      expectOk(await again.compact())
      expect(readFileSync(join(folder, 'log')).length).toBe(again.size)
      expect(await rowsOf(again)).toEqual([...rows, 'later: 1 of 9'])
      await closed(again)
    }
    expect(refusals).toBeGreaterThan(6)
  }, 120_000)

test('killed between any two steps of writing the log anew: the next start finds all of it, once', async () => {
  const { folder, storage, rows } = await written()
  const asItWas: string[] = []
  disk.before = () => {
    const copy = freshFolder()
    cpSync(folder, copy, { recursive: true })
    asItWas.push(copy)
  }
  expectOk(await storage.compact())
  disk.before = () => {}
  await closed(storage)
  expect(asItWas.length).toBeGreaterThan(6)
  for (const copy of [...asItWas, folder]) {
    const again = await openAt(copy)
    expect(again.damaged).toBe(0)
    expect(await rowsOf(again)).toEqual(rows)
    expectOk(await again.commit([later]))
    await closed(again)
    const last = await openAt(copy)
    expect(await rowsOf(last)).toEqual([...rows, 'later: 1 of 9'])
    await closed(last)
  }
}, 60_000)
