import * as Y from 'yjs'
import { createDocument } from '../../src/lib/domain/document.ts'

/** Each has the same document and its own client, as two devices of a collective do. */
export const devices = (count: number, from?: Y.Doc): Y.Doc[] =>
  Array.from({ length: count }, (_, i) => {
    const doc = createDocument()
    doc.clientID = 1000 + i
    if (from) Y.applyUpdate(doc, Y.encodeStateAsUpdate(from))
    return doc
  })

/** Everybody hears everything, in an order of their own. */
export const meet = (docs: readonly Y.Doc[]): void => {
  const updates = docs.map((doc) => Y.encodeStateAsUpdate(doc))
  docs.forEach((doc, i) => {
    for (const update of [...updates.slice(i), ...updates.slice(0, i)]) Y.applyUpdate(doc, update)
  })
}
