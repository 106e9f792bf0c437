import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import {
  blobIdOf,
  CHUNK_BYTES,
  fileRefFromText,
  textFromFileRef,
  type FileRef,
} from '../../src/lib/feed/files.ts'
import { encodeFilesMessage, parseFilesMessage } from '../../src/lib/wire/files.ts'
import { Shelf } from '../../src/lib/sync/blobs-shelf.ts'
import { World, type Person } from '../world/cast.ts'
import { equip } from './equipped.ts'

/** A voice note of so many bytes, none like the next. */
const voice = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 2654435761) >>> 24)
const LONG = voice(3 * CHUNK_BYTES + 1000)
const DAY = 86_400_000
/** Long bytes are compared by their hash: quicker to say, and to show when they differ. */
const asOne = blobIdOf

const village = async (seed: number) => {
  const world = new World(seed)
  const people = (await world.found('Alba', 'Bruna', 'Ceiba')) as [Person, Person, Person]
  const gear = await Promise.all(people.map((person) => equip(person, world)))
  await world.settle()
  return { world, people, alba: gear[0]!, bruna: gear[1]!, ceiba: gear[2]! }
}

/** Lets the network run while somebody waits for something. */
const meanwhile = async <T>(world: World, wait: Promise<T>): Promise<T> => {
  let done = false
  void wait.finally(() => (done = true))
  for (let round = 0; round < 50 && !done; round++) await world.settle()
  return wait
}

test('Alba records a voice note: a document names it, and Bruna hears it when she wants to', async () => {
  const { world, people, alba, bruna, ceiba } = await village(1)
  const ref = expectOk(await alba.files.add(LONG))
  people[0].doc.getMap('notes').set('voice', textFromFileRef(ref))
  await world.settle()
  const named = fileRefFromText(people[1].doc.getMap('notes').get('voice'))!
  expect(named).toEqual(ref)
  expect(await bruna.files.isHere(named)).toBe(false) // nobody is sent what they did not ask for
  expect(asOne(expectOk(await meanwhile(world, bruna.files.read(named))))).toBe(asOne(LONG))
  expect(await bruna.files.isHere(named)).toBe(true)
  expect(ceiba.shelf.ids('file')).toEqual([])
})

test('a file needs no author beside it: Ceiba fetches from Bruna what Alba recorded', async () => {
  const { world, people, alba, bruna, ceiba } = await village(2)
  const ref = expectOk(await alba.files.add(voice(500)))
  expectOk(await meanwhile(world, bruna.files.read(ref)))
  world.cut(people[0])
  expect(expectOk(await meanwhile(world, ceiba.files.read(ref)))).toEqual(voice(500))
})

test('nobody who is linked holds it: nothing is lost, and it comes when somebody does', async () => {
  const { world, people, alba, bruna } = await village(3)
  world.cut(people[0])
  const ref = expectOk(await alba.files.add(LONG))
  expect(await meanwhile(world, bruna.files.read(ref))).toEqual({ ok: false, error: { type: 'NobodyHere' } })
  world.connectAll()
  await world.settle()
  expect(asOne(expectOk(await meanwhile(world, bruna.files.read(ref))))).toBe(asOne(LONG))
})

test('the link breaks in the middle: what arrived stays, and only the rest is fetched', async () => {
  const { world, people, alba, bruna } = await village(4)
  world.cut(people[2])
  const ref = expectOk(await alba.files.add(voice(12 * CHUNK_BYTES)))
  const reading = bruna.files.read(ref)
  let had = 0
  // Cut as soon as a few pieces are there.
  for (let i = 0; i < 200 && had < 3; i++) {
    await world.network.settle(1).catch(() => {})
    had = bruna.shelf.ids('file').length
  }
  world.cut(people[1])
  expect(await meanwhile(world, reading)).toEqual({ ok: false, error: { type: 'NobodyHere' } })
  const before = bruna.shelf.ids('file')
  expect(before.length).toBeGreaterThanOrEqual(3)
  expect(before.length).toBeLessThan(13)
  world.connectAll()
  await world.settle()
  const travelled = world.network.traffic.length
  expect(asOne(expectOk(await meanwhile(world, bruna.files.read(ref))))).toBe(asOne(voice(12 * CHUNK_BYTES)))
  const again = world.network.traffic
    .slice(travelled)
    .map(parseFilesMessage)
    .flatMap((message) => (message.ok && message.value.type === 'blob' ? [blobIdOf(message.value.blob)] : []))
  expect(again.filter((id) => before.includes(id))).toEqual([])
  expect(again.length).toBe(13 - before.length)
})

