import { fc } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { concatBytes, equalBytes } from '../../src/lib/core/bytes.ts'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createDevice, cborFromDevice, deviceFromCbor, deviceIdOf } from '../../src/lib/crypto/device.ts'
import {
  deriveKey,
  equalSecrets,
  forget,
  generateSecretKey,
  hash,
  hashEncoded,
  secretKeyFrom,
} from '../../src/lib/crypto/hash.ts'
import {
  createKemPair,
  decapsulate,
  encapsulate,
  KEM_CIPHERTEXT_BYTES,
  KEM_PUBLIC_BYTES,
  kemPublicFrom,
  type KemPublic,
} from '../../src/lib/crypto/kem.ts'
import { HASH_LABELS, KDF_LABELS, SIGN_LABELS } from '../../src/lib/crypto/labels.ts'
import { pad, unpad } from '../../src/lib/crypto/pad.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { agree, createRvPair, type RvPublic } from '../../src/lib/crypto/rendezvous.ts'
import { generateNonce, generateSealKey, open, openWith, seal, sealWith } from '../../src/lib/crypto/seal.ts'
import { createSignPair, sign, verify, type SignPublic } from '../../src/lib/crypto/sign.ts'
import sodium from '../../src/lib/crypto/sodium.ts'
import { createSealedStream, openSealedStream, STREAM_HEADER_BYTES } from '../../src/lib/crypto/stream.ts'

const numRuns = process.env['SLOW'] ? 5000 : 100
const bytes = fc.uint8Array({ maxLength: 400 })
const failed = { ok: false, error: { type: 'OpenFailed' } }

/** `bytes` with one bit turned over, for every bit or, of much, for some. */
const flips = function* (original: Uint8Array): Generator<Uint8Array> {
  const step = Math.max(1, Math.floor((original.length * 8) / 800))
  for (let bit = 0; bit < original.length * 8; bit += step) {
    const flipped = original.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    yield flipped
  }
}

// ── seal ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

test('open inverts seal, in its context and with its key only', () => {
  fc.assert(
    fc.property(bytes, bytes, bytes, (context, plaintext, other) => {
      const key = generateSealKey()
      const sealed = seal(key, context, plaintext)
      expect(sealed.length).toBe(plaintext.length + 40)
      expect(expectOk(open(key, context, sealed))).toEqual(plaintext)
      expect(open(generateSealKey(), context, sealed)).toEqual(failed)
      if (!equalBytes(other, context)) expect(open(key, other, sealed)).toEqual(failed)
    }),
    { numRuns },
  )
})

test('every flipped bit of a sealed box is refused', () => {
  const key = generateSealKey()
  const sealed = seal(
    key,
    Uint8Array.of(1),
    Uint8Array.from({ length: 40 }, (_, i) => i),
  )
  for (const flipped of flips(sealed)) expect(open(key, Uint8Array.of(1), flipped)).toEqual(failed)
})

test('whatever bytes come, opening them answers', () => {
  const key = generateSealKey()
  fc.assert(
    fc.property(bytes, bytes, bytes, (nonce, context, sealed) => {
      expect(open(key, context, sealed)).toEqual(failed)
      expect(openWith(key, nonce, context, sealed)).toEqual(failed)
    }),
    { numRuns },
  )
})

test('the same thing sealed twice looks like two things', () => {
  const key = generateSealKey()
  const sealed = Array.from({ length: 50 }, () =>
    Buffer.from(seal(key, Uint8Array.of(), Uint8Array.of(7))).toString('hex'),
  )
  expect(new Set(sealed).size).toBe(50)
})

test('a nonce of the wrong length is our own mistake', () => {
  const [key, nonce] = [generateSealKey(), generateNonce().subarray(1)]
  expect(() => sealWith(key, nonce, Uint8Array.of(), Uint8Array.of())).toThrow()
})

// ── sign ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

