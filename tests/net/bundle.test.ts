import { beforeAll, expect, test } from 'vitest'
import { bech32 } from '@scure/base'
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption'
import { expectOk } from '../../src/lib/core/result.ts'
import { createKemPair, type KemPair } from '../../src/lib/crypto/kem.ts'
import { openFile, sealFile } from '../../src/lib/net/bundle.ts'
import { seededRandom } from '../world/time.ts'

const payload = new TextEncoder().encode('Nadie va sola. '.repeat(40))
const MOST = 1 << 24
let ana: KemPair
let bea: KemPair
let file: Uint8Array

const stanzasIn = (bytes: Uint8Array) =>
  [...new TextDecoder().decode(bytes).matchAll(/^-> mlkem768x25519 /gm)].length
const open = (bytes: Uint8Array, ...people: KemPair[]) =>
  openFile({ file: bytes, secrets: people.map(({ secretKey }) => secretKey), most: MOST })

beforeAll(async () => {
  ;[ana, bea] = [createKemPair(), createKemPair()]
  file = await seal(ana, bea)
})

const seal = async (...people: KemPair[]) =>
  expectOk(
    await sealFile({
      payload,
      recipients: people.map(({ publicKey }) => publicKey),
      random: seededRandom(1),
    }),
  )

test('Ana and Bea open the same file, each with her own phone; Eva does not', async () => {
  for (const person of [ana, bea]) expect(expectOk(await open(file, person))).toEqual(payload)
  expect(await open(file, createKemPair())).toEqual({ ok: false, error: { type: 'NotForThisPhone' } })
})

test('a phone that has a new key since still opens what was sealed to its old one', async () => {
  expect(expectOk(await open(file, createKemPair(), ana))).toEqual(payload)
})

test('how many phones a file is for does not show: there are stanzas for nobody among them', async () => {
  expect(stanzasIn(file)).toBe(8)
  expect(stanzasIn(await seal(...Array.from({ length: 8 }, () => createKemPair())))).toBe(8)
  expect(stanzasIn(await seal(...Array.from({ length: 9 }, () => createKemPair())))).toBe(16)
})

test('texts of about the same length make files of the same length', async () => {
  const sizes = await Promise.all(
    [10, 900, 4000].map(async (length) => {
      const sealed = await sealFile({
        payload: new Uint8Array(length),
        recipients: [ana.publicKey],
        random: seededRandom(2),
      })
      return expectOk(sealed).length
    }),
  )
  expect(new Set(sizes).size).toBe(1)
})

test('it is an age file like any other: age opens ours, and we open its, with the same keys', async () => {
  const identity = bech32.encode('AGE-SECRET-KEY-PQ-', bech32.toWords(ana.secretKey), false).toUpperCase()
  const recipient = await identityToRecipient(identity)
  expect(recipient).toBe(bech32.encode('age1pq', bech32.toWords(ana.publicKey), false))
  const theirs = new Decrypter()
  theirs.addIdentity(identity)
  expect((await theirs.decrypt(file)).subarray(0, payload.length)).toEqual(payload)
  const encrypter = new Encrypter()
  encrypter.addRecipient(recipient)
  // Not padded as ours are: opened, and then refused.
  expect(await open(await encrypter.encrypt(payload), ana)).toEqual({ ok: false, error: { type: 'BadFile' } })
})

test('Mallory’s phone declares a key nobody can use: everybody else still gets the file', async () => {
  const broken = {
    publicKey: new Uint8Array(1216).fill(255) as KemPair['publicKey'],
    secretKey: ana.secretKey,
  }
  expect(expectOk(await open(await seal(broken, bea), bea))).toEqual(payload)
})
