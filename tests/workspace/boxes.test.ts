import { expect, test } from 'vitest'
import type { EpochId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { boxPath, encodeBox, parseBoxSet } from '../../src/lib/ledger/boxes.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import { encodeSyncMessage, parseSyncMessage, type SyncMessage } from '../../src/lib/wire/sync.ts'
import { World, type Person } from '../world/cast.ts'

const names = (count: number) => Array.from({ length: count }, (_, i) => `persona ${i}`)

/** One of many was away while somebody made new keys, again and again. */
const away = async (count: number) => {
  const world = new World(count)
  const people = await world.found(...names(count))
  const [first, last] = [people[0]!, people.at(-1)!]
  world.cut(last)
  const epochs: EpochId[] = []
  for (let i = 0; i < 3; i++) {
    epochs.push(first.replica.rotate())
    await world.settle()
  }
  return { world, people, first, last, epochs }
}

/** Messages about boxes that went to somebody. */
const boxesSent = (world: World, { device }: Person) =>
  world.network.sent.flatMap(({ to, message }) => {
    const parsed = parseSyncMessage(message)
    return to === device && parsed.ok && (parsed.value.type === 'box' || parsed.value.type === 'boxes')
      ? [{ type: parsed.value.type, epoch: parsed.value.epoch, bytes: message.length }]
      : []
  })

test('of a collective of twenty, whoever was away gets their own box of each key they missed, not everybody’s', async () => {
  const { world, first, last, epochs } = await away(20)
  world.network.sent.splice(0)
  world.link(first, last)
  await world.settle()
  for (const epoch of epochs) expect(last.replica.keyring.has(epoch)).toBe(true)
  const sent = boxesSent(world, last).filter(({ type }) => type === 'box')
  expect(sent).toHaveLength(epochs.length)
  // A box is 1.2 KB; the way from one of twenty to the root is five hashes.
  for (const { bytes } of sent) expect(bytes).toBeLessThan(1600)
})

test('of a few, all boxes are handed on, so that whoever gets them can hand them on in turn', async () => {
  const { world, people, first, last, epochs } = await away(4)
  world.cut(first)
  world.network.sent.splice(0)
  world.link(people[1]!, last)
  await world.settle()
  for (const epoch of epochs) expect(last.replica.keyring.has(epoch)).toBe(true)
  expect(boxesSent(world, last).every(({ type }) => type === 'boxes')).toBe(true)
})

test('a box that is somebody else’s, or does not lead to the root, is not taken; the right one still is', async () => {
  const { world, first, last, epochs } = await away(18)
  const [epoch] = epochs as [EpochId]
  last.replica.absorbEntries(first.replica.ledger.since([]).map(({ wire }) => wire))
  const set = expectOk(parseBoxSet((await first.replica.boxes(epoch))!))
  const mine = set.findIndex(({ device }) => device === last.device)
  const other = mine === 0 ? 1 : 0
  const path = boxPath(set, mine)
  const box = encodeBox(set[mine]!)
  const refused: readonly (readonly [Uint8Array, readonly Uint8Array[]])[] = [
    [encodeBox(set[other]!), boxPath(set, other)],
    [box, boxPath(set, other)],
    [box, path.slice(1)],
    [box, [...path, new Uint8Array(32)]],
    [encodeBox({ ...set[mine]!, kemCt: set[other]!.kemCt }), path],
    [encodeBox({ ...set[other]!, device: last.device }), path],
    [box.slice(1), path],
  ]
  const acts = last.replica.ledger.entriesOf(last.device).length
  for (const [bytes, way] of refused) last.replica.absorbBox(epoch, bytes, way)
  await world.settle()
  expect(last.replica.keyring.has(epoch)).toBe(false)
  // Nobody is complained of for what somebody else may have sent.
  expect(last.replica.ledger.entriesOf(last.device)).toHaveLength(acts)
  last.replica.absorbBox(epoch, box, path)
  expect(last.replica.keyring.has(epoch)).toBe(true)
})

// ── asked for before they are there ──────────────────────────────────────────────────────────────────────────────

/** Ana and Bea know of an epoch that Cata made, and neither has its boxes. They are linked with each other and nobody else. */
const early = async () => {
  const world = new World(64)
  const [ana, bea, cata, dani] = (await world.found('Ana', 'Bea', 'Cata', 'Dani')) as [
    Person,
    Person,
    Person,
    Person,
  ]
  for (const person of world.people) world.cut(person)
  const epoch = cata.replica.rotate()
  await cata.replica.settled()
  world.link(ana, bea)
  await world.settle()
  world.network.sent.splice(0)
  ana.replica.absorbEntries(cata.replica.ledger.since([]).map(({ wire }) => wire))
  await world.network.settle()
  expect(asked(world, ana)).toContain(epoch)
  const come = async () => {
    ana.replica.absorbBoxes(epoch, (await cata.replica.boxes(epoch))!)
    await world.network.settle()
  }
  return { world, ana, bea, dani, epoch, come }
}

/** Epochs somebody was asked the boxes of. */
const asked = (world: World, { device }: Person): readonly EpochId[] =>
  world.network.sent.flatMap(({ to, message }) => {
    const parsed = parseSyncMessage(message)
    return to === device && parsed.ok && parsed.value.type === 'wantBoxes' ? parsed.value.epochs : []
  })

const says = (who: Person, to: Person, message: SyncMessage) => {
  for (const link of who.judged.keys())
    if (link.peer === to.device) link.send('records', encodeSyncMessage(message))
}

test('Bea asks Ana a moment too early: she gets the boxes when they come, once', async () => {
  const { world, ana, bea, epoch, come } = await early()
  says(bea, ana, { type: 'wantBoxes', epochs: [epoch, epoch] })
  await world.network.settle()
  world.clock.pass(1900)
  await come()
  expect(bea.replica.keyring.has(epoch)).toBe(true)
  expect(boxesSent(world, bea)).toHaveLength(1)
})

test('they come later than that: by then she was to ask somebody else, and gets them when she asks again', async () => {
  const { world, bea, epoch, come } = await early()
  world.clock.pass(2100)
  await come()
  expect(boxesSent(world, bea)).toEqual([])
  world.clock.pass(26_000)
  await world.settle()
  expect(bea.replica.keyring.has(epoch)).toBe(true)
})

test('Bea is suspended before they come: nothing of them goes to her', async () => {
  const { world, ana, bea, dani, epoch, come } = await early()
  dani.replica.suspend(bea.device, 'doubtful')
  ana.replica.absorbEntries(dani.replica.ledger.since([]).map(({ wire }) => wire))
  await come()
  await world.settle()
  expect(ana.replica.state.devices.get(bea.device)?.standing).toBe('suspended')
  expect(ana.replica.keyring.has(epoch)).toBe(true)
  expect(boxesSent(world, bea)).toEqual([])
  says(bea, ana, { type: 'wantBoxes', epochs: [epoch] })
  await world.settle()
  expect(boxesSent(world, bea)).toEqual([])
})

test('they come while the two begin anew: they go when both hold the same acts, not before, when they would be dropped', async () => {
  const { world, ana, bea, epoch, come } = await early()
  ana.syncing.pause()
  ana.syncing.resume()
  await come()
  await world.settle()
  const kinds = world.network.sent.flatMap(({ to, message }) => {
    const parsed = parseSyncMessage(message)
    return to === bea.device && parsed.ok ? [parsed.value.type] : []
  })
  const [again, ready] = [kinds.indexOf('again'), kinds.lastIndexOf('ready')]
  expect(again).toBeGreaterThanOrEqual(0)
  expect(ready).toBeGreaterThan(again)
  expect(kinds.slice(again, ready)).not.toContain('boxes')
  expect(bea.replica.keyring.has(epoch)).toBe(true)
})

test('who holds her own box alone, and is asked for an epoch’s boxes, looks twice and not with every act', async () => {
  const reads: string[] = []
  const world = new World(65)
  world.storageOf = (name) => {
    const disk = createMemoryStorage()
    if (name !== 'persona 0') return null
    const get: typeof disk.get = (table, key) => {
      if (table === 'boxes') reads.push(key)
      return disk.get(table, key)
    }
    return { ...disk, get }
  }
  const people = await world.found(...names(18))
  const [holder, maker, asker] = people as [Person, Person, Person]
  for (const person of people) world.cut(person)
  const epoch = maker.replica.rotate()
  await maker.replica.settled()
  world.link(holder, maker)
  await world.settle()
  expect(holder.replica.keyring.has(epoch)).toBe(true)
  world.cut(holder)
  world.link(holder, asker)
  await world.settle()
  reads.splice(0)
  says(asker, holder, { type: 'wantBoxes', epochs: [epoch] })
  for (let act = 0; act < 10; act++) {
    holder.replica.act({ type: 'complain', epoch, reason: 'noBox' })
    await holder.replica.settled()
    await world.network.settle()
  }
  expect(reads.filter((key) => key.includes(epoch)).length).toBeLessThanOrEqual(2)
  expect(boxesSent(world, asker).filter((one) => one.epoch === epoch)).toEqual([])
})

test('who was away while eighty keys were made gets them all at once from one who was there', async () => {
  const world = new World(66)
  const [ana, bea] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  for (const person of world.people) world.cut(person)
  const epochs: EpochId[] = []
  for (let i = 0; i < 80; i++) {
    epochs.push(ana.replica.rotate())
    await ana.replica.settled()
  }
  world.link(ana, bea)
  await world.network.settle()
  for (const epoch of epochs) expect(bea.replica.keyring.has(epoch)).toBe(true)
  const sent = boxesSent(world, bea).map(({ epoch }) => epoch)
  expect(sent.filter((epoch) => epochs.includes(epoch)).sort()).toEqual([...epochs].sort())
}, 60_000)
