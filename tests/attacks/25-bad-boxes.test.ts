import { expect, test } from 'vitest'
import type { EpochId } from '../../src/lib/core/ids.ts'
import { generateSecretKey } from '../../src/lib/crypto/hash.ts'
import { createEntry, placeFor } from '../../src/lib/ledger/authoring.ts'
import {
  boxRoot,
  commitTo,
  createBoxes,
  encodeBoxSet,
  epochContext,
  openBox,
} from '../../src/lib/ledger/boxes.ts'
import { membershipFrom } from '../../src/lib/workspace/membership.ts'
import { Council } from '../ledger/council.ts'
import { World } from '../world/cast.ts'

/** Nobody is linked, nothing is settled. */
const SEEN = {
  linked: new Set<never>(),
  heard: new Map<never, number>(),
  met: new Set<never>(),
  knows: () => false,
  isSettled: () => false,
  isBelow: () => false,
  holds: () => true,
  full: () => false,
  aside: () => 0,
  isHere: () => true,
  forked: new Set<never>(),
}

/** A rotation whose box for one device is not what it should be, signed and rooted as if it were. */
const craft = (
  of: Parameters<typeof placeFor>[0],
  boxesOf: (
    place: ReturnType<typeof placeFor>,
    key: ReturnType<typeof generateSecretKey>,
  ) => ReturnType<typeof createBoxes>,
) => {
  const place = placeFor(of)
  const key = generateSecretKey()
  const boxes = boxesOf(place, key)
  const commit = commitTo(key, epochContext(place))
  return {
    boxes,
    key,
    entry: createEntry({ ...of, act: { type: 'rotate', prev: [], commit, boxRoot: boxRoot(boxes) } }),
  }
}

test('attack 25: a box with another key inside shows itself by the commitment', () => {
  const council = new Council(3, 25)
  const [alba, bruna] = council.founders
  const devices = [...council.ledger.state().devices.values()]
  const other = generateSecretKey()
  const { entry, boxes } = craft({ ledger: council.ledger, own: alba!.own }, (place, key) =>
    devices.flatMap((device) =>
      createBoxes(device.id === bruna!.own.id ? other : key, place, [{ id: device.id, kemPk: device.kemPk }]),
    ),
  )
  council.ledger.add([entry.wire])
  const epoch = entry.id as EpochId
  expect(openBox({ ledger: council.ledger, own: bruna!.own, epoch, boxes })).toMatchObject({
    error: { type: 'BadCommit' },
  })
  expect(openBox({ ledger: council.ledger, own: council.founders[2]!.own, epoch, boxes }).ok).toBe(true)
})

test('attack 25: Bruna gets garbage for a key, complains, and somebody who has the key grants it', async () => {
  const world = new World(25)
  const [alba, bruna, ceiba] = await world.found('Alba', 'Bruna', 'Ceiba')
  const { entry, boxes, key } = craft(
    { ledger: alba!.replica.ledger, own: alba!.replica.own },
    (place, fresh) =>
      [...alba!.replica.state.devices.values()].flatMap((device) => {
        const good = createBoxes(fresh, place, [{ id: device.id, kemPk: device.kemPk }])
        return device.id === bruna!.device
          ? good.map((box) => ({ ...box, sealed: new Uint8Array(72) }))
          : good
      }),
  )
  const epoch = entry.id as EpochId
  for (const person of [alba!, bruna!, ceiba!]) person.replica.absorbEntries([entry.wire])
  for (const person of [alba!, bruna!, ceiba!]) person.replica.absorbBoxes(epoch, encodeBoxSet(boxes))
  await world.settle()
  world.clock.pass(10_000)
  await world.settle()
  const complaint = bruna!.replica.state.complaints.find((one) => one.epoch === epoch)
  expect(complaint?.author).toBe(bruna!.device)
  // Everybody reads who complains, and who made the key: not whoever signed last, and not whoever granted it since.
  for (const { replica } of [alba!, bruna!, ceiba!]) {
    const me = { member: replica.row.member, device: replica.own.id }
    expect(membershipFrom(replica.state, me, replica.documents.doc.read(), SEEN).complaints).toEqual([
      {
        id: complaint?.id,
        epoch,
        isMissing: false,
        by: bruna!.member,
        maker: alba!.member,
        mine: replica === bruna!.replica,
      },
    ])
  }
  expect(bruna!.replica.keyring.key(epoch)).toEqual(key)
})

test('attack 25: nobody can hand Bruna the key, and she gets the garbage again after each start: she has said so once', async () => {
  const world = new World(26)
  const [alba, bruna] = await world.found('Alba', 'Bruna', 'Ceiba')
  for (const person of world.people) world.cut(person)
  const { entry, boxes } = craft({ ledger: alba!.replica.ledger, own: alba!.replica.own }, (place, fresh) =>
    [...alba!.replica.state.devices.values()].flatMap((device) =>
      createBoxes(fresh, place, [{ id: device.id, kemPk: device.kemPk }]).map((box) =>
        device.id === bruna!.device ? { ...box, sealed: new Uint8Array(72) } : box,
      ),
    ),
  )
  const epoch = entry.id as EpochId
  bruna!.replica.absorbEntries([entry.wire])
  for (let start = 0; start < 3; start++) {
    bruna!.replica.absorbBoxes(epoch, encodeBoxSet(boxes))
    await bruna!.replica.settled()
    await bruna!.restarts()
  }
  const said = bruna!.replica.state.complaints.filter((one) => one.epoch === epoch)
  expect(said.map(({ author, reason }) => [author, reason])).toEqual([[bruna!.device, 'badBox']])
})
