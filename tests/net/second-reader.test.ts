import { readFileSync } from 'node:fs'
import { base32nopad } from '@scure/base'
import { wordlist as english } from '@scure/bip39/wordlists/english.js'
import { wordlist as spanish } from '@scure/bip39/wordlists/spanish.js'
import { encode, decode, rfc8949EncodeOptions } from 'cborg'
import sodium from 'libsodium-wrappers'
import { expect, test } from 'vitest'
import { bytesFromHex, hexFromBytes } from '../../src/lib/core/bytes.ts'
import { createMemoryPipe, settle } from './memory-channel.ts'
import { createPerson, knows, shake, sharedSecret, someCollective } from './people.ts'

/**
 * An initiator and a reader of mailboxes written from docs/spec/wire.md alone: nothing of src/lib/net, wire or crypto
 * is used in `begin`, so that the page is known to be enough.
 */
await sodium.ready
const enc = (value: unknown): Uint8Array => encode(value, rfc8949EncodeOptions)
const H = (label: string, value: unknown) =>
  sodium.crypto_generichash(32, enc([`lumbre1 ${label}`, value]), null)
const KDF = (key: Uint8Array, label: string, value: unknown) =>
  sodium.crypto_generichash(32, enc([`lumbre1 ${label}`, value]), key)
const SIG = (label: string, value: unknown, sk: Uint8Array) =>
  sodium.crypto_sign_detached(enc([`lumbre1 sig ${label}`, value]), sk)
const isSigned = (label: string, value: unknown, sig: Uint8Array, pk: Uint8Array) =>
  sodium.crypto_sign_verify_detached(sig, enc([`lumbre1 sig ${label}`, value]), pk)
const seal = (key: Uint8Array, aad: Uint8Array, plaintext: Uint8Array) => {
  const nonce = sodium.randombytes_buf(24)
  return Uint8Array.from([
    ...nonce,
    ...sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, aad, null, nonce, key),
  ])
}
const open = (key: Uint8Array, aad: Uint8Array, sealed: Uint8Array) =>
  sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
    null,
    sealed.subarray(24),
    aad,
    sealed.subarray(0, 24),
    key,
  )
const pad = (bytes: Uint8Array, length: number) =>
  Uint8Array.from({ length }, (_, i) => bytes[i] ?? (i === bytes.length ? 0x80 : 0))
const unpad = (bytes: Uint8Array) => bytes.subarray(0, bytes.lastIndexOf(0x80))

/** The lists, as BIP 39 has them. */
const lists = [spanish, english].map((list) => list.map((word) => word.normalize('NFC')))

test('a code that was read aloud is understood by whoever has only the page', () => {
  const spoken = JSON.parse(
    readFileSync(new URL('../vectors/spoken.json', import.meta.url), 'utf8'),
  ) as readonly { readonly told: string; readonly es: readonly string[]; readonly en: readonly string[] }[]
  const binary = (value: number, count: number) => value.toString(2).padStart(count, '0')
  const bytesOf = (bits: string) => Uint8Array.from(bits.match(/.{8}/g)!, (byte) => parseInt(byte, 2))
  const start = (label: string, value: unknown, count: number) =>
    [...H(label, value)]
      .map((byte) => binary(byte, 8))
      .join('')
      .slice(0, count)
  for (const { told, es, en } of spoken)
    for (const [list, lines] of [
      [lists[0]!, es],
      [lists[1]!, en],
    ] as const) {
      const contents = lines.map((line, at) => {
        const bits = line
          .split(' ')
          .map((word) => binary(list.indexOf(word), 11))
          .join('')
        expect(bits.slice(47)).toBe(start('spoken', [at + 1, parseInt(bits.slice(0, 47), 2)], 8))
        return bits.slice(0, 47)
      })
      let all = contents.join('')
      const take = (count: number) => {
        const taken = all.slice(0, count)
        all = all.slice(count)
        return taken
      }
      const uint = (count: number) => parseInt(take(count), 2)
      const [kind, names] = [uint(3), uint(2)]
      const places = Array.from({ length: uint(2) }, () => 0).map(() => uint(2))
      const lengths = names === 0 ? [4, 24] : names === 1 ? [8, 32] : [uint(7), uint(7)]
      const alphabet =
        names === 1 ? '0123456789abcdef' : 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
      const [fingerprint, commitment] = [bytesOf(take(256)), bytesOf(take(256))]
      const [ufrag, pwd] = lengths.map((length) =>
        Array.from({ length }, () => alphabet[uint(names === 1 ? 4 : 6)]).join(''),
      )
      const candidates = places.map((place) => {
        const said = take([32, 128, 122][place]!)
        const address =
          place === 2 ? `${said.slice(0, 48)}0100${said.slice(48, 60)}10${said.slice(60)}` : said
        return [place, bytesOf(address), uint(16)]
      })
      const code = enc([1, kind, commitment, enc([1, fingerprint, ufrag, pwd, candidates])])
      expect(take(12)).toBe(start('spoken', code, 12))
      expect(all).toMatch(/^0*$/)
      expect(base32nopad.encode(code)).toBe(told)
    }
})

