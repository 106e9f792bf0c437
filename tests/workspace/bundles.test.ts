import { beforeEach, expect, test } from 'vitest'
import { decodeCbor, encodeCbor, type Cbor } from '../../src/lib/core/cbor.ts'
import { idBytes } from '../../src/lib/core/ids.ts'
import { encodeSyncMessage } from '../../src/lib/wire/sync.ts'
import { rootsOf } from '../../src/lib/domain/document.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { addThreat, archiveThreat, closedThreats, threats } from '../../src/lib/domain/threats.ts'
import { snapshotHash } from '../../src/lib/feed/checkpoint.ts'
import { partsOf } from '../../src/lib/workspace/bundle-parts.ts'
import { createKemPair } from '../../src/lib/crypto/kem.ts'
import { RULES } from '../../src/lib/ledger/rules.ts'
import { openFile, sealFile } from '../../src/lib/net/bundle.ts'
import { encodeBundle, MAX_BUNDLE_BYTES, parseBundle, type Bundle } from '../../src/lib/wire/bundle.ts'
import { createBundles } from '../../src/lib/workspace/bundle-door.ts'
import { encodeLastBundle, parseLastBundle } from '../../src/lib/workspace/bundle-row.ts'
import { exportBundle, givenNow, readBundleFile, type Given } from '../../src/lib/workspace/bundles.ts'
import { World, type Person } from '../world/cast.ts'
import { seededRandom } from '../world/time.ts'

let world: World
let ana: Person
let bea: Person
let cata: Person

let dora: Person

/** One more, so that three can agree without the fourth. */
const fourOfThem = async () => {
  world = new World(69)
  ;[ana, bea, cata, dora] = (await world.found('Ana', 'Bea', 'Cata', 'Dora')) as [
    Person,
    Person,
    Person,
    Person,
  ]
  for (const person of world.people) world.cut(person)
}

const read = (file: Uint8Array, who: Person) =>
  readBundleFile(file, {
    secrets: secretsOf(who),
    targetOf: (coll) => (coll === who.replica.coll ? { replica: who.replica } : null),
  })
const secretsOf = (who: Person) => [...who.replica.kem.holders()].map(({ kemSk }) => kemSk)
const made = async ({ replica }: Person, since?: Given) =>
  expectOk(await exportBundle({ replica, random: world.random, now: world.clock.now(), since }))
const write = async (who: Person, since?: Given) => (await made(who, since)).file
const open = async (file: Uint8Array, who: Person): Promise<Bundle> =>
  expectOk(parseBundle(expectOk(await openFile({ file, secrets: secretsOf(who), most: MAX_BUNDLE_BYTES }))))
const seal = async (payload: Uint8Array, who: Person) =>
  expectOk(await sealFile({ payload, recipients: [who.replica.own.device.kemPk], random: seededRandom(5) }))

