import { expect, test } from 'vitest'
import type { EpochId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { boxPath, encodeBox, parseBoxSet } from '../../src/lib/ledger/boxes.ts'
import { parseSyncMessage } from '../../src/lib/wire/sync.ts'
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
      ? [{ type: parsed.value.type, bytes: message.length }]
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
