import { writeSync } from 'node:fs'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { openLogStorage } from '../../src/keeper/log-storage.ts'
import { collIdFrom } from '../../src/lib/core/ids.ts'
import { Shelf } from '../../src/lib/sync/blobs-shelf.ts'

/**
 * A program to be killed: commits row after row in the folder it is given, and says each that it was promised is kept.
 * `carried`: takes blobs of circles instead.
 */
const storage = await openLogStorage(process.argv[2]!, systemRandom)
if (!storage) throw new Error('no log of ours')
const rowsOf = (n: number) => {
  const value = new Uint8Array(1 + ((n * 7919) % 20_000)).fill(n % 251)
  const key = n.toString().padStart(8, '0')
  return [
    { table: 'records', key, value } as const,
    { table: 'heads', key: 'last', value: Uint8Array.of(n >> 16, n >> 8, n) } as const,
  ]
}
if (process.argv[3] === 'carried') await carryUntilKilled()
for (let n = storage.keys('records').length; ; n++) {
  const kept = await storage.commit(rowsOf(n))
  if (!kept.ok) throw new Error('the disk took nothing')
  // Now and then all of it is written anew, which must be as safe.
  if (n % 50 === 49) await storage.compact()
  writeSync(1, `${n}\n`)
}

async function carryUntilKilled(): Promise<never> {
  const coll = collIdFrom(new Uint8Array(32).fill(7))!
  const shelf = await Shelf.open(storage!, coll, { accounts: 'in memory' })
  if (!shelf.ok) throw new Error('no shelf')
  for (let n = shelf.value.all().length; ; n++) {
    const kept = await shelf.value.put(systemRandom.bytes(4096), { kind: 'carried', from: null, until: n })
    if (!kept.ok) throw new Error('the disk took nothing')
    if (n % 50 === 49) await storage!.compact()
    writeSync(1, `${n}\n`)
  }
}
