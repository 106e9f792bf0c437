import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { encodeHubCode, parseHubCode, type HubCode } from '../../src/lib/wire/hub-code.ts'
import {
  CREDIT_STEP,
  encodeHubAnswer,
  encodeHubRequest,
  parseHubAnswer,
  parseHubRequest,
  PIPE_WINDOW,
  type HubAnswer,
  type HubRequest,
} from '../../src/lib/wire/hub.ts'
import { encodeIceName, parseIceName } from '../../src/lib/wire/one-scan.ts'
import { encodeNote, parseNote } from '../../src/lib/wire/rendezvous.ts'
import { parseCode } from '../../src/lib/wire/code.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const pipe = fc.nat(65_535)
const flow = fc.oneof(
  fc.record({
    type: fc.constant('frame' as const),
    pipe,
    frame: fc.uint8Array({ minLength: 1, maxLength: 16_384 }),
  }),
  fc.record({
    type: fc.constant('credit' as const),
    pipe,
    cost: fc.integer({ min: CREDIT_STEP, max: PIPE_WINDOW }),
  }),
  fc.record({ type: fc.constant('close' as const), pipe }),
)
const blob = fc.uint8Array({ maxLength: 4096 })
const request: fc.Arbitrary<HubRequest> = fc.oneof(
  fc.record({ type: fc.constantFrom('subscribe' as const, 'unsubscribe' as const), mailbox: bytes(32) }),
  fc.record({ type: fc.constant('put' as const), mailbox: bytes(32), blob }),
  fc.record({ type: fc.constant('open' as const), pipe, name: bytes(32) }),
  flow,
)
const answer: fc.Arbitrary<HubAnswer> = fc.oneof(
  fc.record({ type: fc.constant('blob' as const), mailbox: bytes(32), blob }),
  fc.record({ type: fc.constant('refused' as const), code: fc.nat(9) }),
  fc.record({ type: fc.constant('joined' as const), pipe }),
  flow,
)
const code: fc.Arbitrary<HubCode> = fc.record({
  addresses: fc.array(fc.oneof(bytes(4), bytes(16)), { minLength: 1, maxLength: 4 }),
  port: fc.integer({ min: 1, max: 65_535 }),
  fingerprint: bytes(32),
})

property.prop([request, answer, code])(
  'what is written is read again, and as nothing else',
  (request, answer, code) => {
    expect(parseHubRequest(encodeHubRequest(request))).toEqual({ ok: true, value: request })
    expect(parseHubAnswer(encodeHubAnswer(answer))).toEqual({ ok: true, value: answer })
    const encoded = encodeHubCode(code)
    expect(parseHubCode(encoded)).toEqual({ ok: true, value: code })
    expect(parseCode(encoded, 'meet').ok).toBe(false)
  },
)

property.prop([request, code, fc.nat(), fc.nat(7)])(
  'a flipped bit or a missing end is refused or means exactly what it then says; nothing throws',
  (request, code, at, bit) => {
    for (const [encoded, parse, encode] of [
      [encodeHubRequest(request), parseHubRequest, encodeHubRequest],
      [encodeHubCode(code), parseHubCode, encodeHubCode],
    ] as const) {
      const flipped = encoded.slice()
      flipped[at % flipped.length]! ^= 1 << bit
      const read = parse(flipped)
      if (read.ok) expect((encode as (value: unknown) => Uint8Array)(read.value)).toEqual(flipped)
      expect(parse(encoded.slice(0, at % encoded.length)).ok).toBe(false)
    }
  },
)

property.prop([fc.uint8Array({ maxLength: 300 }), fc.string()])(
  'no bytes and no text make a parser throw',
  (raw, text) => {
    parseHubRequest(raw)
    parseHubAnswer(raw)
    parseHubCode(raw)
    parseNote(raw)
    const name = parseIceName(text)
    if (name) expect(encodeIceName(name)).toBe(text)
  },
)

const iceText = (min: number, max: number) => fc.stringMatching(new RegExp(`^[A-Za-z0-9+/]{${min},${max}}$`))

property.prop([iceText(4, 64), iceText(22, 64)])(
  'a name at a hub holds both credentials, and only letters ICE allows',
  (ufrag, pwd) => {
    expect(parseIceName(encodeIceName({ ufrag, pwd }))).toEqual({ ufrag, pwd })
  },
)

test('nothing in a name can end a line of a session description, or make it long', () => {
  for (const name of [
    '',
    'LH1',
    'LH104abcd',
    `LH104abcd${'p'.repeat(21)}`,
    `LH104abcd${'p'.repeat(65)}`,
    `LH104ab\r\n${'p'.repeat(24)}`,
    `LH104abcd${'p'.repeat(20)}\r\na=x`,
    `LH1-1abcd${'p'.repeat(24)}`,
    `LH103abc${'p'.repeat(24)}`,
    `LH204abcd${'p'.repeat(24)}`,
    `LH11s${'u'.repeat(64)}${'p'.repeat(400)}`,
  ])
    expect([name, parseIceName(name)]).toEqual([name, null])
})

test('a credit smaller than a step or larger than a window is nobody’s, nor an empty or too long frame', () => {
  for (const message of [
    [7, 1, CREDIT_STEP - 1],
    [7, 1, PIPE_WINDOW + 1],
    [7, 65_536, CREDIT_STEP],
    [6, 1, new Uint8Array()],
    [6, 1, new Uint8Array(16_385)],
    [5, 1, new Uint8Array(31)],
    [5, -1, new Uint8Array(32)],
    [8, 1, 1],
    [9, 1],
  ])
    expect(parseHubRequest(encodeCbor(message)).ok).toBe(false)
})

test('a note that asks into a pipe is read again, and is unlike the others', () => {
  const note = { type: 'relay', id: new Uint8Array(16).fill(1), pipe: new Uint8Array(32).fill(2) } as const
  expect(parseNote(encodeNote(note))).toEqual({ ok: true, value: note })
  expect(parseNote(encodeCbor([2, note.id, note.pipe.slice(1)])).ok).toBe(false)
})
