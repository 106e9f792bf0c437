import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { memberIdFrom, type MemberId } from '../../src/lib/core/ids.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import { CAUTION_MS, cautionsAt } from '../../src/lib/domain/caution-rounds.ts'
import { askCaution, CAUTION_REASONS, saidIn, takeBackCaution } from '../../src/lib/domain/cautions.ts'
import { createDocument, rootOf } from '../../src/lib/domain/document.ts'
import { devices, meet } from './two-devices.ts'

const DAY = 86_400_000
const START = Date.UTC(2026, 10, 28)
const on = (day: number) => START + day * DAY

const NAMES = ['alba', 'bruna', 'ceiba', 'dalia', 'elva'] as const
const [alba, bruna, ceiba, dalia, elva] = NAMES.map((name) =>
  memberIdFrom(hash('led', name).subarray(0, 16))!,
) as [MemberId, MemberId, MemberId, MemberId, MemberId]

/** What somebody does on a day. Everything is about Elva. */
type Act = {
  readonly who: MemberId
  readonly day: number
  readonly back?: boolean
  readonly care?: MemberId
}
const act = (doc: Y.Doc, { who, day, back = false, care }: Act) =>
  back
    ? takeBackCaution(doc, { about: elva, member: who }, on(day))
    : askCaution(doc, { about: elva, member: who, reason: 'conflict', care: care ?? null }, on(day))

/** As if every phone belonged to whom it says it does: that is looked at above (tests/workspace/cautions.test.ts). */
const seen = (doc: Y.Doc, day: number, out: readonly MemberId[] = []) =>
  cautionsAt(
    saidIn(doc).map((said) => ({ ...said, counts: !out.includes(said.member) })),
    on(day),
  )[0]

const after = (...acts: readonly Act[]): Y.Doc => {
  const doc = createDocument()
  for (const one of acts) act(doc, one)
  return doc
}

const three: readonly Act[] = [
  { who: alba, day: 0, care: dalia },
  { who: bruna, day: 2 },
  { who: ceiba, day: 3 },
]

test('three people say so: it begins with the third, and says who is there for Elva', () => {
  expect(seen(after(...three), 3)).toEqual({
    about: elva,
    voices: [alba, bruna, ceiba],
    reason: 'conflict',
    care: dalia,
    until: on(3) + CAUTION_MS,
  })
})

test('two people are not enough, however often they say it and with however many phones', () => {
  const phones = devices(4)
  for (const [i, doc] of phones.entries()) act(doc, { who: i % 2 ? alba : bruna, day: i })
  meet(phones)
  for (const doc of phones) expect(seen(doc, 4)).toMatchObject({ voices: [bruna, alba], until: null })
})

test('what Elva herself says about herself is no voice', () => {
  const doc = after(...three.slice(0, 2), { who: elva, day: 3 })
  expect(seen(doc, 3)).toMatchObject({ voices: [alba, bruna], until: null })
})

test('it ends by itself after fourteen days, and a day before it still stands', () => {
  const doc = after(...three)
  expect(seen(doc, 16)?.until).toBe(on(17))
  expect(seen(doc, 17)).toBeUndefined()
})

test('a fourth voice does not make it longer, and neither does the first being taken back then', () => {
  const doc = after(...three, { who: dalia, day: 12 }, { who: alba, day: 13, back: true })
  expect(seen(doc, 13)).toMatchObject({ voices: [bruna, ceiba, dalia], until: on(17) })
})

test('it ends when one of three takes it back', () => {
  expect(seen(after(...three, { who: bruna, day: 4, back: true }), 4)).toBeUndefined()
})

test('after it ended, one more voice is one of three: the others have to say so again', () => {
  const ended = after(...three, { who: bruna, day: 4, back: true }, { who: dalia, day: 5 })
  expect(seen(ended, 5)).toMatchObject({ voices: [dalia], until: null })
  for (const who of [alba, ceiba]) act(ended, { who, day: 6 })
  expect(seen(ended, 6)).toMatchObject({ until: on(20) })
  // The same where it ended by itself.
  const over = after(...three, { who: alba, day: 18 })
  expect(seen(over, 18)).toMatchObject({ voices: [alba], until: null })
})

test('a voice waits fourteen days for others, and no longer', () => {
  const late = after({ who: alba, day: 0 }, { who: bruna, day: 1 }, { who: ceiba, day: 14 })
  expect(seen(late, 14)).toMatchObject({ voices: [bruna, ceiba], until: null })
  const inTime = after({ who: alba, day: 0 }, { who: bruna, day: 1 }, { who: ceiba, day: 13 })
  expect(seen(inTime, 13)).toMatchObject({ until: on(27) })
})

test('whoever took it back may say so again; whoever did not is one voice all the same', () => {
  const doc = after(three[0]!, { who: alba, day: 1, back: true }, { who: alba, day: 1 })
  expect(seen(doc, 1)).toMatchObject({ voices: [alba] })
  act(doc, { who: alba, day: 2 })
  expect(seen(doc, 2)).toMatchObject({ voices: [alba] })
})

test('what is dated in days to come is passed over until then, and its owner can put it right', () => {
  const doc = after(...three.slice(0, 2), { who: ceiba, day: 400 })
  expect(seen(doc, 3)).toMatchObject({ voices: [alba, bruna], until: null })
  act(doc, { who: ceiba, day: 4 })
  expect(seen(doc, 4)).toMatchObject({ until: on(18) })
  expect(saidIn(doc).filter(({ member }) => member === ceiba)).toHaveLength(1)
})

