import { expect, test } from 'vitest'
import { dayOf } from '../../src/lib/core/clock.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { encodeBoxSet } from '../../src/lib/ledger/boxes.ts'
import { assembleRecord, parseRecord } from '../../src/lib/feed/record.ts'
import type { SyncMessage } from '../../src/lib/wire/sync.ts'
import { sealEnvelopes } from '../../src/lib/workspace/circle-envelope.ts'
import { Village, reads, writes, type Phone } from '../workspace/circle-cast.ts'
import type { Circle } from '../../src/lib/workspace/circle.ts'

/** Ceiba is in the circle, and gives this to carry as if it were hers to say. */
const gives = async (ceiba: Phone, { replica }: Circle, message: SyncMessage) => {
  const [epoch] = replica.state.epochs.keys()
  const { coll, keyring } = replica
  const of = { key: keyring.key(epoch!)!, coll, day: dayOf(ceiba.person.clock.now()) }
  for (const blob of sealEnvelopes([{ message, bindings: [] }], of)) await ceiba.exchange.carry(blob)
}

test('attack 38: Ceiba has it believed that all Alba will ever write in the circle is carried already: it is given to carry all the same', async () => {
  const village = new Village(381)
  const [alba, bruna, ceiba, drago] = await village.found('Alba', 'Bruna', 'Ceiba', 'Drago')
  const [hers, brunas, ceibas] = await village.circle(alba!, bruna!, ceiba!)
  await writes(hers!, 'antes ')
  await village.settle()
  const feed = hers!.replica.feed!
  const runs = []
  for await (const run of ceibas!.replica.packs.read(feed, 0)) runs.push(run)
  const [first] = runs[0]!.records
  const { pub, ct, id } = expectOk(parseRecord(first!))
  const far = assembleRecord({ ...pub, seq: 1_000_000, prev: id }, ct).wire
  await gives(ceiba!, ceibas!, { type: 'segment', records: [first!, far], seal: runs[0]!.seal })
  await village.settle()
  await village.onlyLinked([alba!, drago!])
  await writes(hers!, 'y después')
  await village.longLater()
  await village.onlyLinked([drago!, bruna!])
  expect(reads(brunas!)).toBe('antes y después')
})

test('attack 38: she has it believed that the boxes of an epoch are carried, with some that are none: they are given all the same', async () => {
  const village = new Village(382)
  const [alba, bruna, ceiba, drago] = await village.found('Alba', 'Bruna', 'Ceiba', 'Drago')
  const [hers, brunas, ceibas] = await village.circle(alba!, bruna!, ceiba!)
  await village.onlyLinked([alba!, ceiba!])
  const epoch = ceibas!.replica.rotate()
  await ceibas!.replica.settled()
  await village.world.network.settle()
  expect(hers!.replica.keyring.has(epoch)).toBe(true)
  await gives(ceiba!, ceibas!, { type: 'boxes', epoch, boxes: encodeBoxSet([]) })
  await village.world.network.settle()
  // Her phone is gone before it gave the true ones.
  village.world.cut(ceiba!.person)
  await ceibas!.close()
  await village.onlyLinked([alba!, drago!])
  await writes(hers!, 'bajo la nueva')
  await village.longLater()
  await village.onlyLinked([drago!, bruna!])
  await village.settle()
  expect(reads(brunas!)).toBe('bajo la nueva')
})
