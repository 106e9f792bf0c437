import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { concatBytes } from '../../src/lib/core/bytes.ts'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { idBytes, recIdFrom, type RecId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { signBinding } from '../../src/lib/crypto/device.ts'
import { segmentFrom } from '../../src/lib/feed/chain.ts'
import { createRecord, parseRecord } from '../../src/lib/feed/record.ts'
import { encodeRun, parseRun } from '../../src/lib/feed/run.ts'
import { createFeedSeal, encodeFeedSeal, parseFeedSeal } from '../../src/lib/feed/seal.ts'
import type { SealedRecord, Segment } from '../../src/lib/feed/types.ts'
import { encodeSyncMessage, parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { joined, Valley, type Person } from '../feed/valley.ts'

// Attacks 12, 13 and 37, for whole chains of records: what a hostile or broken peer makes of them, bit by bit.

const WORDS = ['uno ', 'dos ', 'tres ', 'cuatro ', 'cinco ']

const RUNS = { numRuns: process.env['SLOW'] === '1' ? 1000 : 25 }
/** For a slow machine that does several things at once. ms. */
const LONG = 120_000

/** Alba wrote a chain, Mala and somebody of another collective one each; Bruna and Ceiba have heard none of it. */
const scene = () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba', 'Mala')
  const elsewhere = Valley.found('Dora', 'Elva')
  const [alba, bruna, ceiba, mala] = valley.people as [Person, Person, Person, Person]
  const chainOf = (person: Person) => WORDS.map((word) => person.says(word))
  const alien = chainOf(elsewhere.people[0]!)
  return { valley, alba, bruna, ceiba, mala, chain: chainOf(alba), other: chainOf(mala), alien }
}

const messageOf = ({ records, seal }: Segment): Uint8Array =>
  encodeSyncMessage({ type: 'segment', records: records.map(({ wire }) => wire), seal: encodeFeedSeal(seal) })

/** Takes a message as a link hands it over. What was new of it; `null`: refused. Never throws. */
const offers = (person: Person, message: Uint8Array): readonly RecId[] | null => {
  const parsed = parseSyncMessage(message)
  if (!parsed.ok || parsed.value.type !== 'segment') return null
  const segment = segmentFrom(parsed.value.records, parsed.value.seal)
  const offered = segment && person.feeds.offer(segment)
  person.merge()
  return offered?.ok ? offered.value.fresh.map(({ id }) => id) : null
}

const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const copy = bytes.slice()
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}

const nothingIsLeft = (person: Person) => {
  expect(person.reads()).toBe('')
  expect(person.feeds.heads()).toEqual([])
  expect(person.feeds.refused()).toEqual([])
  expect(person.feeds.missingFrom()).toEqual([])
  expect(person.feeds.waiting()).toEqual({ keys: 0, deps: 0, heads: 0, gaps: 0 })
}

test(
  'attack 12: flip any bit of what a link brings of a chain, and nothing of it is taken and nothing left of it',
  () => {
    const { bruna, chain } = scene()
    const message = messageOf(joined(...chain.slice(0, 2)))
    for (let bit = 0; bit < message.length * 8; bit++)
      expect(offers(bruna, flipped(message, bit)), `bit ${bit}`).toBeNull()
    nothingIsLeft(bruna)
    expect(offers(bruna, message)).toHaveLength(2)
    expect(bruna.reads()).toBe('uno dos ')
  },
  LONG,
)

test('attack 13: cut what a link brings of a chain anywhere, or add to it, and nothing of it is taken', () => {
  const { bruna, chain } = scene()
  const message = messageOf(joined(...chain))
  for (let end = 0; end < message.length; end++)
    expect(offers(bruna, message.subarray(0, end)), `cut at ${end}`).toBeNull()
  for (const more of [[0], [0xf6], [...message]])
    expect(offers(bruna, concatBytes(message, Uint8Array.from(more)))).toBeNull()
  nothingIsLeft(bruna)
})