type Known = {
  readonly psk: Uint8Array
  readonly context: Uint8Array
  readonly cb: Uint8Array
  readonly ephemeralSk: Uint8Array
  readonly m1: Uint8Array
}

/** What an initiator computes from M2: the handshake key schedule, and who answered. */
const readM2 = ({ psk, context, cb, ephemeralSk, m1 }: Known, m2: Uint8Array, signPk: Uint8Array) => {
  const [reply, sealed] = decode(m2) as [Uint8Array, Uint8Array]
  const [version, suite, , kemCt] = decode(reply) as [number, number, Uint8Array, Uint8Array]
  expect([version, suite]).toEqual([1, 1])
  const th1 = H('th', [m1, reply])
  const ks = KDF(sodium.crypto_kem_xwing_dec(kemCt, ephemeralSk), 'hs', [th1, psk])
  const [kI, kR] = [KDF(ks, 'hs I', [th1]), KDF(ks, 'hs R', [th1])]
  const { id, sig } = decode(unpad(open(kR, th1, sealed))) as { id: Uint8Array; sig: Uint8Array }
  expect(isSigned('link R', [th1, cb, context, id], sig, signPk)).toBe(true)
  return { ks, kI, kR, id, th2: H('th', [th1, m2]) }
}

const finish = (ks: Uint8Array, kR: Uint8Array, th2: Uint8Array, m3: Uint8Array, m4: Uint8Array) => {
  const th3 = H('th', [th2, m3])
  const [four, sealed] = decode(m4) as [number, Uint8Array]
  expect(four).toBe(4)
  expect(open(kR, th3, sealed)).toEqual(KDF(ks, 'hs fin', [th3]))
  const th = H('th', [th3, m4])
  return {
    th,
    exported: KDF(ks, 'exp', [th]),
    fromI: KDF(ks, 'link I', [th]),
    fromR: KDF(ks, 'link R', [th]),
  }
}

test('an initiator written from the specification meets ours', async () => {
  const [alice, bea] = [createPerson(), createPerson()]
  const pipe = createMemoryPipe()
  const { outcome } = shake(pipe.b, { own: bea, judge: knows(alice) })
  const arrived: Uint8Array[] = []
  pipe.a.receive((message) => arrived.push(message))

  const ephemeral = sodium.crypto_kem_xwing_keypair()
  const m1 = enc([1, [1], sodium.randombytes_buf(32), ephemeral.publicKey])
  pipe.a.send(m1)
  await settle()
  const cb = H('cb', ['memory', []])
  const known = { psk: sharedSecret, context: someCollective, cb, ephemeralSk: ephemeral.privateKey, m1 }
  const { ks, kI, kR, id, th2 } = readM2(known, arrived[0]!, bea.device.signPk)
  const mine = bytesFromHex(alice.id)
  const sig = SIG('link I', [th2, cb, someCollective, mine, id], alice.signSk)
  const m3 = enc([3, seal(kI, th2, pad(enc({ id: mine, sig, device: null }), 2048))])
  pipe.a.send(m3)
  await settle()
  const end = finish(ks, kR, th2, m3, arrived[1]!)
  const met = outcome()
  if (!met?.ok) throw new Error('they did not meet')
  expect(met.value.th).toEqual(end.th)
  expect(met.value.exported).toEqual(end.exported)
  expect(met.value.keys).toEqual({ mine: end.fromR, theirs: end.fromI })
})

