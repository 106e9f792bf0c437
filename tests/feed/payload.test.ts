import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { checkPayload, MAX_UPDATE_BYTES } from '../../src/lib/feed/payload.ts'
import {
  after,
  before,
  deleted,
  gc,
  inside,
  NAN,
  nested,
  section,
  skip,
  string,
  subdocument,
  update,
  varUint,
} from './updates.ts'
import { updateBy } from './valley.ts'

const ME = 7
const OTHER = 9

/** My feed stands at clock 5; of the other I had merged up to clock 3. */
const context = { yClient: ME, clock: 5, clockOf: (client: number) => (client === OTHER ? 3 : 0) }

const verdict = (bytes: Uint8Array) => {
  const checked = checkPayload(bytes, context)
  return checked.ok ? checked.value.clock : checked.error.rule
}

test('what an honest device writes passes, and says where its clock stands afterwards', () => {
  expect(verdict(update([]))).toBe(5)
  expect(verdict(update([section(ME, 5, string('hola'))]))).toBe(9)
  expect(verdict(update([section(ME, 5, after(OTHER, 2, 'a'), before(ME, 4, 'b'), after(ME, 6, 'c'))]))).toBe(
    8,
  )
  expect(
    verdict(
      update(
        [section(ME, 5, gc(3), deleted(2))],
        [
          [OTHER, [0, 3]],
          [ME, [0, 10]],
        ],
      ),
    ),
  ).toBe(10)
  expect(verdict(update([], [[OTHER, [1, 1], [2, 1]]]))).toBe(5)
})

test('lists, maps, text formats, XML and plain values of an honest document all pass', () => {
  const written = updateBy(ME, (doc) => {
    doc.getMap('m').set('k', { a: [1, 'dos', null, true, { b: new Uint8Array(3) }], c: undefined })
    doc.getArray('a').insert(0, [new Y.Map([['x', 1]]), 2.5, 'tres'])
    const text = doc.getText('t')
    text.insert(0, 'negrita 🔥', { bold: true })
    text.insertEmbed(2, { image: 'x' })
    const xml = doc.getXmlFragment('x')
    xml.insert(0, [new Y.XmlElement('p'), new Y.XmlText('y')])
    text.delete(1, 3)
    xml.delete(0, 1)
  })
  expect(checkPayload(written, { ...context, clock: 0 })).toMatchObject({ ok: true })
})

const refusedAs: readonly (readonly [string, string, Uint8Array])[] = [
  ['another client', 'foreign client', update([section(OTHER, 5, string('x'))])],
  ['a gap', 'clock gap', update([section(ME, 6, string('x'))])],
  ['a clock used before', 'clock reuse', update([section(ME, 4, string('x'))])],
  ['a skip', 'skip', update([section(ME, 5, skip(2), string('x'))])],
  ['a skip alone', 'skip', update([section(ME, 5, skip(2))])],
  ['a struct that swallows a clock space', 'too long', update([section(ME, 5, gc(2 ** 22 + 1))])],
  ['a struct of 2^40', 'too long', update([section(ME, 5, gc(2 ** 40))])],
  ['an empty string', 'empty struct', update([section(ME, 5, string(''))])],
  ['an empty collected struct', 'empty struct', update([section(ME, 5, gc(0))])],
  ['an empty deleted struct', 'empty struct', update([section(ME, 5, deleted(0))])],
  ['a length that is no number', 'empty struct', update([section(ME, 5, [0, ...NAN])])],
  ['a clock that is no number', 'clock gap', update([[1, ...varUint(ME), ...NAN, ...string('x')]])],
  ['a client that is no number', 'foreign client', update([[1, ...NAN, 5, ...string('x')]])],
  ['deletes beyond what was merged', 'delete beyond deps', update([], [[OTHER, [2, 2]]])],
  ['deletes of a stranger', 'delete beyond deps', update([], [[4, [0, 1]]])],
  ['deletes of its own future', 'delete beyond deps', update([section(ME, 5, string('x'))], [[ME, [0, 7]]])],
  ['an empty delete', 'empty struct', update([], [[OTHER, [0, 0]]])],
  ['a delete that is no number', 'delete beyond deps', Uint8Array.from([0, 1, OTHER, 1, ...NAN, 1])],
  ['a left neighbour nobody merged', 'origin beyond deps', update([section(ME, 5, after(OTHER, 3, 'x'))])],
  ['a right neighbour nobody merged', 'origin beyond deps', update([section(ME, 5, before(OTHER, 3, 'x'))])],
  ['a parent nobody merged', 'origin beyond deps', update([section(ME, 5, inside(4, 0, 'x'))])],
  ['itself as its neighbour', 'origin beyond deps', update([section(ME, 5, after(ME, 5, 'x'))])],
  ['its own future as its parent', 'origin beyond deps', update([section(ME, 5, inside(ME, 9, 'x'))])],
  ['a neighbour that is no number', 'origin beyond deps', update([[1, ME, 5, 4 | 128, ...NAN, 0, 1, 120]])],
  ['a subdocument', 'subdocument', update([section(ME, 5, subdocument())])],
  ['values nested too deep', 'too deep', update([section(ME, 5, nested(70))])],
  [
    'two sections of one client',
    'foreign client',
    update([section(ME, 5, string('x')), section(ME, 6, string('y'))]),
  ],
  ['a section of nothing', 'undecodable', update([section(ME, 5)])],
  ['a count that is no number', 'too many structs', Uint8Array.from([1, ...NAN, ME, 5, 0])],
  [
    'more structs than anybody types',
    'too many structs',
    Uint8Array.from([1, ...varUint(2 ** 18 + 1), ME, 5]),
  ],
  ['a count with a needless byte', 'undecodable', Uint8Array.from([1, 128, 0, ME, 5, 0])],
  ['nothing at all', 'undecodable', new Uint8Array()],
  ['no delete set', 'undecodable', update([section(ME, 5, string('x'))]).slice(0, -1)],
  ['text that is not UTF-8', 'undecodable', update([section(ME, 5, [4, 1, 1, 116, 2, 0xc3, 0x28])])],
  ['an unknown kind of content', 'undecodable', update([section(ME, 5, [11, 1, 1, 116, 0])])],
  ['more bytes than an update may have', 'too large', new Uint8Array(MAX_UPDATE_BYTES + 1)],
]

