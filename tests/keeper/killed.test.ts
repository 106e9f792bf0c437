import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { randomBelow } from '../../src/lib/core/clock.ts'
import { collIdFrom } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { Shelf } from '../../src/lib/sync/blobs-shelf.ts'
import { openLogStorage } from '../../src/keeper/log-storage.ts'
import { buildProgram } from '../world/program.ts'
import { freshFolder } from './house.ts'

const OUT = 'dist/test-keeper-writer'
const folder = freshFolder()
const carrying = freshFolder()
afterAll(() => {
  for (const one of [folder, carrying]) rmSync(one, { recursive: true, force: true })
})
beforeAll(() => buildProgram('tests/keeper/writer.ts', OUT), 120_000)

/** Lets the program write until it has said so much, and a moment more, and kills it as a power cut does. */
const writeAndKill = async (acknowledgements: number, how: readonly string[] = []): Promise<number> => {
  const child = spawn(process.execPath, [`${OUT}/writer.js`, how.length > 0 ? carrying : folder, ...how], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  let isKilled = false
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    if (isKilled || said.split('\n').length <= acknowledgements) return
    isKilled = true
    child.kill('SIGKILL')
  })
  await once(child, 'close')
  return Number(said.trim().split('\n').at(-1))
}

const ROUNDS = process.env['SLOW'] ? 60 : 10

test('killed at any moment, again and again: everything it was promised is there, whole and without a gap, and no row twice half', async () => {
  let total = 0
  for (let round = 0; round < ROUNDS; round++) {
    const last = await writeAndKill(1 + randomBelow(systemRandom, 70))
    expect(last).toBeGreaterThanOrEqual(total)
    const storage = (await openLogStorage(folder, systemRandom)) ?? expect.fail('no log of ours')
    const { rows } = expectOk(await storage.all('records'))
    total = rows.length
    expect(total).toBeGreaterThan(last)
    // At most the one commit beyond that was whole on the disk and not yet spoken of.
    expect(total).toBeLessThanOrEqual(last + 2)
    for (const [n, [key, value]] of rows.entries()) {
      expect(Number(key)).toBe(n)
      expect(value.length).toBe(1 + ((n * 7919) % 20_000))
      expect(value.every((byte) => byte === n % 251)).toBe(true)
    }
    const [high, middle, low] = expectOk(await storage.get('heads', 'last'))!
    expect((high! << 16) | (middle! << 8) | low!).toBe(total - 1)
    expect(storage.damaged).toBe(0)
    storage.close()
    await storage.closed()
  }
}, 300_000)

test('killed while it takes what circles give: everything it said it carries is there, whole, and nothing of which only half was written', async () => {
  const coll = collIdFrom(new Uint8Array(32).fill(7))!
  let total = 0
  for (let round = 0; round < ROUNDS; round++) {
    const last = await writeAndKill(1 + randomBelow(systemRandom, 70), ['carried'])
    const storage = (await openLogStorage(carrying, systemRandom)) ?? expect.fail('no log of ours')
    const shelf = expectOk(await Shelf.open(storage, coll))
    const all = shelf.all()
    expect(all.length).toBeGreaterThan(Math.max(last, total - 1))
    expect(all.length).toBeLessThanOrEqual(last + 2)
    expect(storage.keys('blobs')).toEqual(storage.keys('shelf'))
    for (const { id } of all) expect(await shelf.read(id)).toHaveLength(4096)
    total = all.length
    storage.close()
    await storage.closed()
  }
}, 300_000)
