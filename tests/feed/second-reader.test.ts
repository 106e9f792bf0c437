/**
 * A second reader of records, written from docs/spec/feed.md and keys.md alone: nothing here comes from src. If it and
 * the first one read the same, the page says enough.
 */
import { readFileSync } from 'node:fs'
import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import sodium from 'libsodium-wrappers'
import { expect, test } from 'vitest'

await sodium.ready

const enc = (value: unknown): Uint8Array => new Uint8Array(encode(value, rfc8949EncodeOptions))
const H = (label: string, value: unknown) =>
  sodium.crypto_generichash(32, enc([`lumbre1 ${label}`, value]), null)
const KDF = (key: Uint8Array, label: string, value: unknown) =>
  sodium.crypto_generichash(32, enc([`lumbre1 ${label}`, value]), key)
const hex = (bytes: Uint8Array) => sodium.to_hex(bytes)
const bin = (text: string) => sodium.from_hex(text)

/** Canonical or nothing. */
const read = (bytes: Uint8Array): unknown => {
  const value: unknown = decode(bytes, { strict: true, allowIndefinite: false, rejectDuplicateMapKeys: true })
  if (hex(enc(value)) !== hex(bytes)) throw new Error('not canonical')
  return value
}

const must = (holds: boolean) => {
  if (!holds) throw new Error('refused')
}

const isBytes = (value: unknown, length: number) => value instanceof Uint8Array && value.length === length
const rises = (names: readonly string[]) => names.every((name, i) => i === 0 || names[i - 1]! < name)

type Row = readonly [Uint8Array, number, Uint8Array]
type Body = {
  readonly d: readonly Row[]
  readonly l: readonly Uint8Array[] | null
  readonly u: readonly (readonly [string, Uint8Array])[]
}
type Public = readonly [number, Uint8Array, number, Uint8Array, Uint8Array, Uint8Array]

const readRecord = (wire: Uint8Array) => {
  const [open, ct, ...more] = read(wire) as [Public, Uint8Array]
  const [v, feed, seq, prev, epoch, nonce] = open
  must(more.length === 0 && open.length === 6 && v === 1 && isBytes(feed, 32) && isBytes(prev, 32))
  must(Number.isSafeInteger(seq) && seq >= 0 && isBytes(epoch, 32) && isBytes(nonce, 24) && ct.length > 16)
  must((seq === 0) === prev.every((byte) => byte === 0))
  return { open, ct, seq, feed, prev, epoch, nonce, id: hex(H('rec', [open, H('ct', ct)])) }
}

const openRecord = (record: ReturnType<typeof readRecord>, epochKey: Uint8Array, coll: Uint8Array): Body => {
  const key = KDF(epochKey, 'rec', [coll, record.feed])
  const padded = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
    null,
    record.ct,
    enc(record.open),
    record.nonce,
    key,
  )
  const end = padded.findLastIndex((byte) => byte !== 0)
  must(padded[end] === 0x80)
  const body = read(padded.slice(0, end)) as Body
  must(Object.keys(body).join() === 'd,l,u' && Array.isArray(body.d) && Array.isArray(body.u))
  must(
    body.d.every(
      ([feed, seq, rec]) => isBytes(feed, 32) && Number.isSafeInteger(seq) && seq >= 0 && isBytes(rec, 32),
    ),
  )
  must(rises(body.d.map(([feed]) => hex(feed))))
  if (body.l !== null)
    must(body.l.length > 0 && body.l.every((id) => isBytes(id, 32)) && rises(body.l.map(hex)))
  must(body.u.every(([doc, update]) => /^[a-z0-9-]{1,32}$/.test(doc) && update instanceof Uint8Array))
  return body
}

const sealHolds = (seal: Uint8Array, signPk: Uint8Array): boolean => {
  const parts = read(seal) as readonly unknown[]
  const [feed, seq, rec, sig] = parts as [Uint8Array, number, Uint8Array, Uint8Array]
  must(parts.length === 4 && isBytes(sig, 64))
  return sodium.crypto_sign_verify_detached(sig, enc(['lumbre1 sig seal', [feed, seq, rec]]), signPk)
}

const fails = (attempt: () => unknown): boolean => {
  try {
    return attempt() === false
  } catch {
    return true
  }
}

const file = new URL('../vectors/feed.json', import.meta.url)
// eslint-disable-next-line @typescript-eslint/no-explicit-any
const vectors: any = JSON.parse(readFileSync(file, 'utf8'))
const [coll, epochKey, signPk] = [bin(vectors.coll), bin(vectors.epochKey), bin(vectors.signPk)]

test('names of feeds and clients follow from the page', () => {
  const feed = H('feed', [coll, bin(vectors.device), bin(vectors.incarnation)])
  expect(hex(feed)).toBe(vectors.feed)
  const bits = [...H('yc', feed).slice(0, 7)].reduce((number, byte) => number * 256n + BigInt(byte), 0n)
  expect(Number(bits >> 3n)).toBe(vectors.yClient)
})

test('records and seals read the same', () => {
  for (const { wire, id, seal, body } of vectors.records) {
    const record = readRecord(bin(wire))
    expect(record.id).toBe(id)
    const { d, l, u } = openRecord(record, epochKey, coll)
    expect({
      lheads: l && l.map(hex),
      deps: d.map(([feed, seq, rec]) => ({ feed: hex(feed), seq, rec: hex(rec) })),
      docs: u.map(([doc, update]) => ({ doc, update: hex(update) })),
    }).toEqual(body)
    expect(sealHolds(bin(seal), signPk)).toBe(true)
  }
})

test('what is hostile is refused', () => {
  for (const { name, wire, fails: where } of vectors.hostileRecords) {
    expect([name, fails(() => readRecord(bin(wire)))]).toEqual([name, where === 'parse'])
    expect([name, fails(() => openRecord(readRecord(bin(wire)), epochKey, coll))]).toEqual([name, true])
  }
  for (const { name, seal } of vectors.hostileSeals)
    expect([name, fails(() => sealHolds(bin(seal), signPk))]).toEqual([name, true])
})
