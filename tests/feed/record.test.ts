import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { concatBytes } from '../../src/lib/core/bytes.ts'
import { decodeCbor, encodeCbor } from '../../src/lib/core/cbor.ts'
import {
  collIdFrom,
  entryIdFrom,
  epochIdFrom,
  feedIdFrom,
  idBytes,
  recIdFrom,
  type DocId,
} from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { generateSecretKey, hash } from '../../src/lib/crypto/hash.ts'
import { createSignPair } from '../../src/lib/crypto/sign.ts'
import { encodeBody, parseBody } from '../../src/lib/feed/body.ts'
import { createRecord, MAX_RECORD_BYTES, openRecord, parseRecord } from '../../src/lib/feed/record.ts'
import { createFeedSeal, encodeFeedSeal, parseFeedSeal, verifyFeedSeal } from '../../src/lib/feed/seal.ts'
import type { RecordBody } from '../../src/lib/feed/types.ts'

const of32 = (byte: number) => new Uint8Array(32).fill(byte)
const coll = collIdFrom(of32(1))!
const feed = feedIdFrom(of32(2))!
const epoch = epochIdFrom(of32(3))!
const prev = recIdFrom(of32(4))!
const key = generateSecretKey()

const ids = fc.uniqueArray(fc.uint8Array({ minLength: 32, maxLength: 32 }), {
  minLength: 1,
  maxLength: 5,
  selector: String,
})
const bodies: fc.Arbitrary<RecordBody> = fc.record({
  lheads: fc.option(ids.map((list) => list.map((bytes) => entryIdFrom(bytes)!).sort())),
  deps: ids.map((list) =>
    list
      .map((bytes, i) => ({ feed: feedIdFrom(bytes)!, seq: i * 70_000, rec: prev }))
      .sort((a, b) => (a.feed < b.feed ? -1 : 1)),
  ),
  docs: fc.array(
    fc.record({
      doc: fc.stringMatching(/^[a-z0-9-]{1,32}$/) as fc.Arbitrary<DocId>,
      update: fc.uint8Array({ maxLength: 400 }),
    }),
    { maxLength: 3 },
  ),
})

const create = (body: RecordBody, seq = 5) =>
  expectOk(createRecord({ key, coll, feed, seq, prev: seq > 0 ? prev : null, epoch, body }))

const small: RecordBody = { lheads: null, deps: [], docs: [] }

property.prop([bodies, fc.maxSafeNat()])(
  'what is sealed opens again, and nothing is lost on the way',
  (body, seq) => {
    const record = create(body, seq)
    const parsed = expectOk(parseRecord(record.wire))
    expect(parsed).toEqual(record)
    expect(expectOk(openRecord({ key, coll, record: parsed }))).toEqual(body)
  },
)

property.prop([bodies, fc.maxSafeNat()])(
  'a record is canonical CBOR, its id hashes the public part and the ciphertext',
  (body, seq) => {
    const { wire, id, ct, pub } = create(body, seq)
    const zeros = new Uint8Array(32)
    const open = [1, idBytes(feed), seq, seq > 0 ? idBytes(prev) : zeros, idBytes(epoch), pub.nonce]
    expect(expectOk(decodeCbor(wire))).toEqual([open, ct])
    expect(id).toBe(recIdFrom(hash('rec', [open, hash('ct', ct)])))
  },
)

property.prop([bodies])('the quick reader of bodies reads what the general one does', (body) => {
  const bytes = encodeBody(body)
  const general = expectOk(decodeCbor(bytes)) as { readonly u: readonly (readonly [string, Uint8Array])[] }
  expect(encodeCbor(general)).toEqual(bytes)
  expect(expectOk(parseBody(bytes))).toEqual(body)
  expect(general.u.map(([doc]) => doc)).toEqual(body.docs.map(({ doc }) => doc))
})

property.prop([fc.uint8Array({ maxLength: 300 })])(
  'random bytes are no record, no body and no seal, and never throw',
  (bytes) => {
    expect([parseRecord(bytes).ok, parseFeedSeal(bytes).ok]).toEqual([false, false])
    expect(parseBody(bytes).ok).toBe(false)
  },
)

test('a keystroke more or less does not show in a record’s size', () => {
  const size = (length: number) =>
    create({ ...small, docs: [{ doc: 'main' as DocId, update: new Uint8Array(length) }] }).wire.length
  expect(size(1)).toBe(size(8))
  expect(size(8)).toBeLessThan(size(60))
})

test('a record opens with the key of its own epoch, in its own collective, and in no other', () => {
  const record = create(small)
  const other = collIdFrom(of32(9))!
  expect(openRecord({ key: generateSecretKey(), coll, record })).toEqual({
    ok: false,
    error: { type: 'OpenFailed' },
  })
  expect(openRecord({ key, coll: other, record })).toEqual({ ok: false, error: { type: 'OpenFailed' } })
})