test('Drago’s suspended phone is sent no piece of any file, even one it was being sent', async () => {
  const { world, people, alba, bruna, ceiba } = await village(5)
  const ref = expectOk(await alba.files.add(LONG))
  people[1].replica.suspend(people[2].device, 'lost')
  await world.settle()
  const from = world.network.traffic.length
  expect(await meanwhile(world, ceiba.files.read(ref))).toEqual({ ok: false, error: { type: 'NobodyHere' } })
  // It asks all the same, past its own app.
  for (const link of people[2].judged.keys())
    link.send('files', encodeFilesMessage({ type: 'want', ids: [ref.manifest] }))
  await world.settle()
  const pieces = world.network.traffic
    .slice(from)
    .map(parseFilesMessage)
    .filter((message) => message.ok && message.value.type === 'blob')
  expect(pieces).toEqual([])
  expect(asOne(expectOk(await meanwhile(world, bruna.files.read(ref))))).toBe(asOne(LONG))
})

test('who joined later and was not given the old key finds the file and cannot open it', async () => {
  const { world, people, alba } = await village(6)
  const ref = expectOk(await alba.files.add(voice(100)))
  const drago = await world.admit('Drago', people[0], people[1])
  const { files } = await equip(drago, world)
  await world.settle()
  expect(await files.read(ref)).toEqual({ ok: false, error: { type: 'NoKey' } })
})

test('a reference to bytes of another file, another epoch or another place opens nothing', async () => {
  const { world, alba, bruna } = await village(7)
  const [one, other] = [expectOk(await alba.files.add(LONG)), expectOk(await alba.files.add(LONG))]
  const wrong: FileRef[] = [
    { ...one, manifest: other.manifest },
    { ...one, id: other.id },
    { ...one, size: one.size - 1 },
    { ...one, keepUntil: world.clock.now() + DAY },
  ]
  for (const ref of wrong)
    expect(await meanwhile(world, bruna.files.read(ref))).toEqual({ ok: false, error: { type: 'BadFile' } })
})

test('what is kept until a day is gone on that day, on every phone, and is not asked for again', async () => {
  const { world, alba, bruna } = await village(8)
  const ref = expectOk(await alba.files.add(voice(100), world.clock.now() + DAY))
  expectOk(await meanwhile(world, bruna.files.read(ref)))
  world.clock.pass(DAY + 1)
  for (const { exchange } of [alba, bruna]) await exchange.expire()
  for (const { shelf } of [alba, bruna]) expect(shelf.ids('file')).toEqual([])
  expect(await bruna.files.read(ref)).toEqual({ ok: false, error: { type: 'Expired' } })
})

test('a piece that rotted on the disk is noticed and fetched again', async () => {
  const { world, people, alba, bruna } = await village(9)
  const ref = expectOk(await alba.files.add(LONG))
  expectOk(await meanwhile(world, bruna.files.read(ref)))
  const rows = expectOk(await people[1].storage.all('blobs')).rows
  const [key, value] = rows[1]!
  await people[1].storage.commit([{ table: 'blobs', key, value: value.map((byte) => byte ^ 1) }])
  expect(asOne(expectOk(await meanwhile(world, bruna.files.read(ref))))).toBe(asOne(LONG))
})

test('a phone hands over as much as is its share and no more, also across restarts, and the others lose nothing by it', async () => {
  const { people, bruna } = await village(10)
  const quota = { file: { bytes: 1000, count: 3 }, carried: { bytes: 0, count: 0 } }
  const open = async () => expectOk(await Shelf.open(people[1].storage, people[1].replica.coll, { quota }))
  const from = (person: Person) => ({ kind: 'file', from: person.device, until: null }) as const
  let shelf = await open()
  for (const length of [300, 301]) expectOk(await shelf.put(voice(length), from(people[0])))
  const refused = { ok: false, error: { type: 'OverQuota', from: people[0].device } }
  expect(await shelf.put(voice(400), from(people[0]))).toEqual(refused)
  shelf = await open()
  expect(await shelf.put(voice(400), from(people[0]))).toEqual(refused)
  expectOk(await shelf.put(voice(20), from(people[0])))
  expect(await shelf.put(voice(21), from(people[0]))).toEqual(refused)
  expectOk(await shelf.put(voice(400), from(people[2])))
  expectOk(await shelf.put(voice(900), { kind: 'file', from: null, until: null }))
  expect(shelf.ids('file')[0]).toBe(blobIdOf(voice(900)))
  expect(shelf.ids('file').length).toBe(5)
  expect(bruna.shelf.ids('file')).toEqual([])
})

test('the largest file is taken, and one byte more is refused', async () => {
  const { alba } = await village(11)
  expect(await alba.files.add(new Uint8Array(32 * 1024 * 1024 + 1))).toEqual({
    ok: false,
    error: { type: 'TooLarge' },
  })
  expect(expectOk(await alba.files.add(new Uint8Array())).size).toBe(0)
})

test('the word a document holds for a file reads back as it was, and any other word as nothing', async () => {
  const { alba } = await village(12)
  const ref = expectOk(await alba.files.add(voice(10)))
  const text = textFromFileRef(ref)
  expect(fileRefFromText(text)).toEqual(ref)
  for (const bad of ['', text.slice(1), `${text}A`, 'x'.repeat(500), 7, null])
    expect(fileRefFromText(bad)).toBe(null)
})
