import { concatBytes, hexFromBytes, utf8FromText } from '../../src/lib/core/bytes.ts'
import { encodeCbor, type Cbor } from '../../src/lib/core/cbor.ts'
import {
  collIdFrom,
  deviceIdFrom,
  entryIdFrom,
  epochIdFrom,
  feedIdFrom,
  idBytes,
  MAIN_DOC,
  recIdFrom,
  type RecId,
} from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { hash, secretKeyFrom } from '../../src/lib/crypto/hash.ts'
import { pad } from '../../src/lib/crypto/pad.ts'
import { generateNonce, sealWith } from '../../src/lib/crypto/seal.ts'
import { createSignPair } from '../../src/lib/crypto/sign.ts'
import { createRecord, recordKey } from '../../src/lib/feed/record.ts'
import { createFeedSeal, encodeFeedSeal } from '../../src/lib/feed/seal.ts'
import type { RecordBody } from '../../src/lib/feed/types.ts'
import { feedIdOf, yClientOf } from '../../src/lib/ledger/feed-id.ts'
import { after, deleted, gc, nested, section, skip, string, update, type Deletes } from './updates.ts'

/** Writes down records, seals and updates as they are made today, good ones and hostile ones, for every reader to come. */
export const makeVectors = (): unknown => {
  const bytes = (fill: number, length = 32) => new Uint8Array(length).fill(fill)
  const coll = collIdFrom(hash('led', 'a collective'))!
  const device = deviceIdFrom(hash('dev', 'a device'))!
  const incarnation = bytes(0x11, 16)
  const feed = feedIdOf(coll, device, incarnation)
  const other = feedIdOf(coll, device, bytes(0x22, 16))
  const third = feedIdFrom(bytes(0xff))!
  const epoch = epochIdFrom(hash('led', 'an epoch'))!
  const key = secretKeyFrom(hash('state', 'an epoch key'))!
  const { publicKey, secretKey } = createSignPair(hash('state', 'a seed'))
  const heads = ['one', 'two'].map((name) => entryIdFrom(hash('led', name))!).sort()
  const me = yClientOf(feed)

  const chain: {
    readonly wire: Uint8Array
    readonly id: RecId
    readonly body: RecordBody
    readonly seal: Uint8Array
  }[] = []
  const append = (body: RecordBody) => {
    const seq = chain.length
    const prev = chain.at(-1)?.id ?? null
    const { wire, id } = expectOk(createRecord({ key, coll, feed, seq, prev, epoch, body }))
    const seal = encodeFeedSeal(createFeedSeal(secretKey, { feed, seq, rec: id }))
    chain.push({ wire, id, body, seal })
  }
  const doc = (...structs: Parameters<typeof section>[2][]) => ({
    doc: MAIN_DOC,
    update: update([section(me, 0, ...structs)]),
  })
  append({ lheads: heads.slice(0, 1), deps: [], docs: [doc(string('El agua es de todas.'))] })
  append({
    lheads: null,
    deps: [],
    docs: [{ doc: MAIN_DOC, update: update([section(me, 20, after(me, 19, ' 💧'))]) }],
  })
  const dep = { feed: other, seq: 70_000, rec: recIdFrom(hash('rec', 'elsewhere'))! }
  append({ lheads: heads, deps: [dep], docs: [] })
  append({ lheads: null, deps: [], docs: [{ doc: MAIN_DOC, update: update([], [[me, [0, 3]]]) }, doc()] })
  append({ lheads: null, deps: [], docs: [doc(string('x'.repeat(3000)))] })

  const first = chain[0]!
  const flip = (at: number) => {
    const wire = first.wire.slice()
    wire[at]! ^= 1
    return wire
  }
  const sealedBody = (plaintext: Uint8Array) => {
    const nonce = generateNonce()
    const pub = encodeCbor([1, idBytes(feed), 0, bytes(0), idBytes(epoch), nonce])
    const ct = sealWith(recordKey(key, coll, feed), nonce, pub, plaintext)
    return concatBytes(Uint8Array.of(0x82), pub, encodeCbor(ct))
  }
  const padded = (body: Cbor) => sealedBody(pad(encodeCbor(body), 32))
  const row = (id: typeof feed) => [idBytes(id), 0, bytes(7)]
  const public6 = (changed: Record<number, Cbor>, ...more: Cbor[]) => {
    const parts: Cbor[] = [1, idBytes(feed), 0, bytes(0), idBytes(epoch), bytes(9, 24)]
    for (const [at, value] of Object.entries(changed)) parts[Number(at)] = value
    return encodeCbor([[...parts, ...more], bytes(5, 48)])
  }

  const hostileRecords: readonly (readonly [string, Uint8Array, 'parse' | 'open'])[] = [
    ['nothing', new Uint8Array(), 'parse'],
    ['one byte short', first.wire.subarray(0, -1), 'parse'],
    ['one byte more', concatBytes(first.wire, bytes(0, 1)), 'parse'],
    ['another version', public6({ 0: 2 }), 'parse'],
    ['a seventh part', public6({}, null), 'parse'],
    ['a feed of 31 bytes', public6({ 1: bytes(1, 31) }), 'parse'],
    ['a negative seq', public6({ 2: -1 }), 'parse'],
    ['a first record after another', public6({ 3: bytes(1) }), 'parse'],
    ['a second record after none', public6({ 2: 1 }), 'parse'],
    ['a nonce of 12 bytes', public6({ 5: bytes(9, 12) }), 'parse'],
    [
      'a seq in a longer form',
      concatBytes(first.wire.subarray(0, 37), Uint8Array.of(0x18, 0), first.wire.subarray(38)),
      'parse',
    ],
    [
      'no ciphertext but a tag',
      encodeCbor([[1, idBytes(feed), 0, bytes(0), idBytes(epoch), bytes(9, 24)], bytes(5, 16)]),
      'parse',
    ],
    ['an altered feed', flip(10), 'open'],
    ['an altered epoch', flip(80), 'open'],
    ['an altered nonce', flip(110), 'open'],
    ['an altered ciphertext', flip(first.wire.length - 20), 'open'],
    ['an altered tag', flip(first.wire.length - 1), 'open'],
    ['no padding mark', sealedBody(bytes(0, 32)), 'open'],
    ['a body that is an array', padded([]), 'open'],
    ['a body without heads', padded({ d: [], u: [] }), 'open'],
    ['a body with more', padded({ d: [], l: null, u: [], x: 0 }), 'open'],
    [
      'keys in another order',
      sealedBody(
        pad(
          concatBytes(
            Uint8Array.of(0xa3),
            ...[
              ['l', 0xf6],
              ['d', 0x80],
              ['u', 0x80],
            ].flatMap(([k, v]) => [
              Uint8Array.of(0x61),
              utf8FromText(k as string),
              Uint8Array.of(v as number),
            ]),
          ),
          32,
        ),
      ),
      'open',
    ],
    ['an empty list of heads', padded({ d: [], l: [], u: [] }), 'open'],
    ['heads in falling order', padded({ d: [], l: [...heads].reverse().map(idBytes), u: [] }), 'open'],
    ['one head twice', padded({ d: [], l: [heads[0]!, heads[0]!].map(idBytes), u: [] }), 'open'],
    ['positions in falling order', padded({ d: [row(third), row(other)], l: null, u: [] }), 'open'],
    ['one feed named twice', padded({ d: [row(other), row(other)], l: null, u: [] }), 'open'],
    ['a document with a capital', padded({ d: [], l: null, u: [['Main', bytes(0, 2)]] }), 'open'],
    ['a document without a name', padded({ d: [], l: null, u: [['', bytes(0, 2)]] }), 'open'],
    ['an update that is text', padded({ d: [], l: null, u: [['main', 'x']] }), 'open'],
    ['a float', padded({ d: [], l: null, u: [['main', 0.5]] }), 'open'],
    [
      'an array without end',
      sealedBody(
        pad(Uint8Array.from([0xa3, 0x61, 0x64, 0x9f, 0xff, 0x61, 0x6c, 0xf6, 0x61, 0x75, 0x80]), 32),
      ),
      'open',
    ],
    [
      'a count beyond all bytes',
      sealedBody(pad(Uint8Array.from([0xa3, 0x61, 0x64, 0x9a, 0xff, 0xff, 0xff, 0xff]), 32)),
      'open',
    ],
  ]

  const seal = first.seal
  const flippedSeal = (at: number) => {
    const changed = seal.slice()
    changed[at]! ^= 1
    return changed
  }
  const hostileSeals: readonly (readonly [string, Uint8Array])[] = [
    ['another feed', flippedSeal(5)],
    ['another record', flippedSeal(50)],
    ['another signature', flippedSeal(seal.length - 1)],
    [
      'another place',
      encodeFeedSeal({ ...createFeedSeal(secretKey, { feed, seq: 0, rec: first.id }), seq: 1 }),
    ],
    [
      'another key',
      encodeFeedSeal(createFeedSeal(createSignPair(bytes(3)).secretKey, { feed, seq: 0, rec: first.id })),
    ],
    ['one byte short', seal.subarray(0, -1)],
    ['one byte more', concatBytes(seal, bytes(0, 1))],
  ]

  const [I, THEM] = [7, 9]
  const payload = (
    name: string,
    expected: number | string,
    sections: Parameters<typeof update>[0],
    deletes: Deletes = [],
  ) => ({
    name,
    update: hexFromBytes(update(sections, deletes)),
    expected,
  })
  const payloads = [
    payload('nothing', 5, []),
    payload('a string', 9, [section(I, 5, string('hola'))]),
    payload('next to another', 6, [section(I, 5, after(THEM, 2, 'x'))]),
    payload(
      'collected and deleted',
      10,
      [section(I, 5, gc(3), deleted(2))],
      [
        [THEM, [0, 3]],
        [I, [0, 10]],
      ],
    ),
    payload('another client', 'foreign client', [section(THEM, 5, string('x'))]),
    payload('two sections', 'foreign client', [section(I, 5, string('x')), section(I, 6, string('x'))]),
    payload('a gap', 'clock gap', [section(I, 6, string('x'))]),
    payload('a clock again', 'clock reuse', [section(I, 4, string('x'))]),
    payload('a skip', 'skip', [section(I, 5, skip(1), string('x'))]),
    payload('an empty string', 'empty struct', [section(I, 5, string(''))]),
    payload('2^30 collected', 'too long', [section(I, 5, gc(2 ** 30))]),
    payload('deletes beyond', 'delete beyond deps', [], [[THEM, [2, 2]]]),
    payload('next to what is not there', 'origin beyond deps', [section(I, 5, after(THEM, 3, 'x'))]),
    payload('too deep', 'too deep', [section(I, 5, nested(65))]),
  ]

  const hexBody = ({ lheads, deps, docs }: RecordBody) => ({
    lheads,
    deps,
    docs: docs.map(({ doc: name, update: bytes8 }) => ({ doc: name, update: hexFromBytes(bytes8) })),
  })
  return {
    coll,
    device,
    incarnation: hexFromBytes(incarnation),
    feed,
    yClient: me,
    epoch,
    epochKey: hexFromBytes(key),
    signPk: hexFromBytes(publicKey),
    records: chain.map(({ wire, id, body, seal: bytes8 }) => ({
      wire: hexFromBytes(wire),
      id,
      seal: hexFromBytes(bytes8),
      body: hexBody(body),
    })),
    hostileRecords: hostileRecords.map(([name, wire, fails]) => ({ name, wire: hexFromBytes(wire), fails })),
    hostileSeals: hostileSeals.map(([name, wire]) => ({ name, seal: hexFromBytes(wire) })),
    payloads: { yClient: I, clock: 5, others: { [THEM]: 3 }, updates: payloads },
  }
}
