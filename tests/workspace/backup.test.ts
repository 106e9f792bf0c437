import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes } from '../../src/lib/core/bytes.ts'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { sealBackup } from '../../src/lib/crypto/backup.ts'
import { addPerson } from '../../src/lib/domain/people.ts'
import { setAbout } from '../../src/lib/domain/document.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import { TABLES, type Storage } from '../../src/lib/sync/ports.ts'
import { lookAtCopy } from '../../src/lib/workspace/backup-door.ts'
import { contentOf } from '../../src/lib/workspace/backup-content.ts'
import { encodeBackup, parseBackup, rowsToCopy, writesOf } from '../../src/lib/workspace/backup-rows.ts'
import { createStillStorage } from '../../src/lib/workspace/still-storage.ts'
import { WaysBackSetting } from '../../src/lib/workspace/ways-back-setting.ts'
import { World, type Person } from '../world/cast.ts'
import { seededRandom, TestClock } from '../world/time.ts'
import { createQuickStretch } from '../crypto/quick-stretch.ts'
import { Village, writes, type Phone } from './circle-cast.ts'

const rowsOf = async (storage: Storage) => expectOk(await rowsToCopy(storage))
const said = (payload: Uint8Array) => {
  const parsed = parseBackup(payload)
  return parsed.ok ? 'opens' : parsed.error.type
}

const aCopy = async (world: World, person: Person) => {
  await person.replica.flush()
  await person.replica.keepStart()
  await person.replica.settled()
  return { world, backup: { at: 5, rows: await rowsOf(person.storage) } }
}

test('what a copy holds is what the disk holds, without where it ended there', async () => {
  const world = new World(31)
  const [alba] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person]
  await alba.writes('Uno.')
  const { backup } = await aCopy(world, alba)
  expect(expectOk(parseBackup(encodeBackup(backup)))).toEqual(backup)
  const tables = new Set(backup.rows.map(({ table }) => table))
  for (const table of ['meta', 'ledger', 'keys', 'boxes'] as const) expect(tables).toContain(table)
  expect(tables).not.toContain('heads')
  expect(backup.rows.filter(({ key }) => key.includes('/start'))).toEqual([])
  const writes = writesOf(backup)
  expect(writes.filter(({ key }) => key.startsWith('restored/')).map(({ table }) => table)).toEqual(['meta'])
  // The secrets of the device, its epoch keys and the keys made since are in it: there is nothing else to come back with.
  expect(backup.rows.filter(({ table }) => table === 'keys').length).toBeGreaterThan(1)
})

test('whether a chosen file is worth a phrase is seen from its first bytes: of half a gigabyte nothing else is read', async () => {
  const read: number[] = []
  const chosen = (bytes: Uint8Array, size = bytes.length) => ({
    size,
    arrayBuffer: () => Promise.reject(new Error('all of it was read')),
    slice: (from: number, to: number) => {
      read.push(to - from)
      return { arrayBuffer: () => Promise.resolve(bytes.slice(from, to).buffer) }
    },
  })
  const looked = async (file: ReturnType<typeof chosen>) => {
    const answer = await lookAtCopy(file)
    return answer.ok ? 'worth a phrase' : answer.error.type
  }
  const { stretch, cost } = createQuickStretch()
  const payload = new Uint8Array(300_000)
  const file = expectOk(
    await sealBackup({ payload, passphrase: 'a b c', cost, stretch, random: seededRandom(4) }),
  )
  expect(await looked(chosen(file))).toBe('worth a phrase')
  expect(await looked(chosen(file, file.length - 1))).toBe('BackupDamaged')
  expect(await looked(chosen(file.subarray(0, 20), 20))).toBe('BackupDamaged')
  expect(await looked(chosen(new Uint8Array(4096), 200_000_000))).toBe('NotABackup')
  expect(Math.max(...read)).toBeLessThanOrEqual(1024)
  const asked = read.length
  expect(await looked(chosen(file, 500_000_000))).toBe('NotABackup')
  expect(read.length).toBe(asked)
})

test('a payload that is not whole, names unknown tables, says a row twice or is of later is refused, whatever it is', async () => {
  const row = (...parts: readonly (string | Uint8Array)[]) => encodeCbor(parts)
  const head = encodeCbor([1, 0])
  const good = row('meta', 'a', new Uint8Array(3))
  expect(said(concatBytes(head, good))).toBe('opens')
  expect(said(head)).toBe('opens')
  for (const bad of [
    new Uint8Array(),
    good,
    concatBytes(head, good, good),
    concatBytes(head, good.subarray(0, -1)),
    concatBytes(head, row('front', 'a', new Uint8Array())),
    concatBytes(head, row('meta', 'a', 'text')),
    concatBytes(head, row('meta', 'a')),
    concatBytes(encodeCbor([0, 0]), good),
  ])
    expect(said(bad)).toBe('BackupDamaged')
  expect(said(concatBytes(encodeCbor([2, 0]), good))).toBe('NewerBackup')
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
      said(noise)
      said(concatBytes(head, noise))
    }),
  )
})

