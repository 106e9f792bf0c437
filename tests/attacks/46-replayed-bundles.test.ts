import { beforeEach, expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { rootsOf } from '../../src/lib/domain/document.ts'
import { openFile, sealFile } from '../../src/lib/net/bundle.ts'
import { encodeBundle, MAX_BUNDLE_BYTES, parseBundle, type Bundle } from '../../src/lib/wire/bundle.ts'
import { exportBundle } from '../../src/lib/workspace/bundles.ts'
import { openCarriedFile } from '../../src/lib/workspace/carried-file.ts'
import { World, type Person } from '../world/cast.ts'
import { seededRandom } from '../world/time.ts'

let world: World
let ana: Person
let bea: Person
let cata: Person

const write = async (who: Person) =>
  expectOk(await exportBundle({ ...who, random: seededRandom(6), now: 0 })).file
const open = async (bytes: Uint8Array, who: Person) =>
  expectOk(
    await openCarriedFile({ size: bytes.length, arrayBuffer: () => Promise.resolve(bytes.slice().buffer) }, [
      who,
    ]),
  )
const inside = async (file: Uint8Array, who: Person): Promise<Bundle> => {
  const secrets = [...who.replica.kem.holders()].map(({ kemSk }) => kemSk)
  return expectOk(parseBundle(expectOk(await openFile({ file, secrets, most: MAX_BUNDLE_BYTES }))))
}
const lookOf = (who: Person) => ({
  text: rootsOf(who.doc),
  state: who.replica.state.hash,
  heads: who.replica.ledger.heads(),
})
const standing = (who: Person, of: Person) => who.replica.state.devices.get(of.device)?.standing

beforeEach(async () => {
  world = new World()
  ;[ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  for (const person of world.people) world.cut(person)
})

test('attack 46: an old file, opened again, changes nothing and takes nothing back', async () => {
  await ana.writes('uno ')
  const old = await write(ana)
  await (await open(old, bea)).apply()
  await ana.writes('dos ')
  ana.replica.suspend(cata.device, 'lost')
  await (await open(await write(ana), bea)).apply()
  await world.settle()
  const before = lookOf(bea)
  const again = await open(old, bea)
  expect(again.news).toEqual({ acts: 0, records: 0, keys: 0, parts: 0, carried: 0 })
  expect(await again.apply()).toEqual({ acts: 0, records: 0, carried: 0, refused: 0, waits: false })
  await world.settle()
  expect(lookOf(bea)).toEqual(before)
  expect(standing(bea, cata)).toBe('suspended')
})

test('attack 46: the same file ten times over is the same as once', async () => {
  await ana.writes('uno ')
  const file = await write(ana)
  await (await open(file, bea)).apply()
  await world.settle()
  const once = lookOf(bea)
  for (let i = 0; i < 9; i++) await (await open(file, bea)).apply()
  await world.settle()
  expect(lookOf(bea)).toEqual(once)
})

test('attack 46: an old ledger in a file made to look new does not bring a paused phone back', async () => {
  const stale = await inside(await write(cata), bea)
  ana.replica.suspend(cata.device, 'seized')
  await (await open(await write(ana), bea)).apply()
  const payload = encodeBundle({ ...stale, rules: 1 })
  const recipients = [bea.replica.own.device.kemPk]
  const file = expectOk(await sealFile({ payload, recipients, random: seededRandom(5) }))
  await (await open(file, bea)).apply()
  await world.settle()
  expect(standing(bea, cata)).toBe('suspended')
})

test('attack 46: a paused phone cannot open what was written since, in any file, nor bring in what it writes', async () => {
  ana.replica.suspend(cata.device, 'seized')
  await ana.writes('solo nuestro ')
  const file = await write(ana)
  await (await open(file, bea)).apply()
  const asCata = await openCarriedFile(
    { size: file.length, arrayBuffer: () => Promise.resolve(file.slice().buffer) },
    [cata],
  )
  expect(asCata).toEqual({ ok: false, error: { type: 'NotForThisPhone' } })
  // The paused phone has not heard of it, and hands out a file of its own.
  await cata.writes('de quien lo tiene ahora ')
  await (await open(await write(cata), bea)).apply()
  await world.settle()
  expect(bea.reads()).toBe('solo nuestro ')
  expect(standing(bea, cata)).toBe('suspended')
})
