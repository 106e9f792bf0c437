import 'fake-indexeddb/auto'
import { beforeEach, expect, test } from 'vitest'
import { utf8FromText } from '../../src/lib/core/bytes.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createRowSealer, forgetVault } from '../../src/lib/crypto/vault.ts'
import type { Printed } from '../../src/lib/domain/printed.ts'
import { encodePrinted, parsePrinted } from '../../src/lib/domain/printed-row.ts'
import { makeSuccessor, makeVault, tryPhrase } from '../../src/lib/workspace/vault-door.ts'
import { createQuickStretch } from '../crypto/quick-stretch.ts'
import { dump, newBrowser, someDisk } from '../store/disks.ts'
import { World } from '../world/cast.ts'

beforeEach(newBrowser)

const PHRASE = 'una piedra en el río'
const LITTLE = 'nueve tejas sobre la loma'
const ROW = { table: 'meta', key: 'printed' } as const
const PRINTED: Printed = [
  {
    title: 'Retenes',
    blocks: [
      {
        type: 'paragraph',
        spans: [{ text: 'Vamos siempre de a dos.', bold: false, italic: false, link: null }],
      },
    ],
  },
]
const { stretch } = createQuickStretch()

/** Ceiba’s phone holds a collective; she leaves with little, and the battery dies right after the vault gave way to the new one. */
const diesBetween = async () => {
  const disk = await someDisk()
  const vault = expectOk(await makeVault({ disk, passphrase: PHRASE, stretch }))
  const before = disk.rows(createRowSealer(vault))
  const world = new World(53)
  world.storageOf = (name) => (name === 'Ceiba' ? before : null)
  const [, , ceiba] = await world.found('Alba', 'Bruna', 'Ceiba')
  await ceiba!.writes('mi hermana duerme en casa de Lucía ')
  await world.settle()
  const next = expectOk(await makeSuccessor(disk, LITTLE, stretch))
  const sealer = createRowSealer(next.vault)
  const value = encodePrinted(PRINTED)
  expectOk(await disk.replace({ ...ROW, header: next.header, value, sealer }))
  // Whoever took the key out of its memory in time has it still; nobody else.
  const key = vault.key.slice()
  forgetVault(vault)
  forgetVault(next.vault)
  disk.close()
  return { key }
}

test('attack 53: the phone dies between the step that makes the old vault give way and the one that deletes it: nothing opens the old rows', async () => {
  await diesBetween()
  const rows = await dump()
  // They are all there yet.
  expect(rows.length).toBeGreaterThan(10)
  expect(rows.filter(([table]) => table === 'z')).toHaveLength(1)
  const disk = await someDisk()
  expect(await tryPhrase(disk, PHRASE, stretch)).toMatchObject({
    ok: false,
    error: { type: 'WrongPassphrase' },
  })
  const heap = Buffer.concat(
    rows.map(([table, name, bytes]) => Buffer.concat([Buffer.from(`${table} ${name} `), Buffer.from(bytes)])),
  )
  for (const word of ['Lucía', 'hermana', 'Ceiba', 'Vamos siempre', PHRASE, LITTLE])
    expect(heap.includes(Buffer.from(utf8FromText(word)))).toBe(false)
})

test('attack 53: with the new phrase it opens as the sheet to read, and what was left behind is deleted then', async () => {
  const { key } = await diesBetween()
  const disk = await someDisk()
  // That they are noise is due to the key alone: whoever had it would read.
  const old = disk.rows(createRowSealer({ key } as Parameters<typeof createRowSealer>[0]))
  expect(expectOk(await old.all('ledger')).rows.length).toBeGreaterThan(0)
  const vault = expectOk(await tryPhrase(disk, LITTLE, stretch))
  const sealer = createRowSealer(vault)
  const left = expectOk(await disk.rows(sealer).get(ROW.table, ROW.key))
  expect(parsePrinted(left!)).toEqual(PRINTED)
  for (const table of ['ledger', 'records', 'keys', 'tail'] as const)
    expect(expectOk(await disk.rows(sealer).all(table)).rows).toEqual([])
  // As the app does at every opening of such a vault (session.ts).
  expectOk(await disk.keepOnly({ ...ROW, sealer }))
  const rows = (await dump()).filter(([table]) => table !== 'z')
  expect(rows).toHaveLength(1)
  expect(expectOk(await old.all('ledger')).rows).toEqual([])
})

test('attack 53: it dies before: nothing has happened, and the phrase of before opens what was there', async () => {
  const disk = await someDisk()
  const vault = expectOk(await makeVault({ disk, passphrase: PHRASE, stretch }))
  expectOk(
    await disk.rows(createRowSealer(vault)).commit([{ table: 'meta', key: 'x', value: Uint8Array.of(1) }]),
  )
  const next = expectOk(await makeSuccessor(disk, LITTLE, stretch))
  forgetVault(next.vault)
  forgetVault(vault)
  disk.close()
  const again = await someDisk()
  const opened = expectOk(await tryPhrase(again, PHRASE, stretch))
  expect(expectOk(await again.rows(createRowSealer(opened)).get('meta', 'x'))).toEqual(Uint8Array.of(1))
  expect((await tryPhrase(again, LITTLE, stretch)).ok).toBe(false)
})