test('a signature holds for its key, label and value, and nothing else', () => {
  const labels = fc.constantFrom(...SIGN_LABELS)
  const [mine, theirs] = [createSignPair(), createSignPair()]
  fc.assert(
    fc.property(labels, bytes, labels, bytes, (label, value, otherLabel, otherValue) => {
      const signature = sign(mine.secretKey, label, value)
      expect(verify(mine.publicKey, label, value, signature)).toBe(true)
      expect(verify(theirs.publicKey, label, value, signature)).toBe(false)
      if (otherLabel !== label) expect(verify(mine.publicKey, otherLabel, value, signature)).toBe(false)
      if (!equalBytes(otherValue, value))
        expect(verify(mine.publicKey, label, otherValue, signature)).toBe(false)
    }),
    { numRuns },
  )
})

test('every flipped bit of a signature, and of the key it is checked with, is refused', () => {
  const { publicKey, secretKey } = createSignPair()
  const signature = sign(secretKey, 'led', 'agua')
  for (const flipped of flips(signature)) expect(verify(publicKey, 'led', 'agua', flipped)).toBe(false)
  for (const flipped of flips(publicKey))
    expect(verify(flipped as SignPublic, 'led', 'agua', signature)).toBe(false)
})

test('whatever bytes come for key and signature, verifying answers', () => {
  fc.assert(
    fc.property(bytes, bytes, fc.uint8Array({ minLength: 32, maxLength: 32 }), (key, signature, point) => {
      expect(verify(key as SignPublic, 'led', null, signature)).toBe(false)
      expect(verify(point as SignPublic, 'led', null, new Uint8Array(64))).toBe(false)
    }),
    { numRuns },
  )
})

// ── hash, derive ─────────────────────────────────────────────────────────────────────────────────────────────────────

test('hashing what is already encoded is hashing the value, in pieces too', () => {
  const value = fc.array(
    fc.oneof(fc.uint8Array({ maxLength: 6000, size: 'max' }), fc.string(), fc.integer()),
    { maxLength: 3 },
  )
  fc.assert(
    fc.property(fc.constantFrom(...HASH_LABELS), value, fc.nat(), (label, any, cut) => {
      const encoded = encodeCbor(any)
      const at = cut % encoded.length
      expect(hashEncoded(label, encoded)).toEqual(hash(label, any))
      expect(hashEncoded(label, encoded.subarray(0, at), encoded.subarray(at))).toEqual(hash(label, any))
    }),
    { numRuns },
  )
})

test('a hash that was handed out does not change with the next', () => {
  const first = hashEncoded('led', encodeCbor('uno'))
  const kept = first.slice()
  hashEncoded('led', encodeCbor('dos'))
  expect(first).toEqual(kept)
})

test('each label and each key derives something of its own', () => {
  const key = generateSecretKey()
  const made = [
    ...HASH_LABELS.map((label) => hash(label, 'x')),
    ...KDF_LABELS.map((label) => deriveKey(key, label, 'x')),
    ...KDF_LABELS.map((label) => deriveKey(generateSecretKey(), label, 'x')),
    ...KDF_LABELS.map((label) => deriveKey(key, label, 'y')),
  ]
  expect(new Set(made.map((one) => Buffer.from(one).toString('hex'))).size).toBe(made.length)
})

test('forgetting overwrites; comparing secrets compares length too', () => {
  const [a, b] = [generateSecretKey(), generateSecretKey()]
  expect(equalSecrets(a, a.slice())).toBe(true)
  expect(equalSecrets(a, b)).toBe(false)
  expect(equalSecrets(a, a.subarray(1))).toBe(false)
  forget(a, b)
  expect(equalSecrets(a, b)).toBe(true)
  expect(a).toEqual(new Uint8Array(32))
  expect(secretKeyFrom(new Uint8Array(31))).toBe(null)
  expect(secretKeyFrom('x'.repeat(32))).toBe(null)
})

// ── pad ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

test('unpad inverts pad, whatever the bytes end with', () => {
  const ends = fc
    .tuple(bytes, fc.array(fc.constantFrom(0, 0x80), { maxLength: 40 }))
    .map(([start, end]) => concatBytes(start, Uint8Array.from(end)))
  fc.assert(
    fc.property(ends, fc.constantFrom(1, 16, 32, 64, 256), (any, block) => {
      expect(expectOk(unpad(pad(any, block)))).toEqual(any)
    }),
    { numRuns },
  )
})

