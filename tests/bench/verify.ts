import {
  MAIN_DOC,
  type CollId,
  type EntryId,
  type EpochId,
  type FeedId,
  type RecId,
} from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { generateSecretKey, hash } from '../../src/lib/crypto/hash.ts'
import { generateNonce, openWith, sealWith, type SealKey } from '../../src/lib/crypto/seal.ts'
import { createSignPair } from '../../src/lib/crypto/sign.ts'
import { createRecord, openRecordWith, parseRecord, recordKey } from '../../src/lib/feed/record.ts'
import type { SealedRecord } from '../../src/lib/feed/types.ts'
import { createFeedSeal, verifyFeedSeal } from '../../src/lib/feed/seal.ts'
import { figure, growth, median, sizesUpTo, type Figure } from './report.ts'

const RECORDS = 5000
const UPDATE_BYTES = 200

/** Records checked (chain, one seal) and opened per second, beside one hash and one opening of the same bytes and nothing else. */
export const verify = ({ rounds }: { rounds: number }): readonly Figure[] => {
  const key = generateSecretKey()
  const id = (n: number) => n.toString(16).padStart(64, '0')
  const [coll, feed, epoch] = [id(1) as CollId, id(2) as FeedId, id(3) as EpochId]
  const signs = createSignPair()
  const wires: Uint8Array[] = []
  const ids: RecId[] = []
  let prev: RecId | null = null
  for (let seq = 0; seq < RECORDS; seq++) {
    const docs = [{ doc: MAIN_DOC, update: crypto.getRandomValues(new Uint8Array(UPDATE_BYTES)) }]
    const lheads = seq === 0 ? [id(4) as EntryId] : null
    const record: SealedRecord = expectOk(
      createRecord({ key, coll, feed, seq, prev, epoch, body: { lheads, deps: [], docs } }),
    )
    wires.push(record.wire)
    ids.push(record.id)
    prev = record.id
  }
  const seals = sizesUpTo(RECORDS).map((size) =>
    createFeedSeal(signs.secretKey, { feed, seq: size - 1, rec: ids[size - 1]! }),
  )

  const bare = wires.map((wire) => {
    const nonce = generateNonce()
    return {
      wire,
      nonce,
      ct: sealWith(key as Uint8Array as SealKey, nonce, new Uint8Array(140), wire.slice(0, 240)),
    }
  })
  const sizes = sizesUpTo(RECORDS)
  const [ours, plain] = [sizes.map((): number[] => []), sizes.map((): number[] => [])]
  for (let round = 0; round < rounds * sizes.length; round++) {
    const at = round % sizes.length
    const size = sizes[at]!
    const seal = seals[at]!
    plain[at]!.push(
      perSecond(size, () => {
        for (const { wire, nonce, ct } of bare.slice(0, size)) {
          hash('ct', wire)
          expectOk(openWith(key as Uint8Array as SealKey, nonce, new Uint8Array(140), ct))
        }
      }),
    )
    ours[at]!.push(
      perSecond(size, () => {
        const sealKey = recordKey(key, coll, feed)
        let before: RecId | null = null
        for (const wire of wires.slice(0, size)) {
          const record: SealedRecord = expectOk(parseRecord(wire))
          if (record.pub.prev !== before) throw new Error('chain')
          expectOk(openRecordWith(sealKey, record))
          before = record.id
        }
        if (!verifyFeedSeal(signs.publicKey, seal)) throw new Error('seal')
      }),
    )
  }
  return [
    figure({
      name: 'verify',
      unit: 'records/s',
      values: ours.at(-1)!,
      baseline: plain.at(-1)!,
      baselineName: 'one BLAKE2b and one opening',
      goal: { atLeast: 0.6 },
    }),
    growth({
      name: 'verify',
      unit: 's in records',
      sizes: sizes.map((size, i) => ({
        size,
        ours: size / median(ours[i]!),
        bare: size / median(plain[i]!),
      })),
      bareName: 'one BLAKE2b and one opening',
      atMost: 1.1,
    }),
  ]
}

const perSecond = (records: number, work: () => void): number => {
  const start = performance.now()
  work()
  return (records / (performance.now() - start)) * 1000
}
