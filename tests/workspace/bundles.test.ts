import { beforeEach, expect, test } from 'vitest'
import { rootsOf } from '../../src/lib/domain/document.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createKemPair } from '../../src/lib/crypto/kem.ts'
import { RULES } from '../../src/lib/ledger/rules.ts'
import { openFile, sealFile } from '../../src/lib/net/bundle.ts'
import { encodeBundle, MAX_BUNDLE_BYTES, parseBundle, type Bundle } from '../../src/lib/wire/bundle.ts'
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
  expect(await found.apply()).toEqual({ acts: 0, records: 1, refused: 0 })
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
  expect(await expectOk(await read(small, bea)).apply()).toEqual({ acts: 2, records: 1, refused: 0 })
  await world.settle()
  expect(bea.reads()).toContain('nuevo')
})

test('a file that begins above what Bea has waits for the one before, and loses nothing', async () => {
  await ana.writes('uno ')
  const first = await write(ana)
  const given = givenNow(ana.replica)
  await ana.writes('dos ')
  const second = await write(ana, given)
  await expectOk(await read(second, bea)).apply()
  expect(bea.reads()).toBe('')
  await expectOk(await read(first, bea)).apply()
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

test('attack 45: Mallory, who is one of us, puts rubbish into a file; the sound parts are taken, the rest is counted', async () => {
  await ana.writes('bueno ')
  const inside = await open(await write(ana), bea)
  const rubbish: Bundle = {
    ...inside,
    messages: [
      { type: 'entries', entries: [new Uint8Array(50), new Uint8Array()], heads: [] },
      { type: 'segment', records: [new Uint8Array(80)], seal: new Uint8Array(10) },
      ...inside.messages,
    ],
  }
  const found = expectOk(await read(await seal(encodeBundle(rubbish), bea), bea))
  expect(await found.apply()).toEqual({ acts: 0, records: 1, refused: 1 })
  await world.settle()
  expect(bea.reads()).toBe('bueno ')
})

test('attack 45: what lies about its size, mixes in questions, or comes from a later version is refused whole', async () => {
  const { coll } = ana.replica
  const plain = encodeBundle({ coll, rules: 1, messages: [] })
  const cases: [Uint8Array, string][] = [
    [plain.map((byte, i) => (i === plain.length - 2 ? byte + 1 : byte)), 'BadBundle'],
    [new Uint8Array(20), 'BadBundle'],
    [encodeBundle({ coll, rules: 1, messages: [{ type: 'ready' } as never] }), 'BadBundle'],
    [plain.map((byte, i) => (i === 15 ? 2 : byte)), 'NewerBundle'],
  ]
  for (const [payload, type] of cases)
    expect((await read(await seal(payload, bea), bea)) as object).toMatchObject({
      ok: false,
      error: { type },
    })
})

test('attack 46: an old file, read again, changes nothing and takes nothing back', async () => {
  await ana.writes('uno ')
  const old = await write(ana)
  await expectOk(await read(old, bea)).apply()
  await ana.writes('dos ')
  ana.replica.suspend(cata.device, 'lost')
  await expectOk(await read(await write(ana), bea)).apply()
  await world.settle()
  const before = { text: rootsOf(bea.doc), state: bea.replica.state.hash, heads: bea.replica.ledger.heads() }
  const again = expectOk(await read(old, bea))
  expect(again.news).toEqual({ acts: 0, records: 0 })
  expect(await again.apply()).toEqual({ acts: 0, records: 0, refused: 0 })
  await world.settle()
  expect({
    text: rootsOf(bea.doc),
    state: bea.replica.state.hash,
    heads: bea.replica.ledger.heads(),
  }).toEqual(before)
  expect(bea.replica.state.devices.get(cata.device)?.standing).toBe('suspended')
})

test('attack 46: an old ledger in a file made to look new does not bring a paused phone back', async () => {
  const stale = await open(await write(cata), bea)
  ana.replica.suspend(cata.device, 'seized')
  await expectOk(await read(await write(ana), bea)).apply()
  await expectOk(await read(await seal(encodeBundle({ ...stale, rules: 1 }), bea), bea)).apply()
  await world.settle()
  expect(bea.replica.state.devices.get(cata.device)?.standing).toBe('suspended')
})