test('padding is by blocks while small, and adds at most an eighth beyond', () => {
  fc.assert(
    fc.property(fc.nat(3_000_000), fc.constantFrom(32, 64, 256), (length, block) => {
      const padded = pad(new Uint8Array(length), block).length
      expect(padded).toBeGreaterThan(length)
      if (length + 1 <= 16 * block) expect(padded % block).toBe(0)
      else expect(padded / (length + 1)).toBeLessThan(1.125)
      // Longer never becomes shorter: lengths stay in order.
      expect(pad(new Uint8Array(length + 1), block).length).toBeGreaterThanOrEqual(padded)
    }),
    { numRuns: 60 },
  )
})

test('few lengths are left to tell apart: sixteen for each doubling', () => {
  const lengths = new Set(Array.from({ length: 20_000 }, (_, i) => pad(new Uint8Array(i), 32).length))
  expect(lengths.size).toBe(100)
})

test('whatever bytes come, taking the padding off answers', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (any) => {
      const bare = unpad(any)
      if (bare.ok) expect(equalBytes(any.subarray(0, bare.value.length), bare.value)).toBe(true)
      else expect(bare).toEqual(failed)
    }),
  )
})

// ── stream ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const streamOf = (...messages: readonly Uint8Array[]) => {
  const key = generateSealKey()
  const sealed = createSealedStream(key)
  const chunks = messages.map((message, i) => sealed.push(message, i % 3 === 2 ? 'rekey' : undefined))
  return { reader: () => expectOk(openSealedStream(key, sealed.header)), chunks, sealed }
}
const words = ['uno', 'dos', 'tres', 'cuatro', 'cinco'].map((word) => new TextEncoder().encode(word))

test('a stream gives back what was put in, across new keys, until its end', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 12 }), (messages) => {
      const { reader, chunks, sealed } = streamOf(...messages)
      const opened = reader()
      for (const [i, chunk] of chunks.entries())
        expect(opened.pull(chunk)).toEqual({ ok: true, value: { plaintext: messages[i], final: false } })
      expect(expectOk(opened.pull(sealed.push(Uint8Array.of(9), 'final')))).toEqual({
        plaintext: Uint8Array.of(9),
        final: true,
      })
    }),
    { numRuns: 40 },
  )
})

test('a chunk that is lost, repeated, swapped, altered or foreign ends a stream for good', () => {
  const { reader, chunks } = streamOf(...words)
  const foreign = streamOf(...words).chunks
  const orders: readonly (readonly Uint8Array[])[] = [
    [chunks[1]!],
    [chunks[0]!, chunks[2]!],
    [chunks[0]!, chunks[0]!],
    [chunks[0]!, chunks[1]!, chunks[0]!],
    [chunks[0]!, foreign[1]!],
    [chunks[0]!, chunks[1]!.subarray(1)],
    [chunks[0]!, chunks[1]!.subarray(0, 16)],
    [chunks[0]!, new Uint8Array()],
    ...[...flips(chunks[1]!)].map((flipped) => [chunks[0]!, flipped]),
  ]
  for (const order of orders) {
    const opened = reader()
    const last = order.length - 1
    for (const [i, chunk] of order.entries()) expect(opened.pull(chunk).ok).toBe(i < last)
    for (const chunk of chunks) expect(opened.pull(chunk)).toEqual(failed)
  }
})

test('a chunk that is marked so replaces the key, as a reader without our code sees too', () => {
  const key = generateSealKey()
  const sealed = createSealedStream(key)
  const state = sodium.crypto_secretstream_xchacha20poly1305_init_pull(sealed.header, key)
  const tagOf = (chunk: Uint8Array) => {
    const pulled = sodium.crypto_secretstream_xchacha20poly1305_pull(state, chunk, null)
    return pulled && pulled.tag
  }
  const tags = [sealed.push(words[0]!), sealed.push(words[1]!, 'rekey'), sealed.push(words[2]!, 'final')]
  expect(tags.map(tagOf)).toEqual([
    sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE,
    sodium.crypto_secretstream_xchacha20poly1305_TAG_REKEY,
    sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL,
  ])
})

