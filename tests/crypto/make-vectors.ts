import { bytesFromHex, concatBytes, hexFromBytes, utf8FromText } from '../../src/lib/core/bytes.ts'
import { encodeCbor, type Cbor } from '../../src/lib/core/cbor.ts'
import { collIdFrom, memberIdFrom } from '../../src/lib/core/ids.ts'
import { argon2, COST_FLOOR } from '../../src/lib/crypto/argon2.ts'
import { deviceIdOf, signBinding, type OwnDevice } from '../../src/lib/crypto/device.ts'
import { deriveKey, hash, secretKeyFrom } from '../../src/lib/crypto/hash.ts'
import { createKemPair } from '../../src/lib/crypto/kem.ts'
import { pad } from '../../src/lib/crypto/pad.ts'
import { agree, createRvPair } from '../../src/lib/crypto/rendezvous.ts'
import { sealWith, type SealKey } from '../../src/lib/crypto/seal.ts'
import { createSignPair, sign } from '../../src/lib/crypto/sign.ts'
import sodium from '../../src/lib/crypto/sodium.ts'
import { expectOk } from '../../src/lib/core/result.ts'

const hex = hexFromBytes
const seed = (what: string) => hash('state', what)
const secret = (what: string) => secretKeyFrom(seed(what))!

/** One of each kind of value there is, as they stand in formats. */
const values: readonly Cbor[] = [
  null,
  '',
  'agua',
  0,
  [],
  ['Las Tres Vertientes', -1, true],
  { v: 1, a: Uint8Array.of(1, 2, 3), aa: [null] },
  2 ** 53 - 1,
]

/** Writes down what each building block answers today, for every reader to come. */
export const makeVectors = async (): Promise<unknown> => ({
  about: 'Known answers of docs/spec/keys.md §2 and §8. Bytes are hex; CBOR values are given encoded.',
  cbor: values.map((value) => hex(encodeCbor(value))),
  cborRefused: refused,
  hash: (['dev', 'led', 'weave'] as const).flatMap((label) =>
    values.map((value) => ({ label, value: hex(encodeCbor(value)), is: hex(hash(label, value)) })),
  ),
  kdf: (['store', 'rec', 'link I'] as const).flatMap((label) =>
    values.map((value) => ({
      key: hex(secret('kdf')),
      label,
      value: hex(encodeCbor(value)),
      is: hex(deriveKey(secret('kdf'), label, value)),
    })),
  ),
  sign: signs(),
  seal: seals(),
  pad: pads(),
  kem: kems(),
  rendezvous: rendezvous(),
  device: devices(),
  argon2: [
    {
      passphrase: hex(utf8FromText('una piedra en el río')),
      salt: hex(utf8FromText('dieciseis bytes!')),
      cost: [COST_FLOOR.memoryKiB, COST_FLOOR.passes, COST_FLOOR.lanes],
      is: hex(await argon2('una piedra en el río', utf8FromText('dieciseis bytes!'), COST_FLOOR)),
    },
  ],
})

