import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { MAIN_DOC, type RecId } from '../../src/lib/core/ids.ts'
import { holdItsPlace, standsWhole } from '../../src/lib/domain/merge.ts'
import type { Accepted } from '../../src/lib/feed/types.ts'
import { Documents } from '../../src/lib/workspace/documents.ts'
import { createHandClock } from '../net/hand-clock.ts'
import { seededRandom } from '../world/time.ts'

/** Ana’s page, whose key has not come yet: what she writes waits. What others wrote comes as records. */
const pageOf = (client: number) => {
  const waiting: Uint8Array[] = []
  const page = new Documents((docs) => void waiting.push(...docs.map(({ update }) => update)), {
    clock: createHandClock(),
    random: seededRandom(client),
  })
  page.setClient(client)
  const writes = (text: string) => {
    const notes = page.doc.read().getText('notes')
    notes.insert(notes.length, text)
    page.flush()
  }
  return { page, waiting, writes, reads: () => page.doc.read().getText('notes').toString() }
}

const BEA = 3
const CARO = 2

const recordOf = (client: number, update: Uint8Array): Accepted =>
  ({
    device: String(client),
    position: { feed: String(client), seq: 0, rec: String(client) as RecId },
    docs: [{ doc: MAIN_DOC, update }],
  }) as unknown as Accepted

const wrote = (client: number, text: string): Accepted => {
  const doc = new Y.Doc()
  doc.clientID = client
  doc.getText('notes').insert(0, text)
  return recordOf(client, Y.encodeStateAsUpdate(doc))
}

test('Ana writes upon what Bea wrote, and on when Bea is paused and again when she is not: everybody reads all of it, Ana too', async () => {
  const { page, waiting, writes, reads } = pageOf(1)
  const [bea, caro] = [wrote(BEA, 'Bea '), wrote(CARO, 'Caro ')]
  await page.merge([caro])
  await page.merge([bea])
  writes('encima ')
  // Bea is paused: what she wrote does not count.
  expect(page.rebuild(null, [caro], () => waiting)).toBe(false)
  expect(reads()).toBe('Caro ')
  writes('después ')
  // Bea’s pause ends, and Ana’s key has come: what waited is one record of hers.
  const hers = recordOf(1, Y.mergeUpdates(waiting))
  expect(page.rebuild(null, [caro, bea, hers])).toBe(true)
  const other = pageOf(4)
  await other.page.merge([bea, caro, hers])
  for (const word of ['Bea ', 'Caro ', 'encima ', 'después ']) expect(reads()).toContain(word)
  expect(other.reads()).toBe(reads())
  expect(page.doc.read().store.pendingStructs).toBeNull()
})

test('what stands on what is here is shown at once, whatever waits', async () => {
  const { page, waiting, writes, reads } = pageOf(1)
  const caro = wrote(CARO, 'Caro ')
  await page.merge([caro])
  writes('uno ')
  writes('dos ')
  expect(page.rebuild(null, [caro], () => waiting)).toBe(true)
  expect(reads()).toBe('Caro uno dos ')
})

test('the place that is kept is that of the change, to the last unit, and holding it twice is holding it once', () => {
  const [from, to] = [new Y.Doc(), new Y.Doc()]
  from.clientID = 1
  from.getText('notes').insert(0, 'palabras')
  const first = Y.encodeStateAsUpdate(from)
  from.getText('notes').insert(8, ' y más')
  const both = Y.encodeStateAsUpdate(from)
  const second = Y.diffUpdate(both, Y.encodeStateVectorFromUpdate(first))
  expect(standsWhole(to, both)).toBe(true)
  expect(standsWhole(to, second)).toBe(false)
  for (let times = 0; times < 2; times++) {
    holdItsPlace(to, both)
    expect(Y.getState(to.store, 1)).toBe(14)
  }
  expect(to.getText('notes').toString()).toBe('')
})