/** What goes over a link, in a row: where it is altered, and how. */
const alterations = fc.array(
  fc.record({
    at: fc.nat({ max: WORDS.length - 1 }),
    how: fc.oneof(
      fc.record({
        type: fc.constant('flip' as const),
        bits: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
      }),
      fc.record({ type: fc.constant('cut' as const), end: fc.nat() }),
      fc.record({ type: fc.constant('add' as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
      fc.record({
        type: fc.constant('over' as const),
        from: fc.nat(),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }),
      }),
    ),
  }),
  { maxLength: 6 },
)

type How = (typeof alterations extends fc.Arbitrary<readonly (infer A)[]> ? A : never) extends {
  readonly how: infer H
}
  ? H
  : never

const altered = (message: Uint8Array, how: How): Uint8Array => {
  switch (how.type) {
    case 'flip':
      return how.bits.reduce((bytes, bit) => flipped(bytes, bit % (message.length * 8)), message)
    case 'cut':
      return message.subarray(0, how.end % message.length)
    case 'add':
      return concatBytes(message, how.bytes)
    case 'over': {
      const copy = message.slice()
      copy.set(how.bytes.subarray(0, copy.length), how.from % Math.max(1, copy.length - how.bytes.length))
      return copy
    }
  }
}

property.prop([alterations, fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 })], RUNS)(
  'attack 12: whatever is altered on the way, what came whole counts, before and after, in any order, and nothing else does',
  (changes, order) => {
    const { alba, bruna, chain } = scene()
    const genuine = new Set(chain.map(({ seal }) => seal.rec))
    for (const at of order) {
      for (const { how } of changes.filter((change) => change.at === at))
        for (const id of offers(bruna, altered(messageOf(chain[at]!), how)) ?? [])
          expect(genuine).toContain(id)
      expect(offers(bruna, messageOf(chain[at]!))).not.toBeNull()
    }
    expect(bruna.reads()).toBe(WORDS.join(''))
    expect(bruna.sees()).toEqual(alba.sees())
  },
  LONG,
)

const CHAINS = ['chain', 'other', 'alien'] as const
type At = readonly [(typeof CHAINS)[number], number]

const places: fc.Arbitrary<At> = fc.tuple(fc.constantFrom(...CHAINS), fc.nat({ max: WORDS.length - 1 }))

/** Genuine records under a genuine seal: a piece of a chain, of which now and then one is left out, doubled, swapped or put in. */
const arrangements = fc
  .record({
    whose: fc.constantFrom(...CHAINS),
    ends: fc.tuple(fc.nat({ max: WORDS.length - 1 }), fc.nat({ max: WORDS.length - 1 })),
    edit: fc.option(
      fc.record({
        type: fc.constantFrom('leave out', 'double', 'swap', 'put in', 'seal'),
        at: fc.nat({ max: WORDS.length - 1 }),
        by: places,
      }),
    ),
  })
  .map(({ whose, ends, edit }): { readonly records: readonly At[]; readonly seal: At } => {
    const [from, to] = [Math.min(...ends), Math.max(...ends)]
    const records = Array.from({ length: to - from + 1 }, (_, i): At => [whose, from + i])
    const at = (edit?.at ?? 0) % records.length
    if (edit?.type === 'leave out' && records.length > 1) records.splice(at, 1)
    if (edit?.type === 'double') records.splice(at, 0, records[at]!)
    if (edit?.type === 'swap') records.push(...records.splice(at, 1))
    if (edit?.type === 'put in') records.splice(at, 1, edit.by)
    return { records, seal: edit?.type === 'seal' ? edit.by : [whose, to] }
  })

property.prop([fc.array(arrangements, { maxLength: 8 })], RUNS)(
  'attack 12: records swapped, doubled, left out, of another feed or another collective are taken only where they are one chain and its seal',
  (hostile) => {
    const { alba, bruna, mala, ...all } = scene()
    for (const { records, seal } of hostile) {
      const [whose, last] = seal
      const taken = offers(
        bruna,
        encodeSyncMessage({
          type: 'segment',
          records: records.map(([of, n]) => all[of][n]!.records[0]!.wire),
          seal: encodeFeedSeal(all[whose][last]!.seal),
        }),
      )
      const isChain = records.every(([of, n], i) => of === whose && n === last - (records.length - 1 - i))
      expect(taken !== null).toBe(isChain && whose !== 'alien')
    }
    for (const segment of [...all.chain, ...all.other])
      expect(offers(bruna, messageOf(segment))).not.toBeNull()
    mala.hear(...all.chain)
    alba.hear(...all.other)
    expect(bruna.sees()).toEqual(alba.sees())
    expect(bruna.feeds.refused()).toEqual([])
  },
  LONG,
)

