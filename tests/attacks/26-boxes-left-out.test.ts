import { expect, test } from 'vitest'
import type { EntryId, EpochId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createDevice } from '../../src/lib/crypto/device.ts'
import { generateSecretKey } from '../../src/lib/crypto/hash.ts'
import { createEntry, placeFor } from '../../src/lib/ledger/authoring.ts'
import {
  boxPath,
  boxRoot,
  commitTo,
  createBoxes,
  encodeBox,
  encodeBoxSet,
  epochContext,
  parseBoxSet,
} from '../../src/lib/ledger/boxes.ts'
import { parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { membershipFrom } from '../../src/lib/workspace/membership.ts'
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

test('attack 26: Mala puts a ghost where Cata’s box should be, and hands each their own: Cata says so and is given the key; the ghost is served by nobody', async () => {
  const world = new World(261)
  const [mala, bea, cata, dora] = (await world.found('Mala', 'Bea', 'Cata', 'Dora')) as [
    Person,
    Person,
    Person,
    Person,
  ]
  const stranger = createDevice(world.random)
  const rightful = [mala, bea, cata, dora].sort((a, b) => (a.device < b.device ? -1 : 1))
  // As many boxes as there should be, so that the way to the root of everybody else’s holds.
  const recipients = rightful.map((person) =>
    person === cata ? { id: stranger.id, kemPk: stranger.device.kemPk } : kemOf(mala, person),
  )
  const { entry, epoch, key, boxes } = rotationFor(mala, recipients)
  const set = expectOk(parseBoxSet(boxes))
  world.cut(mala)
  for (const person of [bea, cata, dora]) person.replica.absorbEntries([entry.wire])
  for (const person of [bea, dora]) {
    const index = rightful.indexOf(person)
    person.replica.absorbBox(epoch, encodeBox(set[index]!), boxPath(set, index))
    expect(person.replica.keyring.has(epoch)).toBe(true)
  }
  for (const [index, box] of set.entries()) cata.replica.absorbBox(epoch, encodeBox(box), boxPath(set, index))
  cata.replica.absorbBoxes(epoch, boxes)
  expect(cata.replica.keyring.has(epoch)).toBe(false)
  await bea.writes('bajo la llave de Mala ')
  await world.settle()
  expect(cata.reads()).not.toContain('bajo la llave')
  world.clock.pass(200_000)
  await world.settle()
  world.clock.pass(10_000)
  await world.settle()
  for (const person of [bea, cata, dora]) {
    const { complaints, grants } = person.replica.state
    expect(complaints.filter((one) => one.epoch === epoch)).toMatchObject([
      { author: cata.device, reason: 'noBox' },
    ])
    const granted = grants.filter(({ epochs }) => epochs.includes(epoch))
    expect(new Set(granted.map(({ device }) => device))).toEqual(new Set([cata.device]))
    expect([bea.device, dora.device]).toContain(granted[0]!.author)
    // All read that hers is missing as long as it is, and no longer: a grant it knew of when it asked was no answer.
    const { replica, member, device } = person
    const told = (isBelow: (act: EntryId, other: EntryId) => boolean) =>
      membershipFrom(replica.state, { member, device }, replica.documents.doc.read(), {
        linked: new Set(),
        heard: new Map(),
        met: new Set(),
        knows: () => false,
        isSettled: () => false,
        isBelow,
        holds: (one) => replica.keyring.has(one),
        full: () => false,
        aside: () => 0,
        isHere: () => true,
        forked: new Set(),
      }).complaints
    expect(told((act, other) => replica.ledger.isBelow(act, other))).toEqual([])
    if (person !== cata)
      expect(told(() => true)).toMatchObject([{ by: cata.member, isMissing: true, mine: false }])
  }
  expect(cata.replica.keyring.key(epoch)).toEqual(key)
  expect(cata.reads()).toContain('bajo la llave')
  // Nobody holds the set, and whoever asks for the ghost’s box gets none.
  for (const person of [bea, cata, dora]) {
    expect(await person.replica.boxesFor(epoch, stranger.id)).toBeNull()
    expect(person.replica.state.devices.has(stranger.id)).toBe(false)
  }
})

for (const [how, extra] of [
  ['beside the right ones', (rightful: readonly Person[], cata: Person) => [...rightful, cata]],
  [
    'in the place of Dora’s',
    (rightful: readonly Person[], cata: Person) =>
      rightful.map((person) => (person.name === 'Dora' ? cata : person)),
  ],
] as const)
  test(`attack 26: Mala makes a box for Cata’s paused phone ${how}: nobody keeps it or hands it on, and Cata reads nothing`, async () => {
    const world = new World(262)
    const people = (await world.found('Mala', 'Bea', 'Cata', 'Dora')) as [Person, Person, Person, Person]
    const [mala, bea, cata, dora] = people
    bea.replica.suspend(cata.device, 'lost')
    await world.settle()
    expect(mala.replica.state.devices.get(cata.device)?.standing).toBe('suspended')
    const rightful = [mala, bea, dora].sort((a, b) => (a.device < b.device ? -1 : 1))
    const recipients = extra(rightful, cata).sort((a, b) => (a.device < b.device ? -1 : 1))
    const { entry, epoch, boxes } = rotationFor(
      mala,
      recipients.map((person) => kemOf(mala, person)),
    )
    const set = expectOk(parseBoxSet(boxes))
    world.cut(mala)
    for (const person of [bea, cata, dora]) person.replica.absorbEntries([entry.wire])
    await world.settle()
    // By rule it is for those who are active where it was made, whatever it holds.
    expect(bea.replica.state.epochs.get(epoch)?.recipients).toEqual(rightful.map(({ device }) => device))
    for (const person of [bea, dora]) {
      person.replica.absorbBoxes(epoch, boxes)
      for (const [index, box] of set.entries())
        person.replica.absorbBox(epoch, encodeBox(box), boxPath(set, index))
    }
    // Nor does her own phone take it for a key of theirs, if Mala hands it over herself.
    for (const [index, box] of set.entries())
      cata.replica.absorbBox(epoch, encodeBox(box), boxPath(set, index))
    cata.replica.absorbBoxes(epoch, boxes)
    const before = world.network.sent.length
    world.cut(cata)
    world.link(cata, bea)
    world.link(cata, dora)
    await bea.writes('sin Cata ')
    await world.settle()
    world.clock.pass(200_000)
    await world.settle()
    await dora.writes('seguimos ')
    await world.settle()
    for (const person of [bea, dora]) {
      expect(await person.replica.boxesFor(epoch, cata.device)).toBeNull()
      expect(person.reads()).toContain('sin Cata')
      expect(person.reads()).toContain('seguimos')
    }
    const toCata = world.network.sent.slice(before).filter(({ to }) => to === cata.device)
    for (const { message } of toCata) {
      const { type } = expectOk(parseSyncMessage(message))
      for (const content of ['box', 'boxes', 'welcome', 'part']) expect(type).not.toBe(content)
    }
    for (const { epochs, device } of bea.replica.state.grants)
      expect([device === cata.device, epochs.includes(epoch)]).not.toEqual([true, true])
    expect(cata.replica.keyring.has(epoch)).toBe(false)
    expect(cata.reads()).not.toContain('sin Cata')
    expect(cata.reads()).not.toContain('seguimos')
  })
