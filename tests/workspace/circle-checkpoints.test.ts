import { expect, test, vi } from 'vitest'
import { dayOf } from '../../src/lib/core/clock.ts'
import { CLOSED_DOC, type EntryId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { addThreat, archiveThreat, closedThreats, threats } from '../../src/lib/domain/threats.ts'
import { dayOfCarried } from '../../src/lib/feed/carried.ts'
import { manifestHash, snapshotHash } from '../../src/lib/feed/checkpoint.ts'
import { CARRY_DAYS } from '../../src/lib/sync/blobs-exchange.ts'
import type { Circle } from '../../src/lib/workspace/circle.ts'
import { LARGE_DAYS } from '../../src/lib/workspace/circle-parts.ts'
import { openEnvelope } from '../../src/lib/workspace/circle-envelope.ts'
import { Dice } from '../simulation/dice.ts'
import { Village, reads, writes, type Phone } from './circle-cast.ts'

vi.setConfig({ testTimeout: 180_000 })

const DAY_MS = 86_400_000

/** Alba, Bruna and Ceiba with a circle of their own, Drago and Elma beside it. */
const circled = async (seed: number) => {
  const village = new Village(seed)
  const phones = (await village.found('Alba', 'Bruna', 'Ceiba', 'Drago', 'Elma')) as [
    ...[Phone, Phone, Phone, Phone],
    Phone,
  ]
  const [alba, bruna, ceiba, drago, elma] = phones
  const circles = (await village.circle(alba, bruna, ceiba)) as [Circle, Circle, Circle]
  return { village, alba, bruna, ceiba, drago, elma, circles }
}

const proposes = async ({ replica }: Circle): Promise<EntryId> => {
  await replica.flush()
  return expectOk(replica.checkpoints.propose())
}

/** Drago meets each of them by themselves, twice round. */
const dragoGoesRound = async (village: Village, drago: Phone, ...others: Phone[]) => {
  for (const other of [...others, ...others]) {
    await village.onlyLinked([drago, other])
    await village.settle()
  }
}

const checkOf = (circle: Circle, id: EntryId) => circle.replica.checkpoints.checkOf(id)

const closedOf = ({ replica }: Circle) =>
  closedThreats(threats(replica.documents.closed.read()).read(), []).map(({ title }) => title)

test('three of a circle who never meet agree on what stands in it: Drago, who is not in it, carries it from one to the next', async () => {
  const { village, alba, bruna, ceiba, drago, circles } = await circled(1)
  await writes(circles[0], 'entre tres ')
  await village.settle()
  await village.onlyLinked([alba, drago])
  const id = await proposes(circles[0])
  await village.settle()
  await dragoGoesRound(village, drago, alba, bruna, ceiba)
  expect(circles.map((circle) => checkOf(circle, id))).toEqual(['same', 'same', 'same'])
  for (const circle of circles.slice(1)) expectOk(circle.replica.checkpoints.cosign(id))
  await dragoGoesRound(village, drago, bruna, ceiba, alba)
  for (const circle of circles) {
    expect(circle.replica.ledger.pin).toBe(id)
    expect(reads(circle)).toBe('entre tres ')
  }
  // And they go on from there, still by Drago alone.
  await writes(circles[2], 'y lo que sigue')
  await dragoGoesRound(village, drago, ceiba, alba)
  expect(reads(circles[0])).toBe('entre tres y lo que sigue')
  // Outside it nobody knows that anything was settled.
  expect(drago.person.replica.ledger.pin).toBe(null)
})

test('Elma comes into the circle and nobody hands her how it stands: she begins from what they agreed on, which Drago brought', async () => {
  const { village, alba, bruna, ceiba, drago, elma, circles } = await circled(2)
  await writes(circles[0], 'lo de antes ')
  await village.settle()
  const elmas = await village.entersWithout(elma, { without: 'welcome', by: [alba, bruna] })
  await village.onlyLinked([alba, drago])
  expect(elmas.replica.needsWelcome()).toBe(true)
  expect(reads(elmas)).toBe('')
  const id = await proposes(circles[0])
  await village.settle()
  await dragoGoesRound(village, drago, alba, bruna, ceiba)
  for (const circle of circles.slice(1)) expectOk(circle.replica.checkpoints.cosign(id))
  await dragoGoesRound(village, drago, bruna, ceiba, alba)
  await dragoGoesRound(village, drago, elma)
  village.world.clock.pass(60_000)
  await village.settle()
  expect(elmas.replica.ledger.pin).toBe(id)
  expect(reads(elmas)).toBe('lo de antes ')
  await writes(elmas, 'y lo de Elma')
  await dragoGoesRound(village, drago, elma, bruna)
  expect(reads(circles[1])).toBe('lo de antes y lo de Elma')
})

test('whoever meets whom outside the circle, and in whatever order, it comes to an agreement', async () => {
  for (const seed of [11, 12, 13, 14]) {
    const dice = new Dice(seed)
    const { village, alba, bruna, ceiba, drago, elma, circles } = await circled(seed)
    const inside = [alba, bruna, ceiba]
    await village.onlyLinked()
    for (const [i, circle] of circles.entries()) await writes(circle, `${i} `)
    let id: EntryId | null = null
    const isDone = () => id !== null && circles.every(({ replica }) => replica.ledger.pin === id)
    for (let meeting = 0; meeting < 80 && !isDone(); meeting++) {
      const outside = dice.pick([drago, elma])!
      await village.onlyLinked([outside, dice.pick(inside)!], [drago, elma])
      if (meeting === 5) id = await proposes(circles[dice.below(3)]!)
      const signer = dice.pick(circles)!
      if (id && checkOf(signer, id) === 'same') signer.replica.checkpoints.cosign(id)
    }
    expect(isDone(), `seed ${seed}`).toBe(true)
  }
})

test('what was closed before Elma came is carried past her: no key she has opens it, until they agree that her voice counts', async () => {
  const { village, alba, bruna, ceiba, drago, elma, circles } = await circled(3)
  const { doc } = circles[0].replica.documents
  archiveThreat(doc.read(), addThreat(doc.read(), { title: 'Vigilancia', what: 'La casa del río' }))
  await village.settle()
  const elmas = await village.entersWithout(elma, { without: 'part', by: [alba, bruna] })
  await village.onlyLinked([alba, drago])
  const id = await proposes(circles[0])
  await village.settle()
  await dragoGoesRound(village, drago, alba, bruna, ceiba, elma)
  expect(circles.map((circle) => checkOf(circle, id))).toEqual(['same', 'same', 'same'])
  expect(checkOf(elmas, id)).toBe('missing')
  // Everything that Drago carries lies on her phone, and she tries every key she has.
  expect(circles[0].replica.checkpoints.docsOf(id)!.has(CLOSED_DOC)).toBe(true)
  const parts = await partsOpenTo(elma, elmas)
  expect(parts.length).toBeGreaterThan(1)
  for (const part of parts) expect(circles[0].replica.checkpoints.isClosedPart(part)).toBe(false)

  for (const circle of circles.slice(1)) expectOk(circle.replica.checkpoints.cosign(id))
  await dragoGoesRound(village, drago, bruna, ceiba, alba)
  await village.longLater()
  await dragoGoesRound(village, drago, alba, elma, bruna, elma)
  village.world.clock.pass(60_000)
  await village.longLater()
  expect(circles.map(closedOf)).toEqual([['Vigilancia'], ['Vigilancia'], ['Vigilancia']])
  expect(elmas.replica.ledger.pin).toBe(id)
  expect(closedOf(elmas)).toEqual(['Vigilancia'])
})

test('a large document of a circle is carried for two weeks at a time: then everybody lets go of it, and it is given again while it matters', async () => {
  const { village, alba, bruna, drago, circles } = await circled(4)
  const { random } = village.world
  await writes(
    circles[0],
    [...random.bytes(300_000)].map((byte) => String.fromCharCode(97 + (byte % 26))).join(''),
  )
  await village.settle()
  await village.onlyLinked([alba, drago])
  const id = await proposes(circles[0])
  await village.settle()
  /** Blobs as large as that document, by the day on which everybody lets go of them. */
  const goneOn = async () => {
    const blobs = await Promise.all(drago.shelf.ids('carried').map((one) => drago.shelf.read(one)))
    return blobs
      .filter((blob) => blob!.length >= 1024 * 1024)
      .map((blob) => dayOfCarried(blob!)! + CARRY_DAYS)
  }
  const today = () => dayOf(village.world.clock.now())
  // Beside what she wrote, which is carried for longer.
  const [first, then] = [today() + LARGE_DAYS, today() + CARRY_DAYS]
  expect((await goneOn()).sort()).toEqual([first, then])
  village.world.clock.pass(LARGE_DAYS * DAY_MS)
  await drago.exchange.expire()
  expect(await goneOn()).toEqual([then])
  await writes(circles[0], ' y más')
  await village.longLater()
  expect((await goneOn()).sort()).toEqual([first + LARGE_DAYS, then].sort())
  await dragoGoesRound(village, drago, alba, bruna)
  expect(checkOf(circles[1], id)).toBe('same')
})

/** Hashes of all parts of checkpoints that the keys of one phone open among what it carries. */
const partsOpenTo = async (phone: Phone, { replica }: Circle): Promise<readonly Uint8Array[]> => {
  const found: Uint8Array[] = []
  for (const id of phone.shelf.ids('carried')) {
    const blob = (await phone.shelf.read(id))!
    for (const epoch of replica.state.epochs.keys()) {
      const key = replica.keyring.key(epoch)
      const envelope = key && openEnvelope(blob, { key, coll: replica.coll })
      for (const message of envelope?.messages ?? [])
        if (message.type === 'part') found.push(manifestHash(message.part), snapshotHash(message.part))
    }
  }
  return found
}
