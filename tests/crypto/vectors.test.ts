import { blake2b } from '@noble/hashes/blake2.js'
import { createPrivateKey, createPublicKey, diffieHellman, verify as nodeVerify } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  bytesFromHex,
  concatBytes,
  equalBytes,
  hexFromBytes,
  textFromUtf8,
  utf8FromText,
} from '../../src/lib/core/bytes.ts'
import { decodeCbor, encodeCbor } from '../../src/lib/core/cbor.ts'
import { collIdFrom, memberIdFrom } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { argon2 } from '../../src/lib/crypto/argon2.ts'
import { deviceFromCbor, deviceIdOf, verifyBinding } from '../../src/lib/crypto/device.ts'
import { deriveKey, hash, hashEncoded, secretKeyFrom } from '../../src/lib/crypto/hash.ts'
import { createKemPair, decapsulate, kemPublicFrom } from '../../src/lib/crypto/kem.ts'
import type { HashLabel, KdfLabel, SignLabel } from '../../src/lib/crypto/labels.ts'
import { pad, unpad } from '../../src/lib/crypto/pad.ts'
import { agree, createRvPair, type RvPublic } from '../../src/lib/crypto/rendezvous.ts'
import { open, type SealKey } from '../../src/lib/crypto/seal.ts'
import { createSignPair, sign, verify, type SignPublic } from '../../src/lib/crypto/sign.ts'
import { makeVectors } from './make-vectors.ts'

type Vectors = {
  readonly cbor: readonly string[]
  readonly cborRefused: readonly { readonly why: string; readonly bytes: string }[]
  readonly hash: readonly { readonly label: HashLabel; readonly value: string; readonly is: string }[]
  readonly kdf: readonly {
    readonly key: string
    readonly label: KdfLabel
    readonly value: string
    readonly is: string
  }[]
  readonly sign: readonly {
    readonly seed: string
    readonly publicKey: string
    readonly label: SignLabel
    readonly value: string
    readonly signature: string
    readonly expect: 'valid' | 'refused'
  }[]
  readonly seal: readonly {
    readonly key: string
    readonly context: string
    readonly plaintext: string
    readonly sealed: string
    readonly expect: 'opens' | 'refused'
  }[]
  readonly pad: {
    readonly block: number
    readonly lengths: readonly (readonly [number, number])[]
    readonly example: { readonly bare: string; readonly padded: string }
    readonly refused: readonly string[]
  }
  readonly kem: {
    readonly seed: string
    readonly publicKey: string
    readonly ciphertext: string
    readonly secret: string
    readonly hostile: readonly {
      readonly ciphertext: string
      readonly expect: 'another secret' | 'refused'
    }[]
  }
  readonly rendezvous: {
    readonly secrets: readonly [string, string]
    readonly publicKeys: readonly [string, string]
    readonly shared: string
    readonly refused: readonly string[]
  }
  readonly device: {
    readonly rvPk: string
    readonly nonce: string
    readonly id: string
    readonly coll: string
    readonly member: string
    readonly binding: string
  }
  readonly argon2: readonly {
    readonly passphrase: string
    readonly salt: string
    readonly cost: readonly [number, number, number]
    readonly is: string
  }[]
}

const file = new URL('../vectors/crypto.json', import.meta.url)

// Written anew only when something changes on purpose, and then with a new version in front.
if (process.env['MAKE_VECTORS']) writeFileSync(file, `${JSON.stringify(await makeVectors(), null, 2)}\n`)

const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors
const bytes = bytesFromHex
const hex = hexFromBytes
const valueOf = (encoded: string) => expectOk(decodeCbor(bytes(encoded)))

test('what these files were made from, made again, is what they say', async () => {
  expect(JSON.parse(JSON.stringify(await makeVectors()))).toEqual(vectors)
})

test('values are encoded as they always were', () => {
  for (const encoded of vectors.cbor) expect(hex(encodeCbor(valueOf(encoded)))).toBe(encoded)
})

test.each(vectors.cborRefused)('not read: $why ($bytes)', ({ bytes: encoded }) => {
  expect(decodeCbor(bytes(encoded))).toEqual({ ok: false, error: { type: 'NotCanonical' } })
})

test('hashes are BLAKE2b-256 of label and value, to a second implementation too', () => {
  for (const { label, value, is } of vectors.hash) {
    expect(hex(hash(label, valueOf(value)))).toBe(is)
    expect(hex(hashEncoded(label, bytes(value)))).toBe(is)
    const preimage = encodeCbor([`lumbre1 ${label}`, valueOf(value)])
    expect(hex(blake2b(preimage, { dkLen: 32 }))).toBe(is)
  }
})

test('keys are derived by keyed BLAKE2b-256, to a second implementation too', () => {
  for (const { key, label, value, is } of vectors.kdf) {
    expect(hex(deriveKey(secretKeyFrom(bytes(key))!, label, valueOf(value)))).toBe(is)
    const preimage = encodeCbor([`lumbre1 ${label}`, valueOf(value)])
    expect(hex(blake2b(preimage, { dkLen: 32, key: bytes(key) }))).toBe(is)
  }
})

/** Ed25519 and X25519 keys as Node's own OpenSSL wants them (RFC 8410). */
const spki = (kind: 'ed' | 'x', key: Uint8Array) =>
  createPublicKey({
    key: Buffer.concat([bytes(`302a300506032b65${kind === 'ed' ? '70' : '6e'}032100`), key]),
    format: 'der',
    type: 'spki',
  })
