import { beforeEach, expect, test } from 'vitest'
import { rootsOf } from '../../src/lib/domain/document.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createKemPair } from '../../src/lib/crypto/kem.ts'
import { RULES } from '../../src/lib/ledger/rules.ts'
import { openFile, sealFile } from '../../src/lib/net/bundle.ts'
import { encodeBundle, MAX_BUNDLE_BYTES, parseBundle, type Bundle } from '../../src/lib/wire/bundle.ts'
import { createBundles } from '../../src/lib/workspace/bundle-door.ts'
import { encodeLastBundle, parseLastBundle } from '../../src/lib/workspace/bundle-row.ts'
import { exportBundle, givenNow, readBundleFile } from '../../src/lib/workspace/bundles.ts'
import { World, type Person } from '../world/cast.ts'
import { seededRandom } from '../world/time.ts'

let world: World
let ana: Person
let bea: Person
let cata: Person

const read = (file: Uint8Array, who: Person) =>
  readBundleFile(file, (coll) => (coll === who.replica.coll ? who.replica : null), secretsOf(who))
const secretsOf = (who: Person) => [...who.replica.kem.holders()].map(({ kemSk }) => kemSk)
const write = async (who: Person, since?: Parameters<typeof exportBundle>[2]) =>
  expectOk(await exportBundle(who.replica, world.random, since))
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
  expect(found.news).toEqual({ acts: 0, records: 1 })
  expect(bea.reads()).toBe('')
  expect(await found.apply()).toEqual({ acts: 0, records: 1, refused: 0, waits: false })
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
  expect(found.news).toEqual({ acts: 6, records: 3 })
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

test('who holds no phone of the collective opens nothing, and a file of another collective changes nothing', async () => {
  await ana.writes('algo')
  const file = await write(ana)
  const stranger = await readBundleFile(file, () => ana.replica, [createKemPair().secretKey])
  expect(stranger).toEqual({ ok: false, error: { type: 'NotForThisPhone' } })
  const elsewhere = await readBundleFile(file, () => null, [bea.replica.own.kemSk])
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

const doorOf = ({ replica, storage }: Person) =>
  createBundles({ replica, storage, clock: world.clock, random: world.random })
const byteCount = (written: Awaited<ReturnType<ReturnType<typeof doorOf>['write']>>) =>
  expectOk(written).bytes.length

test('Ana’s phone remembers how far her last file went, also when the app is opened again, and on which day', async () => {
  await ana.writes('viejo '.repeat(3000))
  const door = doorOf(ana)
  expect(door.last.read()).toBe(null)
  const whole = byteCount(await door.write('news'))
  const day = world.clock.now() - (world.clock.now() % 86_400_000)
  expect(door.last.read()).toBe(day)
  await ana.restarts()
  await ana.writes('nuevo ')
  const again = doorOf(ana)
  const news = expectOk(await again.write('news')).bytes
  expect(news.length).toBeLessThan(whole)
  expect(again.last.read()).toBe(day)
  expect((await open(news, bea)).messages.map(({ type }) => type)).toEqual(['segment'])
  expect(byteCount(await again.write('everything'))).toBeGreaterThanOrEqual(whole)
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
})