test('taking back works from a phone whose clock is minutes behind', () => {
  const doc = after(...three)
  takeBackCaution(doc, { about: elva, member: ceiba }, on(3) - 5 * 60_000)
  expect(seen(doc, 3)).toBeUndefined()
})

test('whoever is put out counts no more, and their going makes no pause longer', () => {
  const doc = after(...three)
  expect(seen(doc, 4, [alba])).toMatchObject({ voices: [bruna, ceiba], until: null })
  act(doc, { who: dalia, day: 10 })
  expect(seen(doc, 10, [alba])).toMatchObject({ voices: [bruna, ceiba, dalia], until: on(17) })
})

test('whoever erases what others wrote makes no voice stand that was taken back', () => {
  const doc = after(...three, { who: bruna, day: 4, back: true })
  for (const key of rootOf(doc, 'cautions').keys()) {
    const other = createDocument()
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
    rootOf(other, 'cautions').delete(key)
    expect(seen(other, 4)?.voices ?? []).not.toContain(bruna)
    expect(seen(other, 4)?.until ?? null).toBeNull()
  }
})

test('whoever writes in another’s name is seen to have written it', () => {
  const [one, other] = devices(2) as [Y.Doc, Y.Doc]
  act(one, { who: bruna, day: 0 })
  meet([one, other])
  expect(saidIn(other)).toMatchObject([{ member: bruna, client: one.clientID }])
  // Also who writes over it.
  takeBackCaution(other, { about: elva, member: bruna }, on(1))
  meet([one, other])
  expect(saidIn(one)).toMatchObject([{ member: bruna, back: on(1), client: other.clientID }])
})

test('whatever else stands there says nothing, and nothing is thrown', () => {
  const doc = createDocument()
  const root = rootOf(doc, 'cautions')
  const key = `${elva}.${alba}.0123456789abcdef`
  for (const [at, value] of [
    [key, 7],
    [key, null],
    [key, new Uint8Array(3)],
    [key, new Y.Map()],
    [key, ''],
    [key, `${START} conflict`],
    [key, `${START} story -`],
    [key, `-1 conflict -`],
    [key, `1e9 conflict -`],
    [key, `${'9'.repeat(16)} conflict -`],
    [key, `${START} conflict - x`],
    [key, `${START} conflict she did this and that`],
    [`${elva}.${elva}.0`, `${START} conflict -`],
    [`${elva}.${alba}`, `${START} conflict -`],
    [`${elva}.${alba}.0.1`, `${START} conflict -`],
    [`${elva}.nobody.0`, `${START} conflict -`],
    ['', `${START} conflict -`],
  ] as const) {
    root.set(at, value)
    expect({ at, value, said: saidIn(doc) }).toEqual({ at, value, said: [] })
    root.delete(at)
  }
  fc.assert(
    fc.property(fc.string(), fc.anything(), (at, value) => {
      const hostile = createDocument()
      try {
        rootOf(hostile, 'cautions').set(at, value)
      } catch {
        return // Nothing Yjs could carry.
      }
      expect(saidIn(hostile)).toEqual([])
    }),
  )
  for (const reason of CAUTION_REASONS) {
    root.set(key, `${START} ${reason} -`)
    expect(saidIn(doc)).toMatchObject([{ reason }])
  }
})

const acts = fc.array(
  fc.record({
    phone: fc.nat(7),
    day: fc.nat(40),
    back: fc.boolean(),
    meets: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
  }),
  { maxLength: 40 },
)
const at = (phone: number) => [alba, bruna, ceiba, dalia][phone % 4]!

test('the order in which people hear of each other never changes what follows', () => {
  fc.assert(
    fc.property(acts, fc.nat(60), (list, day) => {
      const phones = devices(8)
      for (const { phone, meets, ...rest } of list) {
        act(phones[phone]!, { who: at(phone), ...rest })
        if (meets) meet([phones[phone]!, phones[(phone + 3) % 8]!])
      }
      meet(phones)
      meet(phones)
      const [first, ...others] = phones.map((doc) => ({
        said: saidIn(doc)
          .map(({ key, at, back }) => `${key} ${at} ${back}`)
          .sort(),
        seen: seen(doc, day),
      }))
      for (const other of others) expect(other).toEqual(first)
      // Whatever happened: three different people, a day that is not further off than fourteen, and not over.
      const caution = first!.seen
      if (!caution || caution.until === null) return
      expect(new Set(caution.voices).size).toBeGreaterThanOrEqual(3)
      expect(caution.voices).not.toContain(elva)
      expect(caution.until).toBeGreaterThan(on(day))
      expect(caution.until).toBeLessThanOrEqual(on(day) + CAUTION_MS)
    }),
  )
})

test('G1: with any number of phones, dates and steps one person pauses nobody, and two do not either', () => {
  fc.assert(
    fc.property(acts, fc.nat(60), (list, day) => {
      const phones = devices(8)
      for (const { phone, ...rest } of list) act(phones[phone]!, { who: phone % 2 ? alba : bruna, ...rest })
      meet(phones)
      expect(seen(phones[0]!, day)?.until ?? null).toBeNull()
    }),
  )
})