const pkcs8 = (key: Uint8Array) =>
  createPrivateKey({
    key: Buffer.concat([bytes('302e020100300506032b656e04220420'), key]),
    format: 'der',
    type: 'pkcs8',
  })

test.each(vectors.sign)('a signature is $expect: $signature', (vector) => {
  const { seed, publicKey, label, value, signature } = vector
  const key = bytes(publicKey) as SignPublic
  const valid = vector.expect === 'valid'
  expect(verify(key, label, valueOf(value), bytes(signature))).toBe(valid)
  if (!valid) return
  const pair = createSignPair(bytes(seed))
  expect(hex(pair.publicKey)).toBe(publicKey)
  expect(hex(sign(pair.secretKey, label, valueOf(value)))).toBe(signature)
  const message = encodeCbor([`lumbre1 sig ${label}`, valueOf(value)])
  expect(nodeVerify(null, message, spki('ed', key), bytes(signature))).toBe(true)
})

test.each(vectors.seal)(
  'a sealed box $expect: $sealed',
  ({ key, context, plaintext, sealed, expect: what }) => {
    const opened = open(bytes(key) as SealKey, bytes(context), bytes(sealed))
    expect(opened).toEqual(
      what === 'opens' ? { ok: true, value: bytes(plaintext) } : { ok: false, error: { type: 'OpenFailed' } },
    )
  },
)

test('padding has the lengths it always had', () => {
  const { block, lengths, example, refused } = vectors.pad
  for (const [bare, padded] of lengths) expect(pad(new Uint8Array(bare), block).length).toBe(padded)
  expect(hex(pad(bytes(example.bare), block))).toBe(example.padded)
  for (const padded of refused) expect(unpad(bytes(padded)).ok, padded).toBe(false)
})

test('X-Wing gives the answers of its draft', () => {
  const { seed, publicKey, ciphertext, secret } = vectors.kem
  const pair = createKemPair(bytes(seed))
  expect(hex(pair.publicKey)).toBe(publicKey)
  expect(kemPublicFrom(bytes(publicKey))).not.toBe(null)
  expect(hex(expectOk(decapsulate(pair.secretKey, bytes(ciphertext))))).toBe(secret)
})

test('a forged X-Wing ciphertext gives another secret, one of another length none', () => {
  const { secretKey } = createKemPair(bytes(vectors.kem.seed))
  for (const { ciphertext, expect: what } of vectors.kem.hostile) {
    const got = decapsulate(secretKey, bytes(ciphertext))
    expect(got.ok).toBe(what === 'another secret')
    if (got.ok) expect(hex(got.value)).not.toBe(vectors.kem.secret)
  }
})

test('two devices find the same secret, and Node’s own X25519 finds it too', () => {
  const { secrets, publicKeys, shared, refused } = vectors.rendezvous
  const pairs = secrets.map((secret) => createRvPair(bytes(secret)))
  expect(pairs.map(({ publicKey }) => hex(publicKey))).toEqual(publicKeys)
  expect(hex(expectOk(agree(pairs[0]!.secretKey, pairs[1]!.publicKey)))).toBe(shared)
  expect(hex(expectOk(agree(pairs[1]!.secretKey, pairs[0]!.publicKey)))).toBe(shared)
  const node = diffieHellman({
    privateKey: pkcs8(bytes(secrets[0])),
    publicKey: spki('x', bytes(publicKeys[1])),
  })
  expect(equalBytes(node, bytes(shared))).toBe(true)
  for (const point of refused)
    expect(agree(pairs[0]!.secretKey, bytes(point) as RvPublic).ok, point).toBe(false)
})

test('a device has the id it always had, and its binding holds for one member of one collective', () => {
  const { rvPk, nonce, id, coll, member, binding } = vectors.device
  const signPk = bytes(vectors.sign[0]!.publicKey)
  const kemPk = createKemPair(hash('state', 'kem')).publicKey
  const device = deviceFromCbor({ signPk, kemPk, rvPk: bytes(rvPk), nonce: bytes(nonce) })!
  expect(deviceIdOf(device)).toBe(id)
  const [where, whose] = [collIdFrom(bytes(coll))!, memberIdFrom(bytes(member))!]
  const [elsewhere, other] = [collIdFrom(hash('led', 'x'))!, memberIdFrom(hash('led', 'x').slice(0, 16))!]
  expect(verifyBinding(device, where, whose, bytes(binding))).toBe(true)
  expect(verifyBinding(device, elsewhere, whose, bytes(binding))).toBe(false)
  expect(verifyBinding(device, where, other, bytes(binding))).toBe(false)
  const changed = { ...device, nonce: concatBytes(Uint8Array.of(1), device.nonce.subarray(1)) }
  expect(verifyBinding(changed, where, whose, bytes(binding))).toBe(false)
})

test('a passphrase is stretched as it always was', async () => {
  for (const { passphrase, salt, cost, is } of vectors.argon2) {
    const text = textFromUtf8(bytes(passphrase))!
    expect(utf8FromText(text)).toEqual(bytes(passphrase))
    const [memoryKiB, passes, lanes] = cost
    expect(hex(await argon2(text, bytes(salt), { memoryKiB, passes, lanes }))).toBe(is)
  }
})