test('nothing is read after the end of a stream', () => {
  const { reader, sealed } = streamOf()
  const [end, more] = [sealed.push(words[0]!, 'final'), sealed.push(words[1]!)]
  const opened = reader()
  expect(expectOk(opened.pull(end)).final).toBe(true)
  expect(opened.pull(more)).toEqual(failed)
})

test('a stream with another header, or one of another length, opens nothing', () => {
  const { chunks } = streamOf(...words)
  const key = generateSealKey()
  for (const length of [0, STREAM_HEADER_BYTES - 1, STREAM_HEADER_BYTES + 1])
    expect(openSealedStream(key, new Uint8Array(length))).toEqual(failed)
  const other = expectOk(openSealedStream(key, systemRandom.bytes(STREAM_HEADER_BYTES)))
  expect(other.pull(chunks[0]!)).toEqual(failed)
})

// ── keys for others ──────────────────────────────────────────────────────────────────────────────────────────────────

test('what is encapsulated for a device only that device decapsulates', () => {
  const [mine, theirs] = [createKemPair(), createKemPair()]
  const { ciphertext, secret } = expectOk(encapsulate(mine.publicKey))
  expect(ciphertext).toHaveLength(KEM_CIPHERTEXT_BYTES)
  expect(expectOk(decapsulate(mine.secretKey, ciphertext))).toEqual(secret)
  expect(expectOk(decapsulate(theirs.secretKey, ciphertext))).not.toEqual(secret)
  expect(expectOk(encapsulate(mine.publicKey)).secret).not.toEqual(secret)
  for (const flipped of flips(ciphertext)) {
    const got = decapsulate(mine.secretKey, flipped)
    if (got.ok) expect(got.value).not.toEqual(secret)
  }
})

test('whatever bytes come for a public key or a ciphertext, the answer is a value', () => {
  const { secretKey } = createKemPair()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1300, size: 'max' }), (any) => {
      expect(encapsulate(any as KemPublic).ok).toBe(
        any.length === KEM_PUBLIC_BYTES && encapsulate(any as KemPublic).ok,
      )
      if (any.length !== KEM_CIPHERTEXT_BYTES) expect(decapsulate(secretKey, any)).toEqual(failed)
      expect(kemPublicFrom(any) === null).toBe(any.length !== KEM_PUBLIC_BYTES)
    }),
    { numRuns: 50 },
  )
  for (const fill of [0, 0xff])
    expect(() => encapsulate(new Uint8Array(KEM_PUBLIC_BYTES).fill(fill) as KemPublic)).not.toThrow()
  expect(() => decapsulate(secretKey, new Uint8Array(KEM_CIPHERTEXT_BYTES).fill(0xff))).not.toThrow()
})

test('two devices agree on one secret, each pair on another; a point of small order on none', () => {
  const [a, b, c] = [createRvPair(), createRvPair(), createRvPair()]
  expect(expectOk(agree(a.secretKey, b.publicKey))).toEqual(expectOk(agree(b.secretKey, a.publicKey)))
  expect(expectOk(agree(a.secretKey, b.publicKey))).not.toEqual(expectOk(agree(a.secretKey, c.publicKey)))
  for (const point of [new Uint8Array(32), new Uint8Array(31), new Uint8Array(0)])
    expect(agree(a.secretKey, point as RvPublic)).toEqual(failed)
})

test('a device is read back as it was written, its id is of all its keys, and anything else is null', () => {
  const { id, device } = createDevice(systemRandom)
  const written = cborFromDevice(device)
  expect(deviceFromCbor(written)).toEqual(device)
  expect(deviceIdOf(device)).toBe(id)
  for (const field of ['signPk', 'kemPk', 'rvPk', 'nonce'] as const) {
    const changed = device[field].slice()
    changed[0]! ^= 1
    expect(deviceIdOf({ ...device, [field]: changed })).not.toBe(id)
    expect(deviceFromCbor({ ...written, [field]: changed.subarray(1) })).toBe(null)
    expect(deviceFromCbor({ ...written, [field]: null })).toBe(null)
  }
  for (const not of [null, [], 'x', {}, { ...written, more: 1 }]) expect(deviceFromCbor(not)).toBe(null)
})