test('a rehearsal says what would come back, and leaves everything as it is', async () => {
  const world = new World(32)
  const [alba, bruna] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person, Person]
  setAbout(alba.doc, { title: 'Las Tres Vertientes' })
  addPerson(alba.doc, { name: 'Albahaca', member: alba.member, participation: 'own device' })
  await alba.replica.flush()
  const { backup } = await aCopy(world, alba)
  const [rows, acts] = [await rowsOf(alba.storage), bruna.replica.ledger.heads()]
  expect(expectOk(await contentOf(backup, world))).toEqual({
    at: 5,
    spaces: [
      {
        kind: 'collective',
        title: 'Las Tres Vertientes',
        myName: 'Albahaca',
        people: 3,
        circles: 0,
        isOut: false,
      },
    ],
  })
  await world.settle()
  expect(await rowsOf(alba.storage)).toEqual(rows)
  expect(bruna.replica.ledger.heads()).toEqual(acts)
})

test('a rehearsal opens circles too, and says when one of them does not open', async () => {
  const village = new Village(33)
  const [ana, bea, delia] = (await village.found('Ana', 'Bea', 'Delia')) as [Phone, Phone, Phone]
  const [circle] = await village.circle(ana, bea, delia)
  await writes(circle!, 'Solo nosotras. ')
  await village.settle()
  const { person } = village.phones[0]!
  const { backup } = await aCopy(village.world, person)
  expect(expectOk(await contentOf(backup, village.world)).spaces).toMatchObject([{ circles: 1 }])
  const { coll } = circle!.replica
  const without = { ...backup, rows: backup.rows.filter(({ key }) => key !== `space/${coll}`) }
  expect(await contentOf(without, village.world)).toEqual({ ok: false, error: { type: 'BackupDamaged' } })
  expect(writesOf(backup).filter(({ key }) => key === `restored/${coll}`)).toHaveLength(1)
})

test('rows that are no ledger of ours are a damaged copy, and so is a copy of nothing', async () => {
  const world = new World(34)
  const [alba] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person]
  const { backup } = await aCopy(world, alba)
  const damaged = { ok: false, error: { type: 'BackupDamaged' } }
  const rows = backup.rows.filter(({ table }) => table !== 'ledger')
  expect(await contentOf({ ...backup, rows }, world)).toEqual(damaged)
  expect(await contentOf({ ...backup, rows: [] }, world)).toEqual(damaged)
  const odd = backup.rows.map((row) =>
    row.key.startsWith('space/') ? { ...row, value: row.value.slice(1) } : row,
  )
  expect(await contentOf({ ...backup, rows: odd }, world)).toEqual(damaged)
})

test('while a copy is made nothing is written in between, and afterwards everything is', async () => {
  const storage = createMemoryStorage()
  const still = createStillStorage(storage)
  const write = (n: number) =>
    still.commit([
      { table: 'ledger', key: String(n), value: Uint8Array.of(n) },
      { table: 'keys', key: String(n), value: Uint8Array.of(n) },
    ])
  await write(0)
  const later: Promise<unknown>[] = []
  const counts = await still.still(async (held) => {
    const seen: number[] = []
    for (const table of TABLES) {
      later.push(write(later.length + 1))
      await new Promise((resume) => setImmediate(resume))
      seen.push(expectOk(await held.all(table)).rows.length)
    }
    return seen
  })
  expect(counts.filter((count) => count > 0)).toEqual([1, 1])
  await Promise.all(later)
  expect(expectOk(await storage.all('ledger')).rows).toHaveLength(1 + TABLES.length)
  // Also behind a copy that failed.
  await expect(still.still(() => Promise.reject(new Error('no')))).rejects.toThrow()
  expectOk(await write(99))
})

test('a disk with a row that does not open is not copied as if it were whole', async () => {
  const storage: Storage = {
    ...createMemoryStorage(),
    all: () => Promise.resolve({ ok: true, value: { rows: [], corrupt: 1 } }),
  }
  expect(await rowsToCopy(storage)).toEqual({ ok: false, error: { type: 'StorageFailed' } })
})

test('whoever prepared no way back for a week is reminded once, until they say no', async () => {
  const clock = new TestClock()
  const storage = createMemoryStorage()
  const opensAgain = async () => {
    const setting = new WaysBackSetting(clock)
    await setting.recall(storage)
    return setting
  }
  const DAY_MS = 86_400_000
  expect((await opensAgain()).now.read()).toEqual({ copied: null, isDue: false })
  clock.pass(6 * DAY_MS)
  expect((await opensAgain()).now.read().isDue).toBe(false)
  clock.pass(2 * DAY_MS)
  const due = await opensAgain()
  expect(due.now.read().isDue).toBe(true)
  await due.silence()
  expect((await opensAgain()).now.read().isDue).toBe(false)
  await (await opensAgain()).copied()
  const { copied } = (await opensAgain()).now.read()
  expect(copied).toBe(clock.now() - (clock.now() % DAY_MS))
})
