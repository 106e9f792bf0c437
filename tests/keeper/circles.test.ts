import { expect, test, vi } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { dayOf } from '../../src/lib/core/clock.ts'
import { idBytes, type EntryId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { CARRIED_SIZES, sealCarried } from '../../src/lib/feed/carried.ts'
import { blobIdOf } from '../../src/lib/feed/files.ts'
import { generateSecretKey } from '../../src/lib/crypto/hash.ts'
import { encodeFilesMessage, parseFilesMessage } from '../../src/lib/wire/files.ts'
import type { Circle } from '../../src/lib/workspace/circle.ts'
import { inspect } from '../../src/keeper/inspect.ts'
import { Village, namesIn, reads, writes, type Phone } from '../workspace/circle-cast.ts'
import { seededRandom } from '../world/time.ts'
import { House, spellings } from './house.ts'

vi.setConfig({ testTimeout: 120_000 })

const DAY_MS = 86_400_000

/** Alba, Bruna and Ceiba with a circle of their own, Drago and Elma beside it, and a keeper that all of them let in. */
const circled = async (seed: number, about: { readonly quota?: number } = {}) => {
  const village = new Village(seed)
  const phones = (await village.found('Alba', 'Bruna', 'Ceiba', 'Drago', 'Elma')) as [
    ...[Phone, Phone, Phone, Phone],
    Phone,
  ]
  const [alba, bruna, ceiba, drago, elma] = phones
  const house = await House.open(village.world, about)
  await house.letIn(alba.person, bruna.person, ceiba.person)
  for (const { person } of phones) house.link(person)
  await settle(village, house)
  const circles = (await village.circle(alba, bruna, ceiba)) as [Circle, Circle, Circle]
  await village.onlyLinked()
  return { village, house, alba, bruna, ceiba, drago, elma, circles }
}

const settle = async (village: Village, house: House) => {
  for (let round = 0; round < 2; round++) {
    await village.settle()
    await house.settle()
  }
}

/** Each of them is awake for a while, when nobody else is, and meets the keeper alone. */
const comeBy = async (village: Village, house: House, ...phones: Phone[]) => {
  for (const phone of phones) {
    await village.onlyLinked()
    house.link(phone.person)
    await settle(village, house)
    house.cut()
  }
}

const pins = (circles: readonly Circle[]) => circles.map(({ replica }) => replica.ledger.pin)

test('three of a circle are never awake at the same hour: the keeper, which is in no circle, carries what they write, and is killed in between', async () => {
  const { village, house, alba, bruna, ceiba, circles } = await circled(1)
  await writes(circles[0], 'de Alba ')
  await comeBy(village, house, alba)
  await house.restarts()
  expect(reads(circles[1])).toBe('')
  await comeBy(village, house, bruna)
  expect(reads(circles[1])).toBe('de Alba ')
  await writes(circles[1], 'y de Bruna')
  await comeBy(village, house, bruna, ceiba, alba)
  expect(circles.map(reads)).toEqual(Array(3).fill('de Alba y de Bruna'))
})

test('they agree on what stands there by the keeper alone, and Elma, who comes later, begins from it', async () => {
  const { village, house, alba, bruna, ceiba, elma, circles } = await circled(2)
  await writes(circles[0], 'lo de antes ')
  await comeBy(village, house, alba, bruna, ceiba)
  village.world.connectAll()
  await village.settle()
  const elmas = await village.entersWithout(elma, { without: 'welcome', by: [alba, bruna] })
  await village.onlyLinked()
  const id: EntryId = expectOk(circles[0].replica.checkpoints.propose())
  await comeBy(village, house, alba, bruna, ceiba)
  for (const { replica } of circles.slice(1)) expectOk(replica.checkpoints.cosign(id))
  await comeBy(village, house, bruna, ceiba)
  await house.restarts()
  await comeBy(village, house, alba, bruna, elma)
  expect(pins(circles)).toEqual([id, id, id])
  village.world.clock.pass(60_000)
  await comeBy(village, house, elma)
  expect(elmas.replica.ledger.pin).toBe(id)
  expect(reads(elmas)).toBe('lo de antes ')
})

test('attack 38: neither its disk nor what it lists names anybody in a circle or says a word of it, nor who handed over what', async () => {
  const { village, house, alba, bruna, ceiba, circles } = await circled(3)
  const words = ['La reunión es el jueves', 'Comandante Jaguar']
  await writes(circles[0], words[0]!)
  await comeBy(village, house, alba)
  circles[1].replica.rotate()
  await writes(circles[1], words[1]!)
  const id = expectOk(circles[1].replica.checkpoints.propose())
  await comeBy(village, house, bruna, ceiba, alba)
  expectOk(circles[2].replica.checkpoints.cosign(id))
  expectOk(circles[0].replica.checkpoints.cosign(id))
  await comeBy(village, house, ceiba, alba, bruna, ceiba)
  expect(pins(circles)).toEqual([id, id, id])
  const { replica } = circles[0]
  const secrets = [
    ...namesIn(replica),
    ...replica.checkpoints.carriable().map(({ digest }) => hexFromBytes(digest)),
  ]
  expect(replica.checkpoints.carriable().length).toBeGreaterThan(1)
  const lines = await inspect(house.folder, systemRandom)
  for (const where of [house.disk(), Buffer.from(lines.join('\n'))]) {
    for (const secret of secrets) {
      expect(where.includes(Buffer.from(secret, 'hex'))).toBe(false)
      expect(where.includes(secret)).toBe(false)
    }
    for (const word of words)
      for (const spelling of spellings(word)) expect(where.includes(spelling)).toBe(false)
  }
  // It lists each of them, by a name and a size that many have.
  const listed = lines.filter((line) => line.startsWith('carried'))
  expect(listed.length).toBe(house.keeping.blobs!.ids('carried').length)
  expect(listed.length).toBeGreaterThan(4)
  for (const { size } of house.keeping.blobs!.all()) expect(CARRIED_SIZES).toContain(size)
  // Who is in the collective it knows; beside what circles gave there is no word of any of them.
  const rows = expectOk(await house.storage.all('shelf'))
  expect(rows.rows.length).toBe(listed.length)
  for (const [, value] of rows.rows)
    for (const { person } of village.phones)
      for (const id of [person.device, person.member])
        expect(Buffer.from(value).includes(Buffer.from(idBytes(id)))).toBe(false)
})

test('no file passes between a phone and a keeper, either way, and nothing that is whispered', async () => {
  const { village, house, alba } = await circled(4)
  const file = expectOk(await alba.files.add(systemRandom.bytes(5000)))
  await village.onlyLinked()
  const from = village.world.network.sent.length
  house.link(alba.person)
  await settle(village, house)
  const [theirs] = [...alba.person.judged.keys()]
  theirs!.other!.send('files', encodeFilesMessage({ type: 'want', ids: [file.manifest] }))
  await settle(village, house)
  const said = village.world.network.sent.slice(from).flatMap(({ message }) => {
    const parsed = parseFilesMessage(message)
    return parsed.ok ? [parsed.value] : []
  })
  expect(said.some((one) => one.type === 'lack' && one.ids.includes(file.manifest))).toBe(true)
  expect(said.filter((one) => one.type === 'blob' && blobIdOf(one.blob) === file.manifest)).toEqual([])
  expect(said.filter(({ type }) => type === 'whisper')).toEqual([])
})

/** Answers for Drago’s phone whatever the keeper asks of it, from `blobs`. */
const hands = async (of: { village: Village; house: House; drago: Phone; blobs: readonly Uint8Array[] }) => {
  const { village, house, drago, blobs } = of
  const byId = new Map(blobs.map((blob) => [blobIdOf(blob), blob]))
  await village.onlyLinked()
  house.link(drago.person)
  await settle(village, house)
  const [link] = [...drago.person.judged.keys()]
  link!.receive('files', (bytes) => {
    const asked = parseFilesMessage(bytes)
    for (const id of asked.ok && asked.value.type === 'want' ? asked.value.ids : [])
      if (byId.has(id)) link!.send('files', encodeFilesMessage({ type: 'blob', blob: byId.get(id)! }))
  })
  const ids = [...byId.keys()]
  for (let i = 0; i < ids.length; i += 1024)
    link!.send('files', encodeFilesMessage({ type: 'carry', ids: ids.slice(i, i + 1024) }))
  await settle(village, house)
  return link!
}

const noise = (village: Village, { bytes = 10, days = 0 } = {}) =>
  expectOk(
    sealCarried(new Uint8Array(bytes), {
      key: generateSecretKey(),
      coll: village.phones[0]!.person.replica.coll,
      day: dayOf(village.world.clock.now()) + days,
    }),
  )

test('attack 50: Drago’s phone floods the keeper: a tenth of its room is filled, the circle’s words still pass, and records too', async () => {
  const quota = 10_000_000
  const { village, house, alba, bruna, drago, circles } = await circled(5, { quota })
  const blobs = Array.from({ length: 40 }, () => noise(village, { bytes: 60_000 }))
  await hands({ village, house, drago, blobs })
  const held = house.keeping.blobs!.heldFrom('carried', drago.person.device)
  expect(held.bytes).toBeGreaterThan(quota / 20)
  expect(held.bytes).toBeLessThanOrEqual(quota / 10)
  // Again from the beginning, after it was killed: it does not remember whose they are, and there is an end all the same.
  for (let again = 0; again < 4; again++) {
    await house.restarts()
    await hands({ village, house, drago, blobs: blobs.map(() => noise(village, { bytes: 60_000 })) })
  }
  const total = house.keeping.blobs!.all().reduce((sum, { size }) => sum + size, 0)
  expect(total).toBeGreaterThan(0.2 * quota)
  expect(total).toBeLessThanOrEqual(0.3 * quota)
  expect(house.storage.size).toBeLessThan(quota)
  expect(house.keeping.room.state.read()).toBe('room')
  await alba.person.writes('para todas')
  await comeBy(village, house, alba, bruna)
  expect(bruna.person.reads()).toContain('para todas')
  // When its days are over, the flood is gone and the circle goes on by the keeper.
  house.ahead += 46 * DAY_MS
  await house.keeping.tidy()
  expect(house.keeping.blobs!.all()).toEqual([])
  await writes(circles[0], 'seguimos')
  await comeBy(village, house, alba, bruna)
  expect(reads(circles[1])).toBe('seguimos')
})

test('what circles gave is gone when its days are over, and within a week more from its disk', async () => {
  const { village, house, drago } = await circled(6)
  const blob = noise(village)
  await hands({ village, house, drago, blobs: [blob] })
  const isOnDisk = () => house.disk().includes(Buffer.from(blob))
  expect(house.keeping.blobs!.has(blobIdOf(blob))).toBe(true)
  house.ahead += 44 * DAY_MS
  await house.keeping.tidy()
  expect(house.keeping.blobs!.has(blobIdOf(blob))).toBe(true)
  house.ahead += 1 * DAY_MS
  await house.keeping.tidy()
  expect(house.keeping.blobs!.has(blobIdOf(blob))).toBe(false)
  expect(isOnDisk()).toBe(true)
  house.ahead += 7 * DAY_MS
  await house.keeping.tidy()
  expect(isOnDisk()).toBe(false)
})

test('attacks 12, 13, 37: whatever bytes a phone sends it where circles’ blobs travel, the keeper keeps none of it, and goes on', async () => {
  const { village, house, alba, bruna, drago, circles } = await circled(7)
  const before = house.keeping.blobs!.all().length
  const random = seededRandom(7)
  const good = noise(village)
  const bad = [
    ...[0, 1, 4, 5000, 4095, 4097].map((length) => random.bytes(length)),
    noise(village, { days: -45 }),
    noise(village, { days: 30 }),
  ]
  const link = await hands({ village, house, drago, blobs: bad })
  expect(house.keeping.blobs!.all().length).toBe(before)
  const message = encodeFilesMessage({ type: 'blob', blob: good })
  const flipped = message.map((byte, i) => (i === 3 ? byte ^ 1 : byte))
  for (const bytes of [message, flipped, message.subarray(0, 9), random.bytes(64), new Uint8Array()])
    link.send('files', bytes)
  for (const ids of [[], [blobIdOf(good)]]) link.send('files', encodeFilesMessage({ type: 'lack', ids }))
  await settle(village, house)
  expect(house.keeping.blobs!.all().length).toBe(before)
  expect(house.linked).toBe(1)
  for (let n = 0; n < 80; n++) link.send('files', random.bytes(1 + (n % 40)))
  await settle(village, house)
  expect(house.linked).toBe(0)
  await writes(circles[0], 'como si nada')
  await comeBy(village, house, alba, bruna)
  expect(reads(circles[1])).toBe('como si nada')
})

test('a keeper that one member paused is handed nothing of any circle', async () => {
  const { village, house, alba, bruna, circles } = await circled(8)
  village.world.connectAll()
  for (const { person } of village.phones) house.link(person)
  await settle(village, house)
  bruna.person.replica.suspend(house.device, 'doubtful')
  await settle(village, house)
  const before = house.keeping.blobs!.all().length
  await writes(circles[0], 'no para esa máquina')
  await settle(village, house)
  house.link(alba.person)
  await settle(village, house)
  expect(house.linked).toBe(0)
  expect(reads(circles[1])).toBe('no para esa máquina')
  expect(house.keeping.blobs!.all().length).toBe(before)
})
