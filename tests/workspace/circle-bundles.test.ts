import { expect, test, vi } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import type { EntryId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { blobIdOf } from '../../src/lib/feed/files.ts'
import { openFile } from '../../src/lib/net/bundle.ts'
import { encodeBundle, MAX_BUNDLE_BYTES, parseBundle, type Bundle } from '../../src/lib/wire/bundle.ts'
import { exportBundle, readBundleFile, type Given, type Import } from '../../src/lib/workspace/bundles.ts'
import type { Circle } from '../../src/lib/workspace/circle.ts'
import { Village, namesIn, reads, writes, type Phone } from './circle-cast.ts'

vi.setConfig({ testTimeout: 180_000 })

/** Alba, Bruna and Ceiba with a circle of their own, Drago beside it; from now on nobody is linked with anybody. */
const circled = async (seed: number) => {
  const village = new Village(seed)
  const phones = (await village.found('Alba', 'Bruna', 'Ceiba', 'Drago')) as [Phone, Phone, Phone, Phone]
  const [alba, bruna, ceiba, drago] = phones
  const circles = (await village.circle(alba, bruna, ceiba)) as [Circle, Circle, Circle]
  await village.longLater()
  await village.onlyLinked()
  const { world } = village
  const make = async ({ person, shelf }: Phone, since?: Given) => {
    await village.longLater()
    const { replica } = person
    const { random, clock } = world
    return expectOk(await exportBundle({ replica, random, now: clock.now(), since, shelf }))
  }
  const secretsOf = ({ person }: Phone) => [...person.replica.kem.holders()].map(({ kemSk }) => kemSk)
  const read = async (file: Uint8Array, to: Phone): Promise<Import> => {
    const target = { ...to, replica: to.person.replica }
    return expectOk(await readBundleFile(file, { secrets: secretsOf(to), targetOf: () => target }))
  }
  const take = async (file: Uint8Array, to: Phone) => {
    const taken = await (await read(file, to)).apply()
    await village.settle()
    return taken
  }
  const inside = async (file: Uint8Array, who: Phone): Promise<Bundle> =>
    expectOk(parseBundle(expectOk(await openFile({ file, secrets: secretsOf(who), most: MAX_BUNDLE_BYTES }))))
  return { village, alba, bruna, ceiba, drago, circles, make, read, take, inside }
}

test('Alba and Bruna of a circle are never linked: Drago, who is not in it, carries what Alba wrote from file to file', async () => {
  const { alba, bruna, drago, circles, make, read, take } = await circled(1)
  await writes(circles[0], 'solo entre tres ')
  const fromAlba = (await make(alba)).file
  expect((await read(fromAlba, drago)).news.carried).toBeGreaterThan(0)
  expect(await take(fromAlba, drago)).toMatchObject({ refused: 0, waits: false })
  expect(drago.circles.all.read()).toEqual([])
  expect(reads(circles[1])).toBe('')
  const fromDrago = (await make(drago)).file
  const found = await read(fromDrago, bruna)
  expect(found.news.carried).toBeGreaterThan(0)
  expect(await take(fromDrago, bruna)).toMatchObject({ refused: 0, waits: false })
  expect(reads(circles[1])).toBe('solo entre tres ')
  // Once more is as once.
  expect((await read(fromDrago, bruna)).news.carried).toBe(0)
  expect(await take(fromDrago, bruna)).toMatchObject({ carried: 0 })
})

test('who opens the file sees of the circle what anybody sees who carries for it: noise', async () => {
  const { alba, drago, circles, make, inside } = await circled(2)
  await writes(circles[0], 'solo entre tres ')
  const bundle = await inside((await make(alba)).file, drago)
  const seen = hexFromBytes(encodeBundle(bundle))
  for (const name of namesIn(circles[0].replica)) expect(seen).not.toContain(name)
})

test('what three who never meet agreed on in their circle goes from one to the next in files Drago takes round', async () => {
  const { village, alba, bruna, ceiba, drago, circles, make, take } = await circled(3)
  const goesRound = async (...phones: Phone[]) => {
    for (const phone of [...phones, ...phones]) {
      await take((await make(drago)).file, phone)
      await take((await make(phone)).file, drago)
    }
  }
  await writes(circles[0], 'entre tres ')
  await circles[0].replica.flush()
  const id: EntryId = expectOk(circles[0].replica.checkpoints.propose())
  await goesRound(alba, bruna, ceiba)
  for (const circle of circles.slice(1)) expectOk(circle.replica.checkpoints.cosign(id))
  await goesRound(bruna, ceiba, alba)
  await village.settle()
  for (const circle of circles) expect(circle.replica.ledger.pin).toBe(id)
})

test('a file of what is new leaves out what was carried before; what nobody can carry for a circle is refused and counted', async () => {
  const { alba, drago, circles, make, take, inside } = await circled(4)
  await writes(circles[0], 'uno ')
  const first = await make(alba)
  const before = (await inside(first.file, drago)).carried.map(blobIdOf)
  await writes(circles[0], 'dos ')
  const second = await make(alba, first.given)
  const after = (await inside(second.file, drago)).carried.map(blobIdOf)
  expect(after.length).toBeGreaterThan(0)
  for (const id of after) expect(before).not.toContain(id)
  expect(await take(second.file, drago)).toMatchObject({ carried: after.length, refused: 0 })
  // Of a size no circle makes; from another year; and one that was there.
  const old = new Uint8Array(4096)
  const sound = (await inside(second.file, drago)).carried[0]!
  const taken = await drago.exchange.bring([new Uint8Array(5000), old, sound], drago.person.device)
  expect(taken).toEqual({ taken: 0, refused: 1 })
})

test('a file brings no more than one device may hand over, and what was here stays', async () => {
  const { village, drago } = await circled(5)
  const day = Math.floor(village.world.clock.now() / 86_400_000)
  const flood = Array.from({ length: 2100 }, (_, i) => {
    const blob = new Uint8Array(4096)
    new DataView(blob.buffer).setUint32(0, day)
    new DataView(blob.buffer).setUint32(8, i)
    return blob
  })
  const before = drago.shelf.ids('carried')
  const { taken } = await drago.exchange.bring(flood, drago.person.device)
  expect(taken).toBe(2048)
  for (const id of before) expect(drago.shelf.has(id)).toBe(true)
})
