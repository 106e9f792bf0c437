import { equalBytes, utf8FromText } from '../core/bytes.ts'
import { encodeCbor } from '../core/cbor.ts'
import {
  docIdFrom,
  entryIdFrom,
  feedIdFrom,
  idBytes,
  MAIN_DOC,
  recIdFrom,
  type DocId,
  type EntryId,
  type FeedId,
} from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Position } from '../ledger/types.ts'
import { Reader } from '../core/cbor-reader.ts'
import type { RecordBody } from './types.ts'

/** As many ledger heads as an entry may have parents. */
export const MAX_HEADS = 1024
const MAX_DEPS = 4096
const MAX_UPDATES = 1024

/** `enc({d: [[feed, seq, rec], …], l: [head, …] | null, u: [[doc, update], …]})`. Spec: feed.md §4. */
export const encodeBody = ({ lheads, deps, docs }: RecordBody): Uint8Array =>
  encodeCbor({
    l: lheads && lheads.map(idBytes),
    d: deps.map(({ feed, seq, rec }) => [idBytes(feed), seq, idBytes(rec)]),
    u: docs.map(({ doc, update }) => [doc, update]),
  })

/**
 * Reads what a record says: heads and positions in strictly rising order, so that nothing can be said in two ways. Each
 * update is a copy of its own, because Yjs reads past a view into the buffer below it. Never throws.
 */
export const parseBody = (bytes: Uint8Array): Result<RecordBody, { readonly type: 'BadEncoding' }> => {
  const reader = new Reader(bytes)
  reader.expect(0xa3, ...KEY_D)
  const deps = readDeps(reader)
  reader.expect(...KEY_L)
  const lheads = reader.null() ? null : readHeads(reader)
  reader.expect(...KEY_U)
  const docs = readDocs(reader)
  return reader.done ? ok({ lheads, deps, docs }) : err({ type: 'BadEncoding' })
}

const KEY_D = [0x61, 0x64]
const KEY_L = [0x61, 0x6c]
const KEY_U = [0x61, 0x75]

const readDeps = (reader: Reader): readonly Position[] => {
  const deps: Position[] = []
  let last: FeedId | null = null
  for (let left = reader.array(MAX_DEPS); left > 0 && !reader.failed; left--) {
    reader.expect(0x83)
    const feed = feedIdFrom(reader.bytes(32))
    const seq = reader.uint()
    const rec = recIdFrom(reader.bytes(32))
    if (!feed || !rec || (last && feed <= last)) reader.fail()
    else deps.push({ feed, seq, rec })
    last = feed
  }
  return deps
}

const readHeads = (reader: Reader): readonly EntryId[] => {
  const heads: EntryId[] = []
  for (let left = reader.array(MAX_HEADS); left > 0 && !reader.failed; left--) {
    const head = entryIdFrom(reader.bytes(32))
    const last = heads.at(-1)
    if (!head || (last && head <= last)) reader.fail()
    else heads.push(head)
  }
  if (heads.length === 0) reader.fail()
  return heads
}

const readDocs = (reader: Reader): RecordBody['docs'] => {
  const docs: { readonly doc: DocId; readonly update: Uint8Array }[] = []
  for (let left = reader.array(MAX_UPDATES); left > 0 && !reader.failed; left--) {
    reader.expect(0x82)
    const doc = docFrom(reader.text())
    const update = reader.bytes()
    if (!doc) reader.fail()
    else docs.push({ doc, update: new Uint8Array(update) })
  }
  return docs
}

const MAIN_BYTES = utf8FromText(MAIN_DOC)

const docFrom = (name: Uint8Array): DocId | null => {
  if (equalBytes(name, MAIN_BYTES)) return MAIN_DOC
  return name.length > 32 ? null : docIdFrom(String.fromCharCode(...name))
}