beforeEach(async () => {
  world = new World()
  ;[ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  for (const person of world.people) world.cut(person)
})

test('Ana and Bea are never online together; a memory card in Cata’s pocket carries what Ana wrote', async () => {
  await ana.writes('Vamos de a dos. ')
  const found = expectOk(await read(await write(ana), bea))
  expect(found.news).toMatchObject({ acts: 0, records: 1 })
  expect(bea.reads()).toBe('')
  expect(await found.apply()).toEqual({ acts: 0, records: 1, carried: 0, refused: 0, waits: false })
  await world.settle()
  expect(bea.reads()).toBe('Vamos de a dos. ')
})

test('two files crosswise, and both have the same', async () => {
  await ana.writes('uno ')
  await bea.writes('dos ')
  const [toBea, toAna] = [await write(ana), await write(bea)]
  await expectOk(await read(toBea, bea)).apply()
  await expectOk(await read(toAna, ana)).apply()
  await world.settle()
  expect(rootsOf(ana.doc)).toBe(rootsOf(bea.doc))
  expect(ana.reads()).toContain('dos')
})

test('Bea missed three rotations; the file brings them, with what was written under them', async () => {
  for (const words of ['uno ', 'dos ', 'tres ']) {
    ana.replica.rotate()
    await ana.writes(words)
  }
  const found = expectOk(await read(await write(ana), bea))
  // With each rotation came a new key of Ana’s phone.
  expect(found.news).toMatchObject({ acts: 6, records: 3 })
  await found.apply()
  await world.settle()
  expect(bea.reads()).toBe('uno dos tres ')
})

test('a next file carries only what is new since the one before', async () => {
  await ana.writes('viejo '.repeat(3000))
  const whole = await write(ana)
  await expectOk(await read(whole, bea)).apply()
  const given = givenNow(ana.replica)
  ana.replica.rotate()
  await ana.writes('nuevo ')
  const small = await write(ana, given)
  expect(small.length).toBeLessThan(whole.length)
  const inside = await open(small, bea)
  expect(inside.messages.map(({ type }) => type)).toEqual(['entries', 'boxes', 'segment'])
  expect(await expectOk(await read(small, bea)).apply()).toEqual({
    acts: 2,
    records: 1,
    carried: 0,
    refused: 0,
    waits: false,
  })
  await world.settle()
  expect(bea.reads()).toContain('nuevo')
})

test('a file that begins above what Bea has waits for the one before, and loses nothing', async () => {
  await ana.writes('uno ')
  const first = await write(ana)
  const given = givenNow(ana.replica)
  await ana.writes('dos ')
  const second = await write(ana, given)
  expect(await expectOk(await read(second, bea)).apply()).toMatchObject({ waits: true })
  expect(bea.reads()).toBe('')
  expect(await expectOk(await read(first, bea)).apply()).toMatchObject({ waits: false })
  await world.settle()
  expect(bea.reads()).toBe('uno dos ')
})

test('what builds on something Bea lacks waits for it and says so, though nothing of who wrote it is missing', async () => {
  world.link(ana, cata)
  await cata.writes('de Cata ')
  await world.settle()
  const { given } = await made(ana)
  await ana.writes('y de Ana ')
  const news = await write(ana, given)
  expect(await expectOk(await read(news, bea)).apply()).toMatchObject({ records: 1, waits: true })
  expect(bea.reads()).toBe('')
  expect(await expectOk(await read(await write(ana), bea)).apply()).toMatchObject({ waits: false })
  await world.settle()
  expect(bea.reads()).toBe('de Cata y de Ana ')
})

test('Bea has the acts and not the keys that go with them: a file that brings nothing else is worth taking', async () => {
  ana.replica.rotate()
  await ana.replica.flush()
  const given = givenNow(bea.replica)
  bea.replica.absorbEntries(ana.replica.entriesSince(given.heads))
  const found = expectOk(await read(await write(ana, given), bea))
  expect(found.news).toMatchObject({ acts: 0, records: 0, keys: 1 })
  await found.apply()
  expect(bea.replica.missingBoxes()).toEqual([])
})

test('who holds no phone of the collective opens nothing, and a file of another collective changes nothing', async () => {
  await ana.writes('algo')
  const file = await write(ana)
  const stranger = await readBundleFile(file, {
    secrets: [createKemPair().secretKey],
    targetOf: () => ana,
  })
  expect(stranger).toEqual({ ok: false, error: { type: 'NotForThisPhone' } })
  const elsewhere = await readBundleFile(file, { secrets: [bea.replica.own.kemSk], targetOf: () => null })
  expect(elsewhere).toEqual({ ok: false, error: { type: 'OtherCollective' } })
})

test('a file of a collective that goes by newer rules says so before anything of it is taken', async () => {
  const newer = await seal(encodeBundle({ coll: bea.replica.coll, rules: RULES + 1, messages: [] }), bea)
  expect(expectOk(await read(newer, bea)).rulesAreAhead).toBe(true)
  expect(expectOk(await read(await write(ana), bea)).rulesAreAhead).toBe(false)
})

test('a phone that was paused is not among those a file speaks to', async () => {
  ana.replica.suspend(cata.device, 'lost')
  await ana.writes('secreto')
  expect(await read(await write(ana), cata)).toEqual({ ok: false, error: { type: 'NotForThisPhone' } })
})

const DAY_MS = 86_400_000

/** Ana, Bea and Dora agree, without Cata, who hears nothing of it. */
const settlesWithoutCata = async () => {
  world.connectAll([ana, bea, dora])
  await world.settle()
  const id = expectOk(ana.replica.checkpoints.propose())
  await world.settle()
  for (const { replica } of [bea, dora]) expectOk(replica.checkpoints.cosign(id))
  await world.settle()
  for (const person of world.people) world.cut(person)
  return id
}
const daysPass = async (days: number) => {
  for (let day = 0; day < days; day++) {
    world.clock.pass(DAY_MS)
    for (const { replica } of world.people) await replica.settled()
  }
  await world.settle()
}
const recordsOf = async ({ storage }: Person) =>
  (await Promise.all((['records', 'tail'] as const).map((table) => storage.all(table)))).flatMap(
    (rows) => expectOk(rows).rows,
  )

test('Cata was away since before they agreed, and the records went a week later: a file of everything lets her read it all', async () => {
  await fourOfThem()
  await ana.writes('hace tiempo ')
  const id = await settlesWithoutCata()
  await daysPass(8)
  expect((await recordsOf(ana)).length).toBe(0)
  await ana.writes('y ahora ')
  const found = expectOk(await read(await write(ana), cata))
  expect(cata.reads()).toBe('')
  expect(await found.apply()).toMatchObject({ refused: 0, waits: false })
  await world.settle()
  expect(cata.reads()).toBe('hace tiempo y ahora ')
  expect(cata.replica.ledger.pin).toBe(id)
  await cata.restarts()
  await cata.replica.whole()
  expect(cata.reads()).toBe('hace tiempo y ahora ')
  // And goes on from there.
  await cata.writes('de Cata')
  expect(await expectOk(await read(await write(cata), dora)).apply()).toMatchObject({ waits: false })
  await world.settle()
  expect(dora.reads()).toBe('hace tiempo y ahora de Cata')
})

test('Cata was away for more than a month, and a key she never had is gone: once they agree anew, a file brings it all', async () => {
  await fourOfThem()
  ana.replica.rotate()
  await ana.writes('hace tiempo ')
  await settlesWithoutCata()
  await daysPass(8)
  ana.replica.rotate()
  await daysPass(33)
  // They meet for a minute, hold all that the others do, and so let go.
  world.connectAll([ana, bea, dora])
  for (let round = 0; round < 3; round++) {
    world.clock.pass(20_000)
    await world.settle()
  }
  for (const person of world.people) world.cut(person)
  await daysPass(2)
  expect(await expectOk(await read(await write(ana), cata)).apply()).toMatchObject({ waits: true })
  expect(cata.reads()).toBe('')
  world.connectAll([ana, bea, dora])
  for (let round = 0; round < 4; round++) {
    world.clock.pass(30_000)
    await world.settle()
  }
  const id = await settlesWithoutCata()
  expect(await expectOk(await read(await write(ana), cata)).apply()).toMatchObject({ waits: false })
  await world.settle()
  expect(cata.reads()).toBe('hace tiempo ')
  expect(cata.replica.ledger.pin).toBe(id)
}, 120_000)

test('Cata had the file before; what was written since and agreed on is gone as records: a file of what is new brings it', async () => {
  await fourOfThem()
  await ana.writes('uno ')
  const { file, given } = await made(ana)
  await expectOk(await read(file, cata)).apply()
  expect(cata.reads()).toBe('uno ')
  await ana.writes('dos ')
  await settlesWithoutCata()
  await daysPass(8)
  await ana.writes('tres ')
  const news = await made(ana, given)
  expect(await expectOk(await read(news.file, cata)).apply()).toMatchObject({ refused: 0, waits: false })
  await world.settle()
  expect(cata.reads()).toBe('uno dos tres ')
  // Who has that one needs no more of what they agreed on.
  await ana.writes('cuatro ')
  const last = await write(ana, news.given)
  expect((await open(last, cata)).messages.map(({ type }) => type)).toEqual(['segment'])
  expect(await expectOk(await read(last, cata)).apply()).toMatchObject({ waits: false })
  await world.settle()
  expect(cata.reads()).toBe('uno dos tres cuatro ')
})

test('Cata began to sign and is away: what they propose now goes to her in a file, and her name comes back in one', async () => {
  await ana.writes('esto es lo nuestro ')
  const id = expectOk(ana.replica.checkpoints.propose())
  await expectOk(await read(await write(ana), cata)).apply()
  await world.settle()
  expect(cata.replica.checkpoints.checkOf(id)).toBe('same')
  expectOk(cata.replica.checkpoints.cosign(id))
  await expectOk(await read(await write(cata), bea)).apply()
  await world.settle()
  expect(bea.replica.checkpoints.checkOf(id)).toBe('same')
})

test('what was put away before Elma came goes to Cata in the same file that Elma can open, and Elma finds no word of it', async () => {
  await fourOfThem()
  archiveThreat(ana.doc, addThreat(ana.doc, { title: 'Vigilancia', what: 'La casa del río' }))
  await ana.writes('lo nuestro ')
  const id = await settlesWithoutCata()
  const link = world.connectAll.bind(world)
  world.connectAll = () => link(world.people.filter((person) => person !== cata))
  world.connectAll()
  const elma = await world.admit('Elma', ana, bea, dora)
  for (const person of world.people) world.cut(person)
  await daysPass(8)
  const file = await write(ana)
  const bundle = await open(file, elma)
  expect(bundle.closed.length).toBe(1)
  const closedIn = (who: Person) =>
    partsOf(bundle, who.replica).filter((part) => ana.replica.checkpoints.isClosedPart(snapshotHash(part)))
  expect(closedIn(elma)).toEqual([])
  expect(await expectOk(await read(file, cata)).apply()).toMatchObject({ refused: 0, waits: false })
  await world.settle()
  expect(closedIn(cata).length).toBe(1)
  expect(cata.replica.ledger.pin).toBe(id)
  expect(cata.reads()).toBe('lo nuestro ')
  const closed = threats(cata.replica.documents.closed.read()).read()
  expect(closedThreats(closed, []).map(({ title }) => title)).toEqual(['Vigilancia'])
})

test('a part that no act asks for, or another in the place of the one asked for, is let go of, and nothing else is', async () => {
  await fourOfThem()
  await ana.writes('lo nuestro ')
  await settlesWithoutCata()
  await daysPass(8)
  const sound = await open(await write(ana), cata)
  const parts = sound.messages.flatMap((one) => (one.type === 'part' ? [one.part] : []))
  const altered = parts.map((part) => part.map((byte, i) => (i === part.length - 1 ? byte ^ 1 : byte)))
  const others = sound.messages.filter(({ type }) => type !== 'part')
  const of = (list: readonly Uint8Array[]) => ({
    ...sound,
    messages: [...others, ...list.map((part) => ({ type: 'part', part }) as const)],
  })
  const bad = await seal(encodeBundle(of([...altered, new Uint8Array(), new Uint8Array(5000)])), cata)
  await expectOk(await read(bad, cata)).apply()
  await world.settle()
  expect(cata.reads()).toBe('')
  expect(expectOk(await cata.storage.all('snapshots')).rows).toEqual([])
  await expectOk(await read(await seal(encodeBundle(of(parts)), cata), cata)).apply()
  await world.settle()
  expect(cata.reads()).toBe('lo nuestro ')
})

test('without anything new in kind a file is what it always was; with it, what a later app says besides is passed over', async () => {
  await ana.writes('uno ')
  const { coll } = ana.replica
  const plain = await open(await write(ana), bea)
  const version = (bytes: Uint8Array) => (expectOk(decodeCbor(bytes)) as readonly Cbor[])[1]
  expect(version(encodeBundle(plain))).toBe(1)
  expect(version(encodeBundle({ ...plain, carried: [new Uint8Array(4096)] }))).toBe(2)
  const unknown = encodeCbor([99, 'más tarde'])
  const segment = encodeSyncMessage(plain.messages.find(({ type }) => type === 'segment')!)
  const pieces = [unknown, segment]
  const size = unknown.length + segment.length
  const later = encodeCbor(['lumbre bundle', 2, idBytes(coll), 1, 2, size, pieces, [], []])
  expect(expectOk(parseBundle(later)).messages.map(({ type }) => type)).toEqual(['segment'])
  const first = encodeCbor(['lumbre bundle', 1, idBytes(coll), 1, 2, size, pieces])
  expect(parseBundle(first)).toEqual({ ok: false, error: { type: 'BadBundle' } })
})

test('a disk that does not give back what is to go in makes no file, rather than one with a hole', async () => {
  await ana.writes('uno ')
  const { replica } = ana
  for (const { feed } of replica.feeds.heads()) {
    const rows = expectOk(await ana.storage.all('tail', `${replica.coll}/${feed}`)).rows
    await ana.storage.commit(rows.map(([key]) => ({ table: 'tail', key, value: null })))
  }
  const file = await exportBundle({ replica, random: world.random, now: 0 })
  expect(file).toEqual({ ok: false, error: { type: 'StorageFailed' } })
})

const doorOf = ({ replica, storage }: Person) =>
  createBundles({ replica, storage, clock: world.clock, random: world.random })

test('Ana’s phone remembers how far her last file went, also when the app is opened again, and on which day', async () => {
  await ana.writes('viejo '.repeat(3000))
  const door = doorOf(ana)
  expect(door.last.read()).toBe(null)
  const whole = expectOk(await door.write('news'))
  await whole.kept()
  const day = world.clock.now() - (world.clock.now() % 86_400_000)
  expect(door.last.read()).toBe(day)
  await ana.restarts()
  await ana.writes('nuevo ')
  const again = doorOf(ana)
  const news = expectOk(await again.write('news')).bytes
  expect(news.length).toBeLessThan(whole.bytes.length)
  expect(again.last.read()).toBe(day)
  expect((await open(news, bea)).messages.map(({ type }) => type)).toEqual(['segment'])
  expect(expectOk(await again.write('everything')).bytes.length).toBeGreaterThanOrEqual(whole.bytes.length)
})

test('Ana makes a file and does not save it: the next of what is new has what was in that one too', async () => {
  const door = doorOf(ana)
  await ana.writes('uno ')
  const first = expectOk(await door.write('everything'))
  await first.kept()
  await expectOk(await read(first.bytes, bea)).apply()
  await ana.writes('dos ')
  expectOk(await door.write('news'))
  await ana.writes('tres ')
  const third = expectOk(await door.write('news'))
  expect(await expectOk(await read(third.bytes, bea)).apply()).toMatchObject({ records: 2, waits: false })
  await world.settle()
  expect(bea.reads()).toBe('uno dos tres ')
  // Nor after the app was closed in between.
  const again = expectOk(await doorOf(ana).write('news'))
  expect((await open(again.bytes, bea)).messages).toEqual((await open(third.bytes, bea)).messages)
})

test('a phone that was paused makes no file', async () => {
  ana.replica.suspend(cata.device, 'lost')
  world.connectAll()
  await world.settle()
  expect(await doorOf(cata).write('everything')).toEqual({ ok: false, error: { type: 'SuspendedHere' } })
})

test('what is remembered of the last file comes back as it was; a damaged row is none', () => {
  const last = { at: 86_400_000, given: givenNow(ana.replica) }
  const bytes = encodeLastBundle(last)
  expect(parseLastBundle(bytes)).toEqual(last)
  for (let at = 0; at < bytes.length; at++) expect(parseLastBundle(bytes.subarray(0, at))).toBe(null)
  // As it was written before files took along what is carried for circles.
  const { at, heads, next } = expectOk(decodeCbor(bytes)) as { readonly [field: string]: Cbor }
  expect(parseLastBundle(encodeCbor({ at: at!, heads: heads!, next: next! }))).toEqual(last)
})
