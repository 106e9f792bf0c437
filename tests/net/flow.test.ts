import { expect, test } from 'vitest'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { collIdFrom, entryIdFrom, idBytes, memberIdFrom } from '../../src/lib/core/ids.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import { encodeFlowMessage, parseFlowMessage, type FlowMessage } from '../../src/lib/wire/flow.ts'

const nonce = hash('led', 'rA')
const coll = collIdFrom(hash('led', 'coll'))!
const [invite, pin] = ['invite', 'pin'].map((text) => entryIdFrom(hash('led', text))!) as [
  ReturnType<typeof entryIdFrom> & string,
  ReturnType<typeof entryIdFrom> & string,
]

const reveals: readonly FlowMessage[] = [
  { type: 'reveal', nonce, into: null },
  { type: 'reveal', nonce, into: { coll, invite, pin: null } },
  { type: 'reveal', nonce, into: { coll, invite, pin } },
]

test('where a newcomer is invited to is read as it was said, with and without what is settled', () => {
  for (const message of reveals)
    expect(parseFlowMessage(encodeFlowMessage(message))).toEqual({ ok: true, value: message })
})

test('while nothing is settled it is said as it always was', () => {
  expect(encodeFlowMessage(reveals[1]!)).toEqual(encodeCbor([2, nonce, [idBytes(coll), idBytes(invite)]]))
})

test('cut short, with a part too many, or with a pin that is none, it is nothing anybody says', () => {
  const bytes = encodeFlowMessage(reveals[2]!)
  for (let length = 0; length < bytes.length; length++)
    expect(parseFlowMessage(bytes.subarray(0, length)).ok).toBe(false)
  const parts = [idBytes(coll), idBytes(invite)]
  for (const into of [
    [parts[0]!],
    [...parts, null],
    [...parts, nonce.subarray(1)],
    [...parts, nonce, nonce],
    7,
  ])
    expect(parseFlowMessage(encodeCbor([2, nonce, into])).ok).toBe(false)
  for (let at = 0; at < bytes.length * 8; at++) {
    const altered = bytes.slice()
    altered[at >> 3]! ^= 1 << (at & 7)
    const parsed = parseFlowMessage(altered)
    if (parsed.ok && parsed.value.type === 'reveal') expect(encodeFlowMessage(parsed.value)).toEqual(altered)
  }
})

const member = memberIdFrom(hash('led', 'member').subarray(0, 16))!
const faceToFace: readonly FlowMessage[] = [
  { type: 'here', name: 'Alba', coll, pin: null, member: null },
  { type: 'here', name: 'Alba', coll, pin, member },
  { type: 'bind', name: 'Drago', member, binding: new Uint8Array(64).fill(7) },
  { type: 'later', until: Date.UTC(2030, 2, 3) },
  ...[null, pin].map((held): FlowMessage => ({
    type: 'back',
    name: 'Alba',
    person: 'Elva',
    coll,
    pin: held,
    member,
    seed: nonce.subarray(0, 16),
    language: 'es',
  })),
  { type: 'agreeing', have: 1, needed: 3, checked: 1, missing: ['Bruna', 'Ceiba'] },
]

test('what is said face to face, and “not yet”, is read as it was said', () => {
  for (const message of faceToFace)
    expect(parseFlowMessage(encodeFlowMessage(message))).toEqual({ ok: true, value: message })
  expect(encodeFlowMessage(faceToFace[3]!)).toEqual(encodeCbor([15, Date.UTC(2030, 2, 3)]))
})

test('face to face, cut short, altered or with a part too many, nothing is thrown, and nothing has two spellings', () => {
  for (const message of faceToFace) {
    const bytes = encodeFlowMessage(message)
    for (let length = 0; length < bytes.length; length++)
      expect(parseFlowMessage(bytes.subarray(0, length)).ok).toBe(false)
    for (let at = 0; at < bytes.length * 8; at++) {
      const altered = bytes.slice()
      altered[at >> 3]! ^= 1 << (at & 7)
      const parsed = parseFlowMessage(altered)
      if (parsed.ok && ['here', 'bind', 'later', 'back', 'agreeing'].includes(parsed.value.type))
        expect(encodeFlowMessage(parsed.value)).toEqual(altered)
    }
  }
  for (const wrong of [
    [13, 'Alba', idBytes(coll), nonce.subarray(1), null],
    [13, 'Alba', idBytes(coll), null, nonce],
    [13, 'a'.repeat(81), idBytes(coll), null, null],
    [14, 'Drago', idBytes(member), new Uint8Array(64), 1],
    [14, 'Drago', idBytes(member), new Uint8Array(63)],
    [15, -1],
    [16, 'Alba', 'Elva', [idBytes(coll), null], [nonce.subarray(0, 16), 'es']],
    [16, 'Alba', 'Elva', [idBytes(coll), null, idBytes(member)], [nonce, 'es']],
    [16, 'Alba', 'Elva', [idBytes(coll), null, idBytes(member)], [nonce.subarray(0, 16), 'fr']],
    [16, 'Alba', 'Elva', [idBytes(coll), 7, idBytes(member)], [nonce.subarray(0, 16), 'es']],
    [17, 1, 3, 1, ['a'.repeat(81)]],
    [17, 1, -3, 1, []],
    [17, 1, 3, 1, [], 0],
    [15, 1, 1],
  ])
    expect(parseFlowMessage(encodeCbor(wrong)).ok).toBe(false)
})
