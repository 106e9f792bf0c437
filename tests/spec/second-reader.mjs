// A second reader of entries and records, written from docs/spec alone: nothing of src is used, and Ed25519 is node’s own.
import { createPublicKey, verify } from 'node:crypto'
import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import sodium from 'libsodium-wrappers'

await sodium.ready
const hex = (bytes) => bytes && Buffer.from(bytes).toString('hex')
const raw = (text) => Uint8Array.from(Buffer.from(text, 'hex'))
const must = (condition, what) => {
  if (!condition) throw new Error(what)
}

// keys.md §2
const enc = (value) => encode(value, rfc8949EncodeOptions)
const canonical = (bytes) => {
  const value = decode(bytes, { strict: true, allowUndefined: false, allowIndefinite: false })
  must(hex(enc(value)) === hex(bytes), 'not canonical')
  return value
}
const H = (label, value) => sodium.crypto_generichash(32, enc(['lumbre1 ' + label, value]), null)
const KDF = (key, label, value) => sodium.crypto_generichash(32, enc(['lumbre1 ' + label, value]), key)
const checkSig = (label, value, sig, pk) => {
  const key = Buffer.concat([raw('302a300506032b6570032100'), pk])
  const publicKey = createPublicKey({ key, format: 'der', type: 'spki' })
  must(verify(null, enc(['lumbre1 sig ' + label, value]), publicKey, sig), `signature ${label}`)
}
const open = (key, nonce, aad, ct) =>
  sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, ct, aad, nonce, key)
const unpad = (bytes) => bytes.subarray(0, bytes.lastIndexOf(0x80))

// ledger.md §3–§6: ids, signatures, parents before children, each device’s own chain
const readLedger = ([first, ...wires]) => {
  const [known, devices, feeds] = [new Map(), new Map(), new Map()]
  const [genesis, founderSigs] = canonical(first)
  const coll = H('led', genesis)
  must(genesis.coll === null && genesis.own === null && genesis.parents.length === 0, 'genesis')
  must(founderSigs.length === genesis.body.founders.length, 'founders')
  for (const [i, [, device]] of genesis.body.founders.entries()) {
    checkSig('led', coll, founderSigs[i], device.signPk)
    devices.set(hex(H('dev', device)), device)
  }
  known.set(hex(coll), { entry: genesis, past: new Set() })
  for (const [entry, sigs] of wires.map(canonical)) {
    must(Object.keys(entry).sort().join() === 'author,body,coll,own,parents,type,v', 'envelope')
    const [id, author, parents, { body }] = [
      H('led', entry),
      hex(entry.author),
      entry.parents.map(hex),
      entry,
    ]
    must(hex(entry.coll) === hex(coll) && parents.length > 0 && sigs.length === 1, 'envelope')
    must([...new Set(parents)].sort().join() === parents.join(), 'parents')
    checkSig('led', id, sigs[0], devices.get(author).signPk)
    const past = new Set(parents.flatMap((parent) => [parent, ...known.get(parent).past]))
    const own = [...past].filter((below) => hex(known.get(below).entry.author) === author)
    const latest = own.filter((one) => !own.some((other) => known.get(other).past.has(one))).sort()
    must(hex(entry.own) === (latest[0] ?? null), 'own')
    known.set(hex(id), { entry, past })
    if (entry.v === 1 && body.proposal?.binding) {
      const { device, member, binding } = body.proposal
      checkSig('dev', [coll, member, H('dev', device)], binding, device.signPk)
      devices.set(hex(H('dev', device)), device)
    }
    if (entry.v !== 1 || entry.type !== 'feed') continue
    must(hex(H('feed', [coll, entry.author, body.incarnation])) === hex(body.feed), 'feed')
    feeds.set(hex(body.feed), devices.get(author))
  }
  return { coll, known, devices, feeds }
}

// keys.md §5: the root over all boxes, and the key in mine
const rootOf = (leaves) => {
  if (leaves.length < 2) return leaves[0] ?? H('boxnode', null)
  const k = 2 ** Math.floor(Math.log2(leaves.length - 1))
  return H('boxnode', [rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k))])
}
const openBox = ({ coll, known, devices }, epoch, boxes, me, kemSk) => {
  const { author, own, parents, body } = known.get(epoch).entry
  must(hex(rootOf(boxes.map((box) => H('boxleaf', box)))) === hex(body.boxRoot), 'box root')
  const [device, ct, sealed] = boxes.find(([id]) => hex(id) === me)
  const epctx = H('epctx', [coll, author, own, parents])
  const place = [coll, epctx, device, H('kempk', devices.get(me).kemPk), H('kemct', ct)]
  const key = KDF(sodium.crypto_kem_xwing_dec(ct, kemSk), 'box', place)
  const K = open(key, sealed.subarray(0, 24), enc(['box', device]), sealed.subarray(24))
  must(hex(KDF(K, 'commit', epctx)) === hex(body.commit), 'commitment')
  return K
}

// feed.md §2–§5: a feed from its beginning, the seal at its last record, and what the records say
const readRun = ({ coll, feeds }, records, [feed, seq, rec, sig], keys) => {
  let head = new Uint8Array(32)
  const bodies = records.map(([pub, ct], i) => {
    const [v, of, at, prev, epoch, nonce] = pub
    must(v === 1 && hex(of) === hex(feed) && at === i && hex(prev) === hex(head), 'chain')
    head = H('rec', [pub, H('ct', ct)])
    return canonical(unpad(open(KDF(keys.get(hex(epoch)), 'rec', [coll, feed]), nonce, enc(pub), ct)))
  })
  must(seq === records.length - 1 && hex(rec) === hex(head), 'seal')
  checkSig('seal', [feed, seq, rec], sig, feeds.get(hex(feed)).signPk)
  const yClient = Number(BigInt(`0x${hex(H('yc', feed).subarray(0, 8))}`) >> 11n)
  return { head: hex(head), yClient, bodies }
}

/** Reads all of tests/vectors/ledger.json that is meant to hold. Whatever is not as the pages say throws. */
export const read = ({ entries, epochs, bruna, content }) => {
  const ledger = readLedger(entries.map(({ wire }) => raw(wire)))
  const keyOf = (epoch, boxes) => openBox(ledger, epoch, canonical(boxes), bruna.device, raw(bruna.kemSk))
  const keys = new Map(epochs.map(({ epoch, boxes }) => [epoch, keyOf(epoch, raw(boxes))]))
  const records = content.records.map((wire) => canonical(raw(wire)))
  const run = readRun(ledger, records, canonical(raw(content.seal)), keys)
  return { coll: hex(ledger.coll), ids: [...ledger.known.keys()], keys, ...run }
}
