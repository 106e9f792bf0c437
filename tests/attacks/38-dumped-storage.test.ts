import 'fake-indexeddb/auto'
import { beforeEach, expect, test } from 'vitest'
import { bytesFromHex, hexFromBytes, utf8FromText } from '../../src/lib/core/bytes.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { idBytes } from '../../src/lib/core/ids.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createRowSealer, createVault, type Vault } from '../../src/lib/crypto/vault.ts'
import { countTry } from '../../src/lib/store/tries.ts'
import type { RowSealer, Storage } from '../../src/lib/sync/ports.ts'
import { createQuickStretch } from '../crypto/quick-stretch.ts'
import { dump, meddle, newBrowser, someDisk } from '../store/disks.ts'
import { World, type Person } from '../world/cast.ts'

beforeEach(newBrowser)

const PASSPHRASE = 'una piedra en el río'
const WORDS = ['Tres Vertientes', 'incendio', 'mi hermana duerme en casa de Lucía']

/** Bruna’s phone keeps what it knows on a real disk; she founds, writes and admits somebody. */
const lifeOfBruna = async (sealerOf: (vault: Vault) => RowSealer = createRowSealer) => {
  const quick = createQuickStretch()
  const disk = await someDisk()
  const made = await createVault({
    passphrase: PASSPHRASE,
    cost: quick.cost,
    stretch: quick.stretch,
    random: systemRandom,
  })
  expectOk(await disk.writeFront('header', made.header))
  await countTry(disk, 0)
  const storage = disk.rows(sealerOf(made.vault))
  const world = new World(38)
  world.storageOf = (name) => (name === 'Bruna' ? storage : null)
  const [alba, bruna, ceiba] = await world.found('Alba', 'Bruna', 'Ceiba')
  for (const words of WORDS) await bruna!.writes(`${words}. `)
  await alba!.writes('Alba responde. ')
  await world.admit('Dalia', alba!, bruna!, ceiba!)
  await world.settle()
  return { vault: made.vault, storage, people: world.people, bruna: bruna! }
}

/** Every way in which these bytes might have been left lying about. */
const spellings = (bytes: Uint8Array): readonly Buffer[] => {
  const buffer = Buffer.from(bytes)
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), buffer])
      .toString('base64')
      .slice(2, -4),
  )
  return [
    buffer,
    ...[buffer.toString('hex'), buffer.toString('hex').toUpperCase(), ...base64].map((text) =>
      Buffer.from(text),
    ),
    ...base64.map((text) => Buffer.from(text.replaceAll('+', '-').replaceAll('/', '_'))),
  ]
}

const tellingThings = (
  vault: Vault,
  people: readonly Person[],
  bruna: Person,
): ReadonlyMap<string, Uint8Array> => {
  const things = new Map<string, Uint8Array>()
  for (const words of [...WORDS, 'responde', PASSPHRASE, 'space']) things.set(words, utf8FromText(words))
  for (const person of people) {
    things.set(`name of ${person.name}`, utf8FromText(person.name))
    things.set(`device of ${person.name}`, idBytes(person.device))
    things.set(`member ${person.name}`, idBytes(person.member))
    things.set(`sign key of ${person.name}`, person.replica.own.device.signPk)
    things.set(`meeting key of ${person.name}`, person.replica.own.device.rvPk)
    things.set(`feed of ${person.name}`, bytesFromHex(person.replica.feed!))
  }
  things.set('secret of Bruna’s device', bruna.replica.own.signSk)
  things.set('KEM secret of Bruna’s device', bruna.replica.own.kemSk)
  things.set('collective', idBytes(bruna.replica.coll))
  things.set('vault key', vault.key)
  return things
}

const lying = async (): Promise<Buffer> => {
  const databases = await indexedDB.databases()
  const rows = await dump()
  return Buffer.concat([
    ...databases.map(({ name }) => Buffer.from(name!)),
    ...rows.flatMap(([table, name, value]) => [Buffer.from(`\n${table}\n${name}\n`), Buffer.from(value)]),
  ])
}

