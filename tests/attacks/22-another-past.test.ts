import { expect, test } from 'vitest'
import type { EntryId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createDevice } from '../../src/lib/crypto/device.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { World, type Person } from '../world/cast.ts'

const agree = async (world: World, [first, ...others]: readonly Person[]): Promise<EntryId> => {
  const id = expectOk(first!.replica.checkpoints.propose())
  await world.settle()
  for (const person of others) expectOk(person.replica.checkpoints.cosign(id))
  await world.settle()
  return id
}

/** Dora takes part with what the words spoke of, and with the ledger she is handed. */
const begins = (world: World, host: Person, pin: EntryId | null, entries: readonly Uint8Array[]) =>
  Replica.begin({
    row: {
      coll: host.replica.coll,
      own: createDevice(world.random),
      member: host.member,
      myName: 'Dora',
      movedTo: null,
      newcomer: true,
      pin,
    },
    entries,
    storage: createMemoryStorage(),
    clock: world.clock,
    random: world.random,
  })

test('attack 22: whoever has the phones of the first founders hands Dora another past; she was told of ours with the words, and does not go in', async () => {
  const world = new World(22)
  const [ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  const genesis = ana.replica.ledger.since([]).map(({ wire }) => wire)
  // The same three phones, seized and copied, settle among themselves what was never so.
  const seized = [await ana.copied(), await bea.copied(), await cata.copied()]
  for (const person of [ana, bea, cata]) world.cut(person)
  world.connectAll(seized)
  await seized[1]!.writes('nunca fue así')
  await world.settle()
  const planted = await agree(world, seized)
  const theirs = seized[0]!.replica.entriesSince([])
  expect(seized[0]!.replica.state.finals).toContain(planted)

  for (const phone of seized) world.cut(phone)
  world.people.splice(3)
  world.connectAll()
  const ours = await agree(world, [ana, bea, cata])
  const without = expectOk(await begins(world, ana, null, theirs))
  expect(without.state.finals).toEqual([planted])
  without.close()
  for (const entries of [theirs, genesis])
    expect(await begins(world, ana, ours, entries)).toEqual({ ok: false, error: { type: 'BadLedger' } })
  const dora = expectOk(await begins(world, ana, ours, ana.replica.entriesSince([])))
  expect(dora.state.finals).toEqual([ours])
  // And what they send her later is noise to her.
  dora.absorbEntries(theirs)
  expect(dora.state.finals).toEqual([ours])
  expect(dora.state.checkpoints.get(planted)?.status).not.toBe('final')
  dora.close()
})