/** Places at the edges of what a number can say. */
const PLACES = [
  0,
  1,
  2,
  5,
  23,
  24,
  255,
  256,
  2 ** 16,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 2,
  2 ** 53 - 1,
] as const

property.prop(
  [
    fc.array(
      fc.record({
        places: fc.array(fc.constantFrom(...PLACES), { minLength: 1, maxLength: 3 }),
        follows: fc.constantFrom('nothing', 'the last', 'a genuine one', 'what nobody wrote'),
        named: fc.constantFrom(...PLACES),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    fc.nat(),
  ],
  RUNS,
)(
  'attack 37: what a member seals for any place at all, after anything, naming any place, throws nothing, and takes nothing from anybody else',
  (forged, turn) => {
    const { valley, alba, bruna, ceiba, mala, chain } = scene()
    const unknown = recIdFrom(new Uint8Array(32).fill(7))!
    const [epoch, key] = [...mala.held][0]!
    let last: RecId | null = null
    const messages = forged.map(({ places, follows, named }) => {
      const records: SealedRecord[] = []
      for (const seq of places) {
        const prev = {
          nothing: null,
          'the last': last,
          'a genuine one': chain[0]!.seal.rec,
          'what nobody wrote': unknown,
        }[follows]
        const body = {
          lheads: mala.ledger.heads(),
          deps: [{ feed: alba.feed!, seq: named, rec: chain[1]!.seal.rec }],
          docs: [],
        }
        const made = createRecord({ key, coll: valley.coll, feed: mala.feed!, seq, prev, epoch, body })
        records.push(expectOk(made))
        last = records.at(-1)!.id
      }
      const { id, pub } = records.at(-1)!
      const seal = createFeedSeal(mala.own.signSk, { feed: mala.feed!, seq: pub.seq, rec: id })
      return messageOf({ feed: mala.feed!, records, seal })
    })
    const honest = chain.map(messageOf)
    const mixed = [...messages, ...honest].map(
      (message, i) => [((i + 1) * (turn + 7)) % 11, message] as const,
    )
    for (const [, message] of [...mixed].sort(([a], [b]) => a - b)) offers(bruna, message)
    for (const message of [...messages, ...honest]) offers(ceiba, message)
    // What fell out of a hole that was full comes again.
    for (const person of [bruna, ceiba])
      for (const message of [...honest, ...messages]) offers(person, message)
    for (const person of [bruna, ceiba]) {
      expect(person.reads()).toBe(WORDS.join(''))
      expect(person.feeds.nextSeq(alba.feed!)).toBe(WORDS.length)
      person.says('y yo ')
      expect(person.reads()).toContain('y yo ')
      person.feeds.missingFrom()
      person.feeds.awaited(alba.feed!)
    }
    expect(bruna.feeds.refused().every(({ position }) => position.feed === mala.feed)).toBe(true)
  },
  LONG,
)

test('attack 37: a place that is no whole number from 0 to 2^53 − 1 is none, however it is written', () => {
  const { alba, chain } = scene()
  const { pub, ct } = chain[1]!.records[0]!
  const spelled = (seq: Uint8Array) =>
    concatBytes(
      Uint8Array.of(0x82, 0x86, 1),
      encodeCbor(idBytes(pub.feed)),
      seq,
      encodeCbor(idBytes(pub.prev!)),
      encodeCbor(idBytes(pub.epoch)),
      encodeCbor(pub.nonce),
      encodeCbor(ct),
    )
  const sealOf = (seq: Uint8Array) =>
    concatBytes(
      Uint8Array.of(0x84),
      encodeCbor(idBytes(pub.feed)),
      seq,
      encodeCbor(idBytes(chain[1]!.seal.rec)),
      encodeCbor(chain[1]!.seal.sig),
    )
  expect(parseRecord(spelled(Uint8Array.of(1))).ok).toBe(true)
  expect(parseFeedSeal(sealOf(Uint8Array.of(1))).ok).toBe(true)
  const wrong: readonly (readonly number[])[] = [
    [0x18, 1],
    [0x19, 0, 1],
    [0x1a, 0, 0, 0, 1],
    [0x1b, 0, 0, 0, 0, 0, 0, 0, 1],
    // 2^53, 2^63 and all ones; −1; 1.0 in halves, singles and doubles; NaN; infinite; null, true, undefined; a big number; "1"
    [0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0],
    [0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0],
    [0x1b, 255, 255, 255, 255, 255, 255, 255, 255],
    [0x20],
    [0xf9, 0x3c, 0],
    [0xfa, 0x3f, 0x80, 0, 0],
    [0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0],
    [0xf9, 0x7e, 0],
    [0xf9, 0x7c, 0],
    [0xf6],
    [0xf5],
    [0xf7],
    [0xc2, 0x41, 1],
    [0x61, 0x31],
    [0x1c],
    [0x1f],
  ]
  for (const seq of wrong) {
    expect(parseRecord(spelled(Uint8Array.from(seq))).ok, seq.join()).toBe(false)
    expect(parseFeedSeal(sealOf(Uint8Array.from(seq))).ok, seq.join()).toBe(false)
  }
  expect(alba.reads()).toBe(WORDS.join(''))
})

/** 2^252 + 27742317777372353535851937790883648493, the order of the group Ed25519 signs in, little end first. */
const ORDER = Uint8Array.from(
  Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex'),
)

test('attack 37: no second signature that says the same is made of a seal without its key', () => {
  const { bruna, chain } = scene()
  const { seal } = chain[0]!
  const sig = seal.sig.slice()
  let carry = 0
  for (let i = 0; i < 32; i++) {
    carry += sig[32 + i]! + ORDER[i]!
    sig[32 + i] = carry & 255
    carry >>= 8
  }
  expect(sig).not.toEqual(seal.sig)
  expect(offers(bruna, messageOf({ ...chain[0]!, seal: { ...seal, sig } }))).toBeNull()
  expect(offers(bruna, messageOf(chain[0]!))).toHaveLength(1)
})

test('attack 12: a seal made for something else by the same device is none for a record', () => {
  const { alba, bruna, mala, valley, chain } = scene()
  const { member } = alba.ledger.state().devices.get(alba.device)!
  const binding = signBinding(alba.own, valley.coll, member)
  const wrong = [
    { ...chain[0]!.seal, sig: binding },
    { ...chain[1]!.seal, seq: 0, rec: chain[0]!.seal.rec },
    createFeedSeal(mala.own.signSk, chain[0]!.seal),
    { ...chain[0]!.seal, sig: new Uint8Array(64) },
  ]
  for (const seal of wrong) expect(offers(bruna, messageOf({ ...chain[0]!, seal }))).toBeNull()
  nothingIsLeft(bruna)
})

test('attack 12: flip any bit of a row of records, and it reads as none or as other records, never as these', () => {
  const { bruna, chain } = scene()
  const { records, seal } = joined(...chain.slice(0, 2))
  const row = encodeRun({ records, seal })
  const ids = records.map(({ id }) => id).join()
  for (let bit = 0; bit < row.length * 8; bit++) {
    const run = parseRun(flipped(row, bit))
    const isSame = run?.records.map(({ id }) => id).join() === ids
    // Only what vouches for them can differ then, and nobody takes them with it.
    if (run && isSame)
      expect(offers(bruna, messageOf({ feed: run.seal.feed, ...run })), `bit ${bit}`).toBeNull()
  }
  nothingIsLeft(bruna)
  for (let end = 0; end < row.length; end++) expect(parseRun(row.subarray(0, end))).toBeNull()
  expect(parseRun(concatBytes(row, Uint8Array.of(0)))).toBeNull()
  expect(parseRun(row)).toEqual({ records, seal })
})