const found = (things: ReadonlyMap<string, Uint8Array>, heap: Buffer): readonly string[] =>
  [...things]
    .filter(([, bytes]) => spellings(bytes).some((way) => way.length > 3 && heap.includes(way)))
    .map(([what]) => what)

const countRows = async (storage: Storage) => expectOk(await storage.all('tail')).rows.length

test('attack 38: a dump of the database holds no text, no name, no id and no key, in any spelling', async () => {
  const { vault, storage, people, bruna } = await lifeOfBruna()
  expect(await countRows(storage)).toBeGreaterThan(0)
  expect(bruna.reads()).toContain('incendio')
  const things = tellingThings(vault, people, bruna)
  expect(things.size).toBeGreaterThan(25)
  expect(found(things, await lying())).toEqual([])

  // The search is able to find: what a careless version of this would leave is found, each in its spelling.
  await meddle(
    'b',
    'careless',
    utf8FromText(`de Bruna: ${WORDS[1]} ${hexFromBytes(idBytes(bruna.replica.coll))}`),
  )
  await meddle('b', `space/${Buffer.from(vault.key).toString('base64url')}`, new Uint8Array())
  expect(found(things, await lying())).toEqual([
    'incendio',
    'space',
    'name of Bruna',
    'collective',
    'vault key',
  ])
})

/** A disk without a vault: names and bytes as they come. */
const nothingSealed: RowSealer = {
  name: (_table, key) => key,
  seal: (_table, _key, value) => value,
  open: (_table, key, value) => ({ key, value }),
}

test('attack 38: it is the vault that hides them: the same life on a disk that seals nothing is an open book', async () => {
  const { vault, people, bruna } = await lifeOfBruna(() => nothingSealed)
  const things = tellingThings(vault, people, bruna)
  const seen = found(things, await lying())
  const secrets = ['secret of Bruna’s device', 'KEM secret of Bruna’s device']
  for (const what of ['space', 'name of Bruna', 'collective', ...secrets]) expect(seen).toContain(what)
  const ofEach = [...things.keys()].filter((what) => /^(device|member|sign key|meeting key|feed) /.test(what))
  expect(ofEach).toHaveLength(5 * people.length)
  for (const what of ofEach) expect(seen).toContain(what)
  // What people wrote is sealed a second time, under the keys of the collective.
  for (const words of WORDS) expect(seen).not.toContain(words)
})

test('attack 38: rows say how many there are and roughly how large, never what they are called', async () => {
  await lifeOfBruna()
  const rows = (await dump()).filter(([table]) => table !== 'z')
  expect(rows.length).toBeGreaterThan(10)
  for (const [table, name] of rows) {
    expect(table).toMatch(/^[a-k]$/)
    expect(name).toMatch(/^[0-9a-f]{64}$/)
  }
  expect(new Set(rows.map(([, name]) => name)).size).toBe(rows.length)
  // Nonce and tag, and then steps: of 64 bytes while small, of at most an eighth beyond.
  for (const [, , value] of rows) {
    const padded = value.length - 40
    if (padded <= 1024) expect(padded % 64).toBe(0)
    else expect(padded % 2 ** (Math.floor(Math.log2(padded)) - 4)).toBe(0)
  }
})

test('attack 38: in the clear stand the header and the count of tries, and nothing else', async () => {
  await lifeOfBruna()
  const front = (await dump()).filter(([table]) => table === 'z')
  expect(front.map(([, name]) => name)).toEqual(['header', 'tries'])
  expect(front[1]![2]).toHaveLength(3)
})

test('attack 38: erased, not even the rows are left', async () => {
  await lifeOfBruna()
  expectOk(await (await someDisk()).erase())
  expect(await dump()).toEqual([])
})
