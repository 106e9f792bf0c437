import * as Y from 'yjs'
import { memberIdFrom, type CollId } from '../../src/lib/core/ids.ts'
import { systemClock } from '../../src/lib/core/clock.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createDevice } from '../../src/lib/crypto/device.ts'
import { generateSecretKey } from '../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createRowSealer } from '../../src/lib/crypto/vault.ts'
import { assembleGenesis, createGenesis, signGenesis } from '../../src/lib/ledger/genesis.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import { TABLES, type Storage } from '../../src/lib/sync/ports.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { World } from '../world/cast.ts'
import { history, type Edit } from './histories.ts'
import { figure, growth, sizesUpTo, type Figure, type Sized } from './report.ts'

/**
 * Bytes at rest: for each edit before any checkpoint, alone (batches of two seconds, some ten characters) and live (a
 * record a keystroke), each beside the goal in bytes; and in all after one, beside the bare Yjs state.
 */
export const disk = async ({ edits }: { edits: number }): Promise<readonly Figure[]> => {
  const { edits: trace } = history(edits)
  const live = trace.slice(0, Math.min(2000, trace.length))
  const alone = await bytesAtRest(trace, 10)
  const typing = await bytesAtRest(live, 1)
  const sizes: Sized[] = []
  for (const size of sizesUpTo(trace.length)) {
    const part = trace.slice(0, size)
    sizes.push({ size, ours: await bytesOnceSettled(part), bare: bareBytes(part) })
  }
  const { ours: settled, bare } = sizes.at(-1)!
  return [
    growth({
      name: 'disk after a checkpoint',
      unit: 'B in edits',
      sizes,
      bareName: 'the bare Yjs state',
      atMost: 1.1,
    }),
    figure({
      name: 'disk after a checkpoint',
      unit: 'B',
      values: [settled],
      baseline: [bare],
      baselineName: 'bare Yjs state',
      goal: { atMost: 1.3 },
    }),
    figure({
      name: 'disk alone',
      unit: 'B/edit',
      values: [alone],
      baseline: [16],
      baselineName: `goal in bytes; bare state ${(bare / trace.length).toFixed(2)}`,
      goal: { atMost: 1 },
    }),
    figure({
      name: 'disk live',
      unit: 'B/edit',
      values: [typing],
      baseline: [250],
      baselineName: 'goal in bytes',
      goal: { atMost: 1 },
    }),
  ]
}

const bareBytes = (trace: readonly Edit[]): number => {
  const doc = new Y.Doc()
  doc.transact(() => trace.forEach((edit) => apply(doc, edit)))
  return Y.encodeStateAsUpdate(doc).length
}

const apply = (doc: Y.Doc, [at, removed, inserted]: Edit): void => {
  const text = doc.getText('big')
  if (removed > 0) text.delete(at, removed)
  if (inserted) text.insert(at, inserted)
}

const bytesAtRest = async (trace: readonly Edit[], batch: number): Promise<number> => {
  const own = createDevice(systemRandom)
  const member = memberIdFrom(systemRandom.bytes(16))!
  const draft = createGenesis({
    author: own.id,
    founders: [{ member, device: own.device }],
    nonce: systemRandom.bytes(16),
    policy: { admit: 2 },
  })
  const genesis = expectOk(assembleGenesis(draft, [signGenesis(own, draft)]))
  const storage = createMemoryStorage()
  const row = { coll: genesis.id as CollId, own, member, myName: 'bench', movedTo: null, newcomer: false }
  const world = { row, storage, clock: systemClock, random: systemRandom }
  const replica = expectOk(await Replica.begin({ ...world, entries: [genesis.wire] }))
  replica.rotate()
  const before = await sealedSize(storage)
  const doc = replica.documents.doc.read()
  for (let i = 0; i < trace.length; i += batch) {
    doc.transact(() => trace.slice(i, i + batch).forEach((edit) => apply(doc, edit)))
    replica.documents.flush()
    if (i % 5000 === 0) await replica.settled()
  }
  await replica.flush()
  // What a restart leaves: single rows are joined then.
  expectOk(await Replica.restore(world))
  return ((await sealedSize(storage)) - before) / trace.length
}

/** Three write, settle it, and let the week pass after which the records under it are let go. */
const bytesOnceSettled = async (trace: readonly Edit[]): Promise<number> => {
  const world = new World()
  const [ana, ...others] = await world.found('Ana', 'Bea', 'Cata')
  await world.settle()
  const empty = await sealedSize(ana!.storage)
  for (let i = 0; i < trace.length; i += 200) {
    ana!.doc.transact(() => trace.slice(i, i + 200).forEach((edit) => apply(ana!.doc, edit)))
    await ana!.replica.flush()
  }
  await world.settle()
  const checkpoint = expectOk(ana!.replica.checkpoints.propose())
  await world.settle()
  for (const { replica } of others) expectOk(replica.checkpoints.cosign(checkpoint))
  await world.settle()
  world.clock.pass(8 * 24 * 3_600_000)
  await world.settle()
  await ana!.restarts()
  await ana!.replica.whole()
  await ana!.replica.keepStart()
  return (await sealedSize(ana!.storage)) - empty
}

/** What the rows would take sealed in a vault, names and all. */
const sealedSize = async (storage: Storage): Promise<number> => {
  const sealer = createRowSealer({ key: generateSecretKey() })
  let bytes = 0
  for (const table of TABLES)
    for (const [key, value] of expectOk(await storage.all(table)).rows)
      bytes += sealer.name(table, key).length + sealer.seal(table, key, value).length
  return bytes
}