/** What `enc` never writes, and nobody may read: each with why. */
const refused: readonly { readonly why: string; readonly bytes: string }[] = [
  { why: 'nothing at all', bytes: '' },
  { why: 'something after the value', bytes: '0000' },
  { why: 'integer not in its shortest form', bytes: '1800' },
  { why: 'integer not in its shortest form', bytes: '190017' },
  { why: 'length not in its shortest form', bytes: '580161' },
  { why: 'array length not in its shortest form', bytes: '980100' },
  { why: 'integer above 2^53 - 1', bytes: '1b0020000000000000' },
  { why: 'integer above 2^53 - 1', bytes: '1bffffffffffffffff' },
  { why: 'integer below -(2^53 - 1)', bytes: '3b001fffffffffffff' },
  { why: 'indefinite bytes', bytes: '5f4101ff' },
  { why: 'indefinite text', bytes: '7f6161ff' },
  { why: 'indefinite array', bytes: '9f00ff' },
  { why: 'indefinite map', bytes: 'bf616100ff' },
  { why: 'half float', bytes: 'f93c00' },
  { why: 'single float', bytes: 'fa3fc00000' },
  { why: 'double float', bytes: 'fb3ff8000000000000' },
  { why: 'negative zero', bytes: 'f98000' },
  { why: 'NaN', bytes: 'f97e00' },
  { why: 'infinity', bytes: 'f97c00' },
  { why: 'undefined', bytes: 'f7' },
  { why: 'simple value', bytes: 'f0' },
  { why: 'simple value in two bytes', bytes: 'f8ff' },
  { why: 'tag', bytes: 'c000' },
  { why: 'tagged big number', bytes: 'c249010000000000000000' },
  { why: 'reserved head', bytes: '1c' },
  { why: 'break outside anything', bytes: 'ff' },
  { why: 'repeated key', bytes: 'a2616100616101' },
  { why: 'keys out of order', bytes: 'a2616200616100' },
  { why: 'longer key first', bytes: 'a262616100616200' },
  { why: 'key that is a number', bytes: 'a10000' },
  { why: 'key that is bytes', bytes: 'a1416100' },
  { why: 'key __proto__', bytes: 'a1695f5f70726f746f5f5fa0' },
  { why: 'key __proto__ with a value', bytes: 'a1695f5f70726f746f5f5f01' },
  { why: 'text that is not UTF-8', bytes: '61ff' },
  { why: 'text with an overlong form', bytes: '62c081' },
  { why: 'text with half a surrogate pair', bytes: '63eda080' },
  { why: 'text that begins with U+FEFF', bytes: '64efbbbf61' },
  { why: 'text cut short', bytes: '6261' },
  { why: 'bytes cut short', bytes: '4401' },
  { why: 'array cut short', bytes: '8200' },
  { why: 'array that claims 2^32 items', bytes: '9affffffff' },
  { why: 'array that claims 2^53 items', bytes: '9b0020000000000000' },
  { why: 'bytes that claim 2^53', bytes: '5b0020000000000000' },
  { why: 'nesting of 25', bytes: `${'81'.repeat(25)}00` },
  { why: 'nesting of 1000', bytes: `${'81'.repeat(1000)}00` },
]

const signs = () => {
  const { publicKey, secretKey } = createSignPair(seed('sign'))
  const value: Cbor = ['Las Tres Vertientes', 7]
  const is = sign(secretKey, 'led', value)
  const base = {
    seed: hex(seed('sign')),
    publicKey: hex(publicKey),
    label: 'led',
    value: hex(encodeCbor(value)),
  }
  const flip = (at: number) => {
    const bytes = is.slice()
    bytes[at]! ^= 1
    return hex(bytes)
  }
  // S + L: the same signature to a verifier that does not reduce.
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const s = [...is.subarray(32)].reduceRight((total, byte) => total * 256n + BigInt(byte), 0n) + order
  const above = Uint8Array.from({ length: 32 }, (_, i) => Number((s >> BigInt(8 * i)) & 255n))
  const [zero, one] = ['00'.repeat(32), `01${'00'.repeat(31)}`]
  return [
    { ...base, signature: hex(is), expect: 'valid' },
    { ...base, signature: hex(is), label: 'seal', expect: 'refused' },
    { ...base, signature: hex(is), value: hex(encodeCbor(['Las Tres Vertientes', 8])), expect: 'refused' },
    { ...base, signature: flip(0), expect: 'refused' },
    { ...base, signature: flip(32), expect: 'refused' },
    { ...base, signature: flip(63), expect: 'refused' },
    { ...base, signature: hex(is).slice(0, -2), expect: 'refused' },
    { ...base, signature: `${hex(is)}00`, expect: 'refused' },
    { ...base, signature: '', expect: 'refused' },
    {
      ...base,
      signature: hex(concatBytes(is.subarray(0, 32), above)),
      expect: 'refused',
      why: 'S above the order',
    },
    { ...base, publicKey: one, signature: one + zero, expect: 'refused', why: 'key and R of small order' },
    { ...base, publicKey: zero, signature: zero + zero, expect: 'refused', why: 'key and R of small order' },
    { ...base, publicKey: 'ff'.repeat(32), signature: hex(is), expect: 'refused', why: 'key is no point' },
    { ...base, publicKey: hex(publicKey).slice(2), signature: hex(is), expect: 'refused' },
  ]
}

/** draft-irtf-cfrg-xchacha-03 §A.3.1. */
const IETF_SEAL = {
  key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
  context: '50515253c0c1c2c3c4c5c6c7',
  plaintext: hex(
    utf8FromText(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    ),
  ),
  sealed:
    '404142434445464748494a4b4c4d4e4f5051525354555657' +
    'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e' +
    'c0875924c1c7987947deafd8780acf49',
  expect: 'opens',
}