type LinkVectors = {
  readonly handshake: Record<
    | 'psk'
    | 'context'
    | 'ephemeralSk'
    | 'm1'
    | 'm2'
    | 'm3'
    | 'm4'
    | 'signPkR'
    | 'idR'
    | 'th'
    | 'exported'
    | 'fromI'
    | 'fromR',
    string
  > & { readonly fingerprints: readonly [string, string] }
  readonly pair: Record<'rvSkA' | 'rvPkB' | 'coll' | 'psk', string> & {
    readonly boxes: readonly {
      readonly day: number
      readonly direction: number
      readonly id: string
      readonly key: string
    }[]
  }
  readonly invitation: Record<
    'seed' | 'context' | 'psk' | 'id' | 'key' | 'reply' | 'replyKey' | 'blob' | 'note',
    string
  > & {
    readonly day: number
  }
}
const vectors = JSON.parse(
  readFileSync(new URL('../vectors/links.json', import.meta.url), 'utf8'),
) as LinkVectors

test('the recorded handshake reads as the specification says', () => {
  const hex = vectors.handshake
  const bytes = (name: Exclude<keyof typeof hex, 'fingerprints'>) => bytesFromHex(hex[name])
  const cb = H('cb', ['webrtc', hex.fingerprints.map(bytesFromHex)])
  const known = {
    psk: bytes('psk'),
    context: bytes('context'),
    cb,
    ephemeralSk: bytes('ephemeralSk'),
    m1: bytes('m1'),
  }
  const { ks, kR, id, th2 } = readM2(known, bytes('m2'), bytes('signPkR'))
  expect(hexFromBytes(id)).toBe(hex.idR)
  const end = finish(ks, kR, th2, bytes('m3'), bytes('m4'))
  expect(Object.fromEntries(Object.entries(end).map(([name, value]) => [name, hexFromBytes(value)]))).toEqual(
    {
      th: hex.th,
      exported: hex.exported,
      fromI: hex.fromI,
      fromR: hex.fromR,
    },
  )
})

test('mailboxes of a pair and of an invitation are where the specification puts them', () => {
  const { pair, invitation } = vectors
  const secret = sodium.crypto_scalarmult(bytesFromHex(pair.rvSkA), bytesFromHex(pair.rvPkB))
  const coll = bytesFromHex(pair.coll)
  expect(hexFromBytes(KDF(secret, 'psk', [coll]))).toBe(pair.psk)
  for (const { day, direction, id, key } of pair.boxes) {
    expect(hexFromBytes(KDF(secret, 'rv', [coll, day, direction]))).toBe(id)
    expect(hexFromBytes(KDF(secret, 'rvkey', [coll, day, direction]))).toBe(key)
  }
  const seed = Uint8Array.from({ length: 32 }, (_, i) => bytesFromHex(invitation.seed)[i] ?? 0)
  expect(hexFromBytes(KDF(seed, 'psk', [bytesFromHex(invitation.context)]))).toBe(invitation.psk)
  expect(hexFromBytes(KDF(seed, 'rv', [invitation.day]))).toBe(invitation.id)
  expect(hexFromBytes(KDF(seed, 'rvkey', [invitation.day]))).toBe(invitation.key)
  expect(hexFromBytes(KDF(seed, 'rvkey', [bytesFromHex(invitation.reply)]))).toBe(invitation.replyKey)
  const blob = bytesFromHex(invitation.blob)
  expect(blob).toHaveLength(1024)
  const note = unpad(open(bytesFromHex(invitation.key), bytesFromHex(invitation.id), blob))
  expect(hexFromBytes(note)).toBe(invitation.note)
  expect(decode(note)).toEqual([0, expect.any(Uint8Array), bytesFromHex(invitation.reply)])
})
