import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { idBytes, MAIN_DOC, type FeedId, type RecId } from '../../src/lib/core/ids.ts'
import { createDocument } from '../../src/lib/domain/document.ts'
import { addArticle, articles } from '../../src/lib/domain/articles.ts'
import { yClientOf } from '../../src/lib/ledger/feed-id.ts'
import { encodeLost, lostIn, parseLost, writeAgain } from '../../src/lib/workspace/lost-work.ts'

const feed = 'a1'.repeat(32) as FeedId
const upTo = (clock: number) => ({
  seq: 0,
  rec: 'b2'.repeat(32) as RecId,
  clocks: new Map([[MAIN_DOC, clock]]),
})

/** What Bea wrote, then Cata twice; `held`: the clock up to which Cata’s records are still on her disk. */
const page = () => {
  const shown = createDocument()
  const note = (client: number, text: string) => {
    shown.clientID = client
    addArticle(shown, { title: '', kind: 'information', text })
  }
  note(7, 'de Bea')
  note(yClientOf(feed), 'de antes')
  const held = Y.getState(shown.store, yClientOf(feed))
  const before = Y.encodeStateAsUpdate(shown)
  note(yClientOf(feed), 'lo perdido')
  return { shown, held, before }
}

const textsOf = (doc: Y.Doc) =>
  articles(doc)
    .read()
    .map(({ body }) => body?.toString().replace(/<[^>]*>/g, ''))

test('of what Cata’s page shows, only what no record of hers holds is written again, and by herself', () => {
  const { shown, held, before } = page()
  const lost = lostIn(shown, feed, upTo(held))
  const doc = createDocument()
  Y.applyUpdate(doc, before)
  doc.clientID = 99
  writeAgain(doc, lost)
  expect(textsOf(doc).sort()).toEqual(['de Bea', 'de antes', 'lo perdido'])
  expect(Y.getState(doc.store, yClientOf(feed))).toBe(held)
})

test('what came back by itself is not written twice', () => {
  const { shown, held } = page()
  const lost = lostIn(shown, feed, upTo(held))
  shown.clientID = 99
  writeAgain(shown, lost)
  expect(textsOf(shown).sort()).toEqual(['de Bea', 'de antes', 'lo perdido'])
})

test('the row is read as it was written, and one that is damaged is none', () => {
  const { shown, held } = page()
  const lost = lostIn(shown, feed, upTo(held))
  const row = encodeLost(lost)
  expect(parseLost(row)).toEqual(lost)
  expect(row).toEqual(encodeCbor([idBytes(feed), lost.update]))
  for (let length = 0; length < row.length; length++) expect(parseLost(row.subarray(0, length))).toBeNull()
  for (let at = 0; at < row.length; at++) {
    const spoilt = Uint8Array.from(row, (byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte))
    const read = parseLost(spoilt)
    const doc = createDocument()
    // The vault lets no turned bit through; if one came, the page stays whole.
    if (read) expect(() => writeAgain(doc, read)).not.toThrow()
  }
})
