import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { bytesFromHex, hexFromBytes } from '../../src/lib/core/bytes.ts'
import { blobIdFrom, collIdFrom, entryIdFrom, epochIdFrom, feedIdFrom } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { encodeBundle, parseBundle, type Bundle } from '../../src/lib/wire/bundle.ts'
import { encodeLastBundle, parseLastBundle } from '../../src/lib/workspace/bundle-row.ts'

const path = new URL('../vectors/bundle.json', import.meta.url)

const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte)
const first: Bundle = {
  coll: collIdFrom(filled(32, 1))!,
  rules: 1,
  messages: [
    { type: 'entries', entries: [filled(3, 2), filled(2, 3)], heads: [] },
    { type: 'boxes', epoch: epochIdFrom(filled(32, 4))!, boxes: filled(5, 5) },
    { type: 'segment', records: [filled(4, 6)], seal: filled(6, 7) },
  ],
  carried: [],
  closed: [],
}
const second: Bundle = {
  ...first,
  messages: [...first.messages, { type: 'part', part: filled(7, 8) }],
  carried: [filled(8, 9), filled(2, 10)],
  closed: [filled(9, 11)],
}
const row = {
  at: 86_400_000,
  given: {
    heads: [entryIdFrom(filled(32, 12))!],
    next: new Map([[feedIdFrom(filled(32, 13))!, 14]]),
    carried: [blobIdFrom(filled(32, 15))!],
  },
}

// Written anew only when something changes on purpose, and then with a new version in front.
if (process.env['MAKE_VECTORS'])
  writeFileSync(
    path,
    `${JSON.stringify(
      {
        first: hexFromBytes(encodeBundle(first)),
        second: hexFromBytes(encodeBundle(second)),
        row: hexFromBytes(encodeLastBundle(row)),
      },
      null,
      2,
    )}\n`,
  )

const vectors = JSON.parse(readFileSync(path, 'utf8')) as Record<'first' | 'second' | 'row', string>
const bytesOf = (name: keyof typeof vectors) => bytesFromHex(vectors[name])

test.each([
  ['first', first],
  ['second', second],
] as const)('a payload in the %s form is these bytes, and reads as what it was', (name, bundle) => {
  expect(hexFromBytes(encodeBundle(bundle))).toBe(vectors[name])
  expect(expectOk(parseBundle(bytesOf(name)))).toEqual(bundle)
})

test('what a phone remembers of its last file is these bytes, and reads as what it was', () => {
  expect(hexFromBytes(encodeLastBundle(row))).toBe(vectors.row)
  expect(parseLastBundle(bytesOf('row'))).toEqual(row)
})
