import { expect, test } from 'vitest'
import type { EpochId } from '../../src/lib/core/ids.ts'
import { createDevice } from '../../src/lib/crypto/device.ts'
import { generateSecretKey } from '../../src/lib/crypto/hash.ts'
import { createEntry, placeFor } from '../../src/lib/ledger/authoring.ts'
import { boxRoot, commitTo, createBoxes, encodeBoxSet, epochContext } from '../../src/lib/ledger/boxes.ts'
import { World, type Person } from '../world/cast.ts'

/** A rotation by `mala` whose boxes are for whom she likes, rooted and signed as if that were the rule. */
const rotationFor = (mala: Person, recipients: readonly { id: Person['device']; kemPk: Uint8Array }[]) => {
  const { ledger, own, state } = mala.replica
  const place = placeFor({ ledger, own })
  const key = generateSecretKey()
  const boxes = createBoxes(key, place, recipients as Parameters<typeof createBoxes>[2])
  const act = {
    type: 'rotate',
    prev: [...state.epochs.keys()].slice(-1).sort(),
    commit: commitTo(key, epochContext(place)),
    boxRoot: boxRoot(boxes),
  } as const
  const entry = createEntry({ ledger, own, act })
  return { entry, key, epoch: entry.id as EpochId, boxes: encodeBoxSet(boxes) }
}

const kemOf = (person: Person, of: Person) => ({
  id: of.device,
  kemPk: person.replica.state.devices.get(of.device)!.kemPk as Uint8Array,
})

for (const [name, ghost] of [
  ['leaves Cata out', false],
  ['leaves Cata out and boxes for a ghost', true],
] as const)
  test(`attack 26: a rotation ${name}: nobody takes its boxes, Cata is not shut out, and no ghost reads`, async () => {
    const world = new World(26)
    const [mala, bea, cata] = (await world.found('Mala', 'Bea', 'Cata')) as [Person, Person, Person]
    const stranger = createDevice(world.random)
    const recipients = [
      kemOf(mala, mala),
      kemOf(mala, bea),
      ...(ghost ? [{ id: stranger.id, kemPk: stranger.device.kemPk as Uint8Array }] : []),
    ].sort((a, b) => (a.id < b.id ? -1 : 1))
    const { entry, epoch, boxes } = rotationFor(mala, recipients)
    world.cut(mala)
    for (const person of [bea, cata]) {
      person.replica.absorbEntries([entry.wire])
      person.replica.absorbBoxes(epoch, boxes)
    }
    await world.settle()
    expect(bea.replica.state.epochs.get(epoch)?.void).toBe(false)
    expect(bea.replica.keyring.has(epoch)).toBe(false)
    expect(await bea.replica.boxes(epoch)).toBeNull()
    world.clock.pass(12_000)
    await world.settle()
    await bea.writes('aquí seguimos ')
    await cata.writes('yo también ')
    await world.settle()
    expect(bea.reads()).toContain('yo también')
    expect(cata.reads()).toContain('aquí seguimos')
    for (const { recipients } of bea.replica.state.epochs.values())
      expect(recipients).not.toContain(stranger.id)
  })
