import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { bytesFromHex } from '../../src/lib/core/bytes.ts'
import { collIdFrom, deviceIdFrom, type DeviceId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { secretKeyFrom } from '../../src/lib/crypto/hash.ts'
import type { SignPublic } from '../../src/lib/crypto/sign.ts'
import { checkPayload } from '../../src/lib/feed/payload.ts'
import { openRecord, parseRecord } from '../../src/lib/feed/record.ts'
import { encodeFeedSeal, parseFeedSeal, verifyFeedSeal } from '../../src/lib/feed/seal.ts'
import { feedIdOf, yClientOf } from '../../src/lib/ledger/feed-id.ts'
import { makeVectors } from './make-vectors.ts'

type Vectors = {
  readonly coll: string
  readonly device: string
  readonly incarnation: string
  readonly feed: string
  readonly yClient: number
  readonly epoch: string
  readonly epochKey: string
  readonly signPk: string
  readonly records: readonly {
    readonly wire: string
    readonly id: string
    readonly seal: string
    readonly body: { readonly docs: readonly { readonly doc: string; readonly update: string }[] }
  }[]
  readonly hostileRecords: readonly {
    readonly name: string
    readonly wire: string
    readonly fails: 'parse' | 'open'
  }[]
  readonly hostileSeals: readonly { readonly name: string; readonly seal: string }[]
  readonly payloads: {
    readonly yClient: number
    readonly clock: number
    readonly others: { readonly [client: string]: number }
    readonly updates: readonly {
      readonly name: string
      readonly update: string
      readonly expected: number | string
    }[]
  }
}

const file = new URL('../vectors/feed.json', import.meta.url)

// Written anew only when the format changes on purpose, and then with a new version in front.
if (process.env.MAKE_VECTORS) writeFileSync(file, `${JSON.stringify(makeVectors(), null, 2)}\n`)

/**
 * Written by the first program that kept records (commit 8d95292, 2026-11-23), and never since: version 1 is all there has been.
 * What of that program lies on a disk in another form than today’s, `tests/workspace/phones-of-before.test.ts` opens.
 */
describe('as in vectors/feed.json', () => {
  const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors
  const coll = collIdFrom(bytesFromHex(vectors.coll))!
  const key = secretKeyFrom(bytesFromHex(vectors.epochKey))!
  const signPk = bytesFromHex(vectors.signPk) as SignPublic

  test('a feed and its Yjs client have the names they always had', () => {
    const device: DeviceId = deviceIdFrom(bytesFromHex(vectors.device))!
    const feed = feedIdOf(coll, device, bytesFromHex(vectors.incarnation))
    expect(feed).toBe(vectors.feed)
    expect(yClientOf(feed)).toBe(vectors.yClient)
  })

  test('records written once open for ever', () => {
    let prev: string | null = null
    for (const [seq, vector] of vectors.records.entries()) {
      const record = expectOk(parseRecord(bytesFromHex(vector.wire)))
      expect(record.id).toBe(vector.id)
      expect(record.pub).toMatchObject({ feed: vectors.feed, epoch: vectors.epoch, seq, prev })
      const docs = vector.body.docs.map(({ doc, update }) => ({ doc, update: bytesFromHex(update) }))
      expect(expectOk(openRecord({ key, coll, record }))).toEqual({ ...vector.body, docs })
      const seal = expectOk(parseFeedSeal(bytesFromHex(vector.seal)))
      expect(seal).toMatchObject({ feed: vectors.feed, seq, rec: vector.id })
      expect(verifyFeedSeal(signPk, seal)).toBe(true)
      expect(new Uint8Array(encodeFeedSeal(seal))).toEqual(bytesFromHex(vector.seal))
      prev = vector.id
    }
  })

  test.each(vectors.hostileRecords)('a record with $name fails to $fails', ({ wire, fails }) => {
    const parsed = parseRecord(bytesFromHex(wire))
    expect(parsed.ok).toBe(fails === 'open')
    if (parsed.ok) expect(openRecord({ key, coll, record: parsed.value }).ok).toBe(false)
  })

  test.each(vectors.hostileSeals)('a seal with $name does not hold', ({ seal }) => {
    const parsed = parseFeedSeal(bytesFromHex(seal))
    expect(parsed.ok && verifyFeedSeal(signPk, parsed.value)).toBe(false)
  })

  test.each(vectors.payloads.updates)(
    'of an update with $name the verdict is: $expected',
    ({ update, expected }) => {
      const { yClient, clock, others } = vectors.payloads
      const checked = checkPayload(bytesFromHex(update), {
        yClient,
        clock,
        clockOf: (client) => others[client] ?? 0,
      })
      expect(checked.ok ? checked.value.clock : checked.error.rule).toBe(expected)
    },
  )
})
