import fc from 'fast-check'
import * as Y from 'yjs'
import { expect, test } from 'vitest'
import { checkPayload } from '../../src/lib/feed/payload.ts'

const context = { yClient: 7, clock: 0, clockOf: () => 0 }

/** Unsigned LEB128, as lib0 writes it. */
const varUint = (n: number): number[] => {
  const bytes: number[] = []
  for (; n > 127; n = Math.floor(n / 128)) bytes.push((n % 128) | 128)
  return [...bytes, n]
}

const refusedSoon = (update: Uint8Array): void => {
  const since = performance.now()
  expect(checkPayload(update, context).ok).toBe(false)
  expect(performance.now() - since).toBeLessThan(1000)
}

/** Refused, or read as what adds and removes nothing. */
const harmlessSoon = (update: Uint8Array): void => {
  const since = performance.now()
  const checked = checkPayload(update, context)
  expect(performance.now() - since).toBeLessThan(1000)
  if (!checked.ok) return
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  expect([checked.value.clock, doc.store.clients.size, doc.store.pendingStructs]).toEqual([0, 0, null])
}

test('attack 51: nothing at all, and what only says that much follows, is refused at once', () => {
  refusedSoon(new Uint8Array())
  const claims = [2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER]
  for (const claim of claims) {
    // So many clients; so many structs of one client; a string so long; so many deletes.
    refusedSoon(new Uint8Array(varUint(claim)))
    refusedSoon(new Uint8Array([1, ...varUint(claim), 7, 0]))
    refusedSoon(new Uint8Array([1, 1, 7, 0, 4, 1, 1, 0x61, ...varUint(claim)]))
    refusedSoon(new Uint8Array([1, 1, 7, 0, 0, ...varUint(claim)]))
    refusedSoon(new Uint8Array([0, 1, 7, ...varUint(claim)]))
  }
})

test('attack 51: an update in the second format of Yjs, whose runs unfold without end, unfolds to nothing here', () => {
  const doc = new Y.Doc()
  doc.clientID = 7
  doc.getText('t').insert(0, 'x'.repeat(1000))
  const run = Y.encodeStateAsUpdateV2(doc)
  harmlessSoon(run)
  for (let at = 0; at < run.length; at++) {
    const bomb = run.slice()
    bomb.set([0xff, 0xff, 0xff, 0x7f].slice(0, run.length - at), at)
    harmlessSoon(bomb)
  }
})

test('attack 51: values nested within values a thousand deep are refused, and break no reader', () => {
  const doc = new Y.Doc()
  doc.clientID = 7
  let deep: unknown = 'x'
  for (let i = 0; i < 1000; i++) deep = [deep]
  doc.getArray('a').push([deep])
  refusedSoon(Y.encodeStateAsUpdate(doc))
})

test('attack 51: whatever the bytes are, the verdict comes soon, the same each time, and never as an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 512 }), (bytes) => {
      const verdict = checkPayload(bytes, context)
      expect(checkPayload(bytes, context)).toEqual(verdict)
    }),
    { numRuns: process.env.SLOW === '1' ? 50_000 : 1000 },
  )
})

test('attack 51: one struct more than may be is refused before any is read, and as many as may be are read in a row', () => {
  const letters = (count: number): Uint8Array => {
    const bytes = [1, ...varUint(count), 7, 0, 4, 1, 1, 0x74, 1, 0x78]
    for (let i = 1; i < count; i++) bytes.push(0x84, 7, ...varUint(i - 1), 1, 0x78)
    return Uint8Array.from([...bytes, 0])
  }
  expect(checkPayload(letters(2 ** 18 + 1), context)).toEqual({
    ok: false,
    error: { type: 'BadPayload', rule: 'too many structs' },
  })
  const many = letters(2 ** 14)
  expect(checkPayload(many, context)).toEqual({ ok: true, value: { clock: 2 ** 14 } })
  const doc = new Y.Doc()
  Y.applyUpdate(doc, many)
  expect(doc.getText('t').length).toBe(2 ** 14)
  expect(doc.store.pendingStructs).toBeNull()
})