test.each(refusedAs)('an update with %s is refused: %s', (_, rule, bytes) => {
  expect(verdict(bytes)).toBe(rule)
})

test('a clock beyond 2^40 is refused', () => {
  const near = { ...context, clock: 2 ** 40 - 1 }
  expect(checkPayload(update([section(ME, near.clock, string('x'))]), near)).toMatchObject({ ok: true })
  expect(checkPayload(update([section(ME, near.clock, string('xy'))]), near)).toMatchObject({
    error: { rule: 'clock too high' },
  })
})

test('a hundred thousand deletes pass, one more does not', () => {
  const deletes = (count: number) =>
    update([], [[OTHER, ...Array.from({ length: count }, () => [0, 1] as const)]])
  expect(verdict(deletes(100_000))).toBe(5)
  expect(verdict(deletes(100_001))).toBe('too many deletes')
})

test('lists as deep as a stack are refused like all too deep ones, here and in a worker with less stack', () => {
  expect(verdict(update([section(ME, 5, nested(64))]))).toBe(6)
  expect(verdict(update([section(ME, 5, nested(65))]))).toBe('too deep')
  expect(['too deep', 'undecodable']).toContain(verdict(update([section(ME, 5, nested(1_000_000))])))
})

test('an update is judged by its own bytes, whatever lies behind them in memory', () => {
  const whole = update([section(ME, 5, string('hola'))])
  const cut = whole.subarray(0, whole.length - 4)
  expect(verdict(cut)).toBe('undecodable')
  expect(verdict(cut)).toBe(verdict(new Uint8Array(cut)))
  expect(verdict(Buffer.from(whole).subarray(0, whole.length - 4))).toBe('undecodable')
})

property.prop([fc.uint8Array({ maxLength: 200 })])('random bytes never throw', (bytes) => {
  expect(['string', 'number']).toContain(typeof verdict(bytes))
})

/** Everything a damaged update can still be merged into: my first five clocks, and three of the other's. */
const shared = () => {
  const mine = updateBy(ME, (doc) => doc.getText('t').insert(0, 'abcde'))
  const theirs = updateBy(OTHER, (doc) => void doc.getArray('a').insert(0, [1, 2, new Y.Map()]), mine)
  return [mine, theirs]
}

const honest = updateBy(
  ME,
  (doc) => {
    doc.getText('t').insert(3, 'hola', { bold: true })
    doc.getText('t').delete(1, 2)
    ;(doc.getArray('a').get(2) as Y.Map<unknown>).set('k', [1, { a: 'b' }])
    doc.getArray('a').delete(0, 1)
  },
  ...shared(),
)

property.prop(
  [fc.array(fc.tuple(fc.nat({ max: 1000 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 })],
  { numRuns: process.env.SLOW ? 20_000 : 1500 },
)(
  'a damaged update that passes merges without an exception and whole: nothing waits, and no clock but the author’s moves',
  (damage) => {
    const bytes = honest.slice()
    for (const [at, byte] of damage) bytes[at % bytes.length] = byte
    const checked = checkPayload(bytes, context)
    if (!checked.ok) return
    const doc = new Y.Doc()
    for (const known of shared()) Y.applyUpdate(doc, known)
    Y.applyUpdate(
      doc,
      updateBy(99, (own) => own.getText('t').insert(0, 'z')),
    )
    Y.applyUpdate(doc, bytes)
    expect(doc.store.pendingStructs).toBe(null)
    expect(doc.store.pendingDs).toBe(null)
    expect(Y.decodeStateVector(Y.encodeStateVector(doc))).toEqual(
      new Map([
        [ME, checked.value.clock],
        [OTHER, 3],
        [99, 1],
      ]),
    )
    Y.encodeStateAsUpdate(doc)
  },
)
