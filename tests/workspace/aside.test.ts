import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { addArticle, articles } from '../../src/lib/domain/articles.ts'
import { setAbout } from '../../src/lib/domain/document.ts'
import type { SetAside } from '../../src/lib/feed/types.ts'
import { bringLateBack, followLatePieces } from '../../src/lib/workspace/aside.ts'
import { MAIN_DOC, type DeviceId, type FeedId, type RecId } from '../../src/lib/core/ids.ts'
import { devices } from '../domain/two-devices.ts'

/** What Dora does after her phone was paused, each change a record. */
const lateWork = (doc: Y.Doc, ...changes: readonly ((doc: Y.Doc) => void)[]): readonly SetAside[] =>
  changes.map((act, seq) => {
    const since = Y.encodeStateVector(doc)
    act(doc)
    return {
      why: 'suspended',
      position: { feed: 'f00d'.repeat(16) as FeedId, seq, rec: `${seq}`.padStart(64, '0') as RecId },
      device: 'd0d0'.repeat(16) as DeviceId,
      docs: [{ doc: MAIN_DOC, update: Y.encodeStateAsUpdate(doc, since) }],
    }
  })

test('while others type, late work is not read again; when more comes or some is brought back, it is', () => {
  const [ana, dora] = devices(2) as [Y.Doc, Y.Doc]
  const late = lateWork(
    dora,
    (doc) => addArticle(doc, { title: 'Uno', kind: 'rule', text: 'uno' }),
    (doc) => addArticle(doc, { title: 'Dos', kind: 'rule', text: 'dos' }),
  )
  const pieces = followLatePieces()
  const first = pieces(ana, late.slice(0, 1))
  expect(first).toMatchObject([{ piece: { text: 'uno' }, brought: false }])
  setAbout(ana, { title: 'Otra cosa' })
  expect(pieces(ana, late.slice(0, 1))).toBe(first)
  const both = pieces(ana, late)
  expect(both).toMatchObject([{ piece: { text: 'uno' } }, { piece: { text: 'dos' } }])
  expect(bringLateBack(ana, { setAside: late, late: [] }, both[0]!.id)).toBe(true)
  expect(articles(ana).read()).toMatchObject([{ title: 'Uno' }])
  expect(pieces(ana, late)).toMatchObject([
    { piece: { text: 'dos' }, brought: false },
    { piece: { text: 'uno' }, brought: true },
  ])
})
