import { fc } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { utf8FromText } from '../../src/lib/core/bytes.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { TABLES, type Storage, type Table, type Write } from '../../src/lib/sync/ports.ts'

/** Where the rows of one vault lie. */
export interface Shelf {
  open(): Promise<Storage>
}

const bytes = (...values: number[]) => Uint8Array.from(values)
const put = (table: Table, key: string, ...values: number[]): Write => ({
  table,
  key,
  value: bytes(...values),
})
const drop = (table: Table, key: string): Write => ({ table, key, value: null })

const rowsOf = async (storage: Storage, table: Table, prefix?: string) =>
  expectOk(await storage.all(table, prefix)).rows.map(([key, value]) => [key, ...value])

/** What every store of a vault’s rows keeps to, whatever it is made of. `fresh`: an empty one. */
export const keepsRows = (what: string, fresh: () => Promise<Shelf>): void => {
  const opened = async () => (await fresh()).open()

  test(`${what}: what was never written is not there`, async () => {
    const storage = await opened()
    expect(await storage.get('meta', 'nobody')).toEqual({ ok: true, value: null })
    for (const table of TABLES) expect(await rowsOf(storage, table)).toEqual([])
  })

  test(`${what}: a row is read as it was written, an empty one and a large one too`, async () => {
    const storage = await opened()
    const large = crypto.getRandomValues(new Uint8Array(60_000))
    expectOk(
      await storage.commit([
        put('records', 'a', 1, 2, 3),
        put('records', 'empty'),
        { table: 'records', key: 'large', value: large },
      ]),
    )
    expect(expectOk(await storage.get('records', 'a'))).toEqual(bytes(1, 2, 3))
    expect(expectOk(await storage.get('records', 'empty'))).toEqual(bytes())
    expect(expectOk(await storage.get('records', 'large'))).toEqual(large)
  })

  test(`${what}: one key in two tables is two rows`, async () => {
    const storage = await opened()
    await storage.commit(TABLES.map((table, i) => put(table, 'same', i)))
    for (const [i, table] of TABLES.entries())
      expect(expectOk(await storage.get(table, 'same'))).toEqual(bytes(i))
  })

  test(`${what}: the last write of a row counts, in one commit and over several; a deleted row is gone`, async () => {
    const storage = await opened()
    await storage.commit([put('heads', 'a', 1), put('heads', 'a', 2)])
    expect(await rowsOf(storage, 'heads')).toEqual([['a', 2]])
    await storage.commit([put('heads', 'a', 3)])
    await storage.commit([drop('heads', 'a'), put('heads', 'b', 4), drop('heads', 'never there')])
    expect(await rowsOf(storage, 'heads')).toEqual([['b', 4]])
    await storage.commit([drop('heads', 'b'), put('heads', 'b', 5)])
    expect(await rowsOf(storage, 'heads')).toEqual([['b', 5]])
  })

  test(`${what}: a listing is in order of key and keeps to its prefix`, async () => {
    const storage = await opened()
    await storage.commit(['b/2', 'a/10', 'b/1', 'a/9', 'ñ/1', 'a', ''].map((key, i) => put('ledger', key, i)))
    expect((await rowsOf(storage, 'ledger')).map(([key]) => key)).toEqual([
      '',
      'a',
      'a/10',
      'a/9',
      'b/1',
      'b/2',
      'ñ/1',
    ])
    expect(await rowsOf(storage, 'ledger', 'b/')).toEqual([
      ['b/1', 2],
      ['b/2', 0],
    ])
    expect(await rowsOf(storage, 'ledger', 'c')).toEqual([])
    expect(expectOk(await storage.all('ledger')).corrupt).toBe(0)
  })

  test(`${what}: what the caller does with its bytes afterwards changes nothing that is kept`, async () => {
    const storage = await opened()
    const mine = bytes(1, 2, 3)
    await storage.commit([{ table: 'keys', key: 'k', value: mine }])
    mine.fill(0)
    const read = expectOk(await storage.get('keys', 'k'))!
    expect(read).toEqual(bytes(1, 2, 3))
    read.fill(0)
    const [row] = expectOk(await storage.all('keys')).rows
    expect(row![1]).toEqual(bytes(1, 2, 3))
    row![1].fill(0)
    expect(expectOk(await storage.get('keys', 'k'))).toEqual(bytes(1, 2, 3))
  })

  test(`${what}: part of a larger buffer is kept as that part`, async () => {
    const storage = await opened()
    await storage.commit([
      { table: 'meta', key: 'part', value: utf8FromText('antes DENTRO después').subarray(6, 12) },
    ])
    expect(expectOk(await storage.get('meta', 'part'))).toEqual(utf8FromText('DENTRO'))
  })

  test(`${what}: nothing to write is written at once`, async () => {
    expectOk(await (await opened()).commit([]))
  })

  test(`${what}: whoever opens it again finds everything`, async () => {
    const shelf = await fresh()
    const before = await shelf.open()
    await before.commit([put('snapshots', 'main', 7), put('aside', 'x', 8)])
    before.close()
    const after = await shelf.open()
    expect(await rowsOf(after, 'snapshots')).toEqual([['main', 7]])
    expect(await rowsOf(after, 'aside')).toEqual([['x', 8]])
  })

  test(`${what}: whatever is written and deleted in whatever order, it reads like a plain map`, async () => {
    const write = fc.record({
      table: fc.constantFrom(...TABLES),
      key: fc.constantFrom('a', 'b', 'a/1', 'ü', '__proto__', ''),
      value: fc.option(fc.uint8Array({ maxLength: 40 })),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(write, { maxLength: 6 }), { maxLength: 8 }), async (commits) => {
        const storage = await opened()
        const plain = new Map<string, Uint8Array>()
        for (const writes of commits) {
          for (const { table, key, value } of writes)
            if (value) plain.set(`${table} ${key}`, value)
            else plain.delete(`${table} ${key}`)
          expectOk(await storage.commit(writes))
        }
        const rows = []
        for (const table of TABLES)
          for (const [key, value] of expectOk(await storage.all(table)).rows)
            rows.push([`${table} ${key}`, value])
        expect(new Map(rows as [string, Uint8Array][])).toEqual(plain)
        for (const [name, value] of plain) {
          const [table, key] = [name.slice(0, name.indexOf(' ')), name.slice(name.indexOf(' ') + 1)]
          expect(expectOk(await storage.get(table as Table, key))).toEqual(value)
        }
        storage.close()
      }),
      { numRuns: globalThis.process?.env['SLOW'] ? 500 : 25 },
    )
  })
}
