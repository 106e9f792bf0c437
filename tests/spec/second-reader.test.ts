import { readFileSync } from 'node:fs'
import * as Y from 'yjs'
import { expect, test } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { read, type Vectors } from './second-reader.mjs'

const load = (): Vectors =>
  JSON.parse(readFileSync(new URL('../vectors/ledger.json', import.meta.url), 'utf8')) as Vectors

test('somebody who has only docs/spec can read who belongs and what alba wrote', () => {
  const vectors = load()
  const said = read(vectors)
  expect(said.coll).toBe(vectors.coll)
  expect(said.ids).toEqual(vectors.entries.map(({ id }) => id))
  for (const { epoch, key } of vectors.epochs) expect(hexFromBytes(said.keys.get(epoch)!)).toBe(key)
  expect(said.head).toBe(vectors.content.ids.at(-1))
  expect(said.yClient).toBe(vectors.content.yClient)
  const doc = new Y.Doc()
  for (const { u } of said.bodies) for (const [, update] of u) Y.applyUpdate(doc, update.slice())
  expect(doc.getText('words').toString()).toBe(vectors.content.text)
  expect([...doc.store.clients.keys()]).toEqual([vectors.content.yClient])
})

/** One bit of the byte in the middle, or at the end where the signatures are. */
const flip = (hex: string, where: 'middle' | 'end'): string => {
  const bytes = Buffer.from(hex, 'hex')
  bytes[where === 'end' ? bytes.length - 1 : bytes.length >> 1]! ^= 1
  return bytes.toString('hex')
}
const places = ['middle', 'end'] as const
const count = load().entries.length

test.each(Array.from({ length: count }, (_, at) => at))('and notices a changed bit in entry %i', (at) => {
  for (const where of places) {
    const vectors = load()
    vectors.entries[at]!.wire = flip(vectors.entries[at]!.wire, where)
    expect(() => read(vectors), where).toThrow()
  }
})

test('a changed bit in any box, record or seal', () => {
  for (const where of places) {
    for (const at of load().epochs.keys()) {
      const vectors = load()
      vectors.epochs[at]!.boxes = flip(vectors.epochs[at]!.boxes, where)
      expect(() => read(vectors)).toThrow()
    }
    for (const at of load().content.records.keys()) {
      const vectors = load()
      vectors.content.records[at] = flip(vectors.content.records[at]!, where)
      expect(() => read(vectors)).toThrow()
    }
    const vectors = load()
    vectors.content.seal = flip(vectors.content.seal, where)
    expect(() => read(vectors)).toThrow()
  }
})

test('an entry left out, two in the wrong order, a record left out, boxes of another epoch', () => {
  const changes: ((vectors: Vectors) => void)[] = [
    ({ entries }) => entries.splice(4, 1),
    ({ entries }) => entries.splice(3, 2, entries[4]!, entries[3]!),
    ({ content }) => content.records.shift(),
    ({ content }) => content.records.pop(),
    ({ epochs }) => void (epochs[1]!.boxes = epochs[2]!.boxes),
  ]
  for (const change of changes) {
    const vectors = load()
    change(vectors)
    expect(() => read(vectors)).toThrow()
  }
})

test('the reader leans on nothing of ours', () => {
  const source = readFileSync(new URL('./second-reader.mjs', import.meta.url), 'utf8')
  const imports = [...source.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, from]) => from)
  expect(imports).toEqual(['node:crypto', 'cborg', 'libsodium-wrappers'])
})