test('a body in another order, twice over, or with another field is not read', () => {
  const [a, b] = [feedIdFrom(of32(1))!, feedIdFrom(of32(2))!]
  const at = (id: typeof a) => ({ feed: id, seq: 0, rec: prev })
  const heads = [entryIdFrom(of32(1))!, entryIdFrom(of32(2))!] as const
  const read = (body: RecordBody) => parseBody(encodeBody(body)).ok
  expect(read({ ...small, deps: [at(a), at(b)], lheads: heads })).toBe(true)
  expect(read({ ...small, deps: [at(b), at(a)] })).toBe(false)
  expect(read({ ...small, deps: [at(a), at(a)] })).toBe(false)
  expect(read({ ...small, lheads: [heads[1], heads[0]] })).toBe(false)
  expect(read({ ...small, lheads: [heads[0], heads[0]] })).toBe(false)
  expect(read({ ...small, lheads: [] })).toBe(false)
  expect(read({ ...small, docs: [{ doc: 'Main' as DocId, update: new Uint8Array() }] })).toBe(false)
  expect(parseBody(encodeCbor({ d: [], l: null, u: [], x: 1 })).ok).toBe(false)
  expect(parseBody(encodeCbor({ d: [], l: null })).ok).toBe(false)
  expect(parseBody(concatBytes(encodeBody(small), of32(0))).ok).toBe(false)
})

test('lengths and counts are read in their shortest form only', () => {
  const bytes = encodeBody(small)
  const at = bytes.indexOf(0x80)
  const longer = concatBytes(bytes.subarray(0, at), Uint8Array.of(0x98, 0), bytes.subarray(at + 1))
  expect(parseBody(longer).ok).toBe(false)
  const { wire } = create(small)
  const seqAt = 1 + 2 + 34
  expect(wire[seqAt]).toBe(5)
  const spelled = concatBytes(wire.subarray(0, seqAt), Uint8Array.of(0x18, 5), wire.subarray(seqAt + 1))
  expect(parseRecord(spelled).ok).toBe(false)
})

test('the first record follows nothing, and every other one something', () => {
  const wrong = (seq: number, before: typeof prev | null) =>
    parseRecord(expectOk(createRecord({ key, coll, feed, seq, prev: before, epoch, body: small })).wire).ok
  expect([wrong(0, null), wrong(1, prev), wrong(0, prev), wrong(1, null)]).toEqual([true, true, false, false])
})

test('a record larger than any is neither made nor read', () => {
  const docs = [{ doc: 'main' as DocId, update: new Uint8Array(MAX_RECORD_BYTES) }]
  const made = createRecord({ key, coll, feed, seq: 0, prev: null, epoch, body: { ...small, docs } })
  expect(made).toEqual({ ok: false, error: { type: 'TooLarge' } })
  expect(parseRecord(new Uint8Array(MAX_RECORD_BYTES + 1))).toEqual({
    ok: false,
    error: { type: 'TooLarge' },
  })
})

test('a seal holds for its device, feed, place and record, and for nothing else', () => {
  const { publicKey, secretKey } = createSignPair()
  const seal = createFeedSeal(secretKey, { feed, seq: 3, rec: prev })
  expect(expectOk(parseFeedSeal(encodeFeedSeal(seal)))).toEqual(seal)
  expect(verifyFeedSeal(publicKey, seal)).toBe(true)
  expect(verifyFeedSeal(publicKey, { ...seal, seq: 4 })).toBe(false)
  expect(verifyFeedSeal(publicKey, { ...seal, rec: recIdFrom(of32(5))! })).toBe(false)
  expect(verifyFeedSeal(publicKey, { ...seal, feed: feedIdFrom(of32(5))! })).toBe(false)
  expect(verifyFeedSeal(createSignPair().publicKey, seal)).toBe(false)
})

test('a record of a later version is none here: it is refused before anybody opens it, as rules that nobody decided for', () => {
  const body = { lheads: [], deps: [], docs: [] }
  const key = generateSecretKey()
  const { wire } = expectOk(createRecord({ key, coll, feed, seq: 0, prev: null, epoch, body }))
  // Where the version stands: after the head of the pair and the head of what is public.
  expect([...wire.subarray(0, 3)]).toEqual([0x82, 0x86, 1])
  const later = wire.slice()
  later[2] = 2
  expect([parseRecord(wire).ok, parseRecord(later)]).toEqual([
    true,
    { ok: false, error: { type: 'BadEncoding' } },
  ])
})
