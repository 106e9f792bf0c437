import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { decodeCbor, encodeCbor, type Cbor } from '../../src/lib/core/cbor.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import type { Table } from '../../src/lib/sync/ports.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { parseSpaceRow, settledKey, spaceKey, startKey } from '../../src/lib/workspace/rows.ts'
import type { CollId } from '../../src/lib/core/ids.ts'
import { Person, World } from '../world/cast.ts'

type Phones = {
  readonly now: number
  readonly coll: CollId
  readonly people: readonly {
    readonly name: string
    readonly reads: string
    readonly standing: readonly (readonly [string, string])[]
    readonly hash: string
    readonly pin: string | null
    readonly rows: readonly (readonly [Table, string, string])[]
  }[]
}

/** Two phones as a program of before left them, rows of every kind it wrote among them. */
const phones = JSON.parse(
  readFileSync(new URL('../vectors/previous/phones.json', import.meta.url), 'utf8'),
) as Phones

type Change = (table: Table, key: string, value: Uint8Array) => Uint8Array

const opened = async (change: Change = (_, __, value) => value) => {
  const world = new World(3)
  world.clock.pass(phones.now - world.clock.now())
  for (const { name, rows } of phones.people) {
    const storage = createMemoryStorage()
    const writes = rows.map(([table, key, value]) => ({
      table,
      key,
      value: change(table, key, new Uint8Array(Buffer.from(value, 'base64'))),
    }))
    expectOk(await storage.commit(writes))
    const row = parseSpaceRow(expectOk(await storage.get('meta', spaceKey(phones.coll)))!)!
    const { clock, random } = world
    const replica = expectOk(await Replica.restore({ row, storage, clock, random }))
    await replica.whole()
    world.people.push(new Person(name, replica, storage, world))
  }
  return { world, people: world.people }
}

const versionOf = (value: Uint8Array): Cbor => {
  const decoded = decodeCbor(value)
  return decoded.ok && Array.isArray(decoded.value) ? (decoded.value as readonly Cbor[])[0]! : null
}

test('a phone that a program of before left opens as it was: the same text, the same people, the same agreement', async () => {
  const { people } = await opened()
  for (const [i, person] of people.entries()) {
    const then = phones.people[i]!
    expect(person.reads()).toBe(then.reads)
    expect([...person.replica.state.devices.values()].map(({ id, standing }) => [id, standing])).toEqual(
      then.standing,
    )
    expect(hexFromBytes(person.replica.state.hash)).toBe(then.hash)
    expect(person.replica.ledger.pin).toBe(then.pin)
    expect(person.replica.feeds.refused()).toEqual([])
  }
})

test('they meet, write on and restart; what was written in a form of before is then written in the one of now', async () => {
  const before = phones.people[0]!.rows
  const formOf = (key: string) =>
    versionOf(new Uint8Array(Buffer.from(before.find((row) => row[1] === key)![2], 'base64')))
  expect([formOf(settledKey(phones.coll)), formOf(startKey(phones.coll))]).toEqual([1, 1])
  const { world, people } = await opened()
  const [ana, drago] = people as [Person, Person]
  world.connectAll()
  await world.settle()
  await ana.writes('De ahora. ')
  await drago.writes('También. ')
  await world.settle()
  await ana.replica.keepStart()
  for (const person of people) await person.restarts()
  for (const person of people) {
    await person.replica.whole()
    expect(person.reads()).toContain('De ahora.')
    expect(person.reads()).toContain('También.')
    expect(person.reads()).toContain('Vamos de a dos.')
    expect(person.replica.feeds.forks()).toEqual([])
    expect(person.replica.feeds.refused()).toEqual([])
  }
  expect(ana.reads()).toBe(drago.reads())
  const now = async (key: string) => versionOf(expectOk(await ana.storage.get('snapshots', key))!)
  expect([await now(settledKey(phones.coll)), await now(startKey(phones.coll))]).toEqual([2, 2])
})

/** A row as a program of later might write it: the next form, and a field nobody knows. */
const later = (value: Uint8Array): Uint8Array => {
  const [version, ...rest] = expectOk(decodeCbor(value)) as readonly Cbor[]
  return encodeCbor([(version as number) + 2, ...rest, 'nadie lo conoce'])
}

test.each(['settled', 'start', 'both'] as const)(
  'rows of a form that only later programs know (%s) are as if they were not there: read from the records, nothing is lost',
  async (which) => {
    let changed = 0
    const { people } = await opened((table, key, value) => {
      const is = (name: 'settled' | 'start') =>
        table === 'snapshots' && key === `${phones.coll}/${name}` && (which === name || which === 'both')
      if (!is('settled') && !is('start')) return value
      changed++
      return later(value)
    })
    expect(changed).toBe(which === 'both' ? 2 : 1)
    for (const [i, person] of people.entries()) expect(person.reads()).toBe(phones.people[i]!.reads)
  },
)
