import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { parseRecord } from '../../src/lib/feed/record.ts'
import { encodeFeedSeal, parseFeedSeal } from '../../src/lib/feed/seal.ts'
import type { Segment } from '../../src/lib/feed/types.ts'
import { sealed, Valley, type Person } from '../feed/valley.ts'

const setting = () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba')
  const alba = valley.get('Alba')
  alba.says('antes ')
  valley.meet()
  return { alba, bruna: valley.get('Bruna') }
}

/** Offers bytes as a link would: parsed where they parse. */
const offerBytes = (person: Person, record: Uint8Array, seal: Uint8Array): string => {
  const [parsed, sealParsed] = [parseRecord(record), parseFeedSeal(seal)]
  if (!parsed.ok) return parsed.error.type
  if (!sealParsed.ok) return sealParsed.error.type
  const segment: Segment = { feed: sealParsed.value.feed, records: [parsed.value], seal: sealParsed.value }
  const offered = person.feeds.offer(segment)
  return offered.ok ? 'taken' : offered.error.type
}

const flips = function* (bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++)
    for (const bit of [1, 0x80]) {
      const flipped = bytes.slice()
      flipped[at]! ^= bit
      yield flipped
    }
}

test('attack 12: flip any byte of a record and it is refused, whoever brings it, and the session goes on', () => {
  const { alba, bruna } = setting()
  const segment = alba.says('después')
  const wire = segment.records[0]!.wire
  const seal = encodeFeedSeal(segment.seal)
  for (const flipped of flips(wire)) expect(offerBytes(bruna, flipped, seal)).not.toBe('taken')
  bruna.merge()
  expect(bruna.reads()).toBe('antes ')
  expect(offerBytes(bruna, wire, seal)).toBe('taken')
  bruna.merge()
  expect(bruna.reads()).toBe('antes después')
})

test('attack 12: flip any byte of a seal and it is refused', () => {
  const { alba, bruna } = setting()
  const segment = alba.says('después')
  const wire = segment.records[0]!.wire
  for (const flipped of flips(encodeFeedSeal(segment.seal)))
    expect(offerBytes(bruna, wire, flipped)).not.toBe('taken')
})

test('attack 12: cut a record or a seal anywhere, or add to it, and it is refused', () => {
  const { alba, bruna } = setting()
  const segment = alba.says('después')
  const wire = segment.records[0]!.wire
  const seal = encodeFeedSeal(segment.seal)
  for (let end = 0; end < wire.length; end++) expect(parseRecord(wire.subarray(0, end)).ok).toBe(false)
  for (let end = 0; end < seal.length; end++) expect(parseFeedSeal(seal.subarray(0, end)).ok).toBe(false)
  expect(parseRecord(Uint8Array.from([...wire, 0])).ok).toBe(false)
  expect(parseFeedSeal(Uint8Array.from([...seal, 0])).ok).toBe(false)
  expect(offerBytes(bruna, wire, seal)).toBe('taken')
})

test('attack 12: a record altered and sealed again by its own author is carried, and refused by all who can open it', () => {
  const { alba, bruna } = setting()
  const segment = alba.says('después')
  const altered = segment.records[0]!.wire.slice()
  altered[altered.length - 1]! ^= 1
  const record = expectOk(parseRecord(altered))
  bruna.hear(sealed(alba, [record]))
  expect(bruna.reads()).toBe('antes ')
  expect(bruna.feeds.refused().map(({ why }) => why)).toEqual([{ type: 'OpenFailed' }])
})
