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
import type { Storage, Table } from '../../src/lib/sync/ports.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { history, type Edit } from './histories.ts'
import { figure, type Figure } from './report.ts'

/** Bytes at rest per edit, alone (batches of two seconds, some ten characters) and live (a record a keystroke), before any checkpoint. */
export const disk = async ({ edits }: { edits: number }): Promise<readonly Figure[]> => {
  const { edits: trace } = history(edits)
  const live = trace.slice(0, Math.min(2000, trace.length))
  const alone = await bytesAtRest(trace, 10)
  const typing = await bytesAtRest(live, 1)
  const bare = bareBytes(trace) / trace.length
  return [
    figure({
      name: 'disk alone',
      unit: 'B/edit',
      values: [alone],
      baseline: [16],
      baselineName: 'goal in bytes; bare state ' + bare.toFixed(2),
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

/** What the rows would take sealed in a vault, names and all. */
const sealedSize = async (storage: Storage): Promise<number> => {
  const sealer = createRowSealer({ key: generateSecretKey() })
  let bytes = 0
  for (const table of [
    'meta',
    'ledger',
    'records',
    'heads',
    'keys',
    'boxes',
    'snapshots',
    'aside',
  ] as Table[])
    for (const [key, value] of expectOk(await storage.all(table)).rows)
      bytes += sealer.name(table, key).length + sealer.seal(table, key, value).length
  return bytes
}