const seals = () => {
  const key = deriveKey<SealKey>(secret('seal'), 'rec', null)
  const nonce = seed('nonce').slice(0, 24)
  const [context, plaintext] = [utf8FromText('contexto'), utf8FromText('El agua es de todas.')]
  const is = concatBytes(nonce, sealWith(key, nonce, context, plaintext))
  const base = { key: hex(key), context: hex(context), plaintext: hex(plaintext) }
  const flip = (at: number) => {
    const bytes = is.slice()
    bytes[at]! ^= 128
    return hex(bytes)
  }
  const empty = concatBytes(nonce, sealWith(key, nonce, new Uint8Array(), new Uint8Array()))
  return [
    IETF_SEAL,
    { ...base, sealed: hex(is), expect: 'opens' },
    { key: hex(key), context: '', plaintext: '', sealed: hex(empty), expect: 'opens' },
    { ...base, sealed: flip(0), expect: 'refused' },
    { ...base, sealed: flip(24), expect: 'refused' },
    { ...base, sealed: flip(is.length - 1), expect: 'refused' },
    { ...base, sealed: hex(is.subarray(0, -1)), expect: 'refused' },
    { ...base, sealed: `${hex(is)}00`, expect: 'refused' },
    { ...base, sealed: hex(is.subarray(0, 39)), expect: 'refused' },
    { ...base, sealed: '', expect: 'refused' },
    { ...base, context: hex(utf8FromText('Contexto')), sealed: hex(is), expect: 'refused' },
    { ...base, context: '', sealed: hex(is), expect: 'refused' },
    { ...base, key: hex(secret('another')), sealed: hex(is), expect: 'refused' },
  ]
}

const pads = () => {
  const block = 32
  const lengths = [0, 1, 30, 31, 32, 63, 500, 511, 512, 513, 1000, 4095, 4096, 65_535, 1_000_000]
  return {
    block,
    lengths: lengths.map((length) => [length, pad(new Uint8Array(length), block).length]),
    example: { bare: '0102', padded: hex(pad(Uint8Array.of(1, 2), block)) },
    refused: ['', '00', '0000', '01', '800001', '7f00', '8001'],
  }
}

/** Seeds and shared secret of the draft's own test vector (draft-connolly-cfrg-xwing-kem, appendix). */
const kems = () => {
  const from = '7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26'
  const encapsSeed =
    '3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e235b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2'
  const { publicKey } = createKemPair(bytesFromHex(from))
  const made = sodium.crypto_kem_xwing_enc_deterministic(publicKey, bytesFromHex(encapsSeed))
  const ciphertext = hex(made.ciphertext)
  const flipped = (at: number) => {
    const bytes = made.ciphertext.slice()
    bytes[at]! ^= 1
    return hex(bytes)
  }
  return {
    seed: from,
    encapsSeed,
    publicKey: hex(publicKey),
    ciphertext,
    secret: 'd2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384',
    hostile: [
      { ciphertext: flipped(0), expect: 'another secret' },
      { ciphertext: flipped(1087), expect: 'another secret' },
      { ciphertext: flipped(1088), expect: 'another secret' },
      { ciphertext: ciphertext.slice(2), expect: 'refused' },
      { ciphertext: `${ciphertext}00`, expect: 'refused' },
      { ciphertext: '', expect: 'refused' },
    ],
  }
}

const rendezvous = () => {
  const [one, other] = [createRvPair(seed('one')), createRvPair(seed('other'))]
  return {
    secrets: [hex(one.secretKey), hex(other.secretKey)],
    publicKeys: [hex(one.publicKey), hex(other.publicKey)],
    shared: hex(expectOk(agree(one.secretKey, other.publicKey))),
    refused: ['00'.repeat(32), `01${'00'.repeat(31)}`, `ecffffff${'ff'.repeat(27)}7f`],
  }
}

const devices = () => {
  const [signs, kem, rv] = [
    createSignPair(seed('sign')),
    createKemPair(seed('kem')),
    createRvPair(seed('rv')),
  ]
  const device = {
    signPk: signs.publicKey,
    kemPk: kem.publicKey,
    rvPk: rv.publicKey,
    nonce: seed('nonce').slice(0, 16),
  }
  const own: OwnDevice = {
    id: deviceIdOf(device),
    device,
    signSk: signs.secretKey,
    kemSk: kem.secretKey,
    rvSk: rv.secretKey,
  }
  const [coll, member] = [collIdFrom(seed('coll'))!, memberIdFrom(seed('member').slice(0, 16))!]
  return {
    rvPk: hex(rv.publicKey),
    nonce: hex(device.nonce),
    id: own.id,
    coll,
    member,
    binding: hex(signBinding(own, coll, member)),
  }
}
