import { expect, test } from 'vitest'
import { collIdFrom, entryIdFrom } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createDevice } from '../../src/lib/crypto/device.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { commitmentToKeeper } from '../../src/lib/net/keeper-meeting.ts'
import { invitationFromLink } from '../../src/lib/wire/invitation.ts'
import {
  encodeKeeperMessage,
  keeperInvitationFromText,
  parseKeeperMessage,
  textFromKeeperInvitation,
  type KeeperMessage,
} from '../../src/lib/wire/keeper.ts'
import { encodeSyncMessage, parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { base32nopad } from '@scure/base'
import { encodeHubCode } from '../../src/lib/wire/hub-code.ts'
import { argumentsFrom } from '../../src/keeper/arguments.ts'
import { encodeIdentity, parseIdentity } from '../../src/keeper/identity.ts'
import { encodeFinals, encodeServiceRow, parseFinals, parseServiceRow } from '../../src/keeper/rows.ts'
import { seededRandom } from '../world/time.ts'

const own = createDevice(systemRandom)
const coll = collIdFrom(hash('led', 'a collective'))!
const pin = entryIdFrom(hash('led', 'a checkpoint'))!
const invitation = { commitment: commitmentToKeeper(own.id), seed: systemRandom.bytes(16) }
const text = textFromKeeperInvitation(invitation)

/** Flipped bits, cut ends and random bytes: none may throw; `same` says what must not come of them. */
const hostile = (bytes: Uint8Array, read: (bytes: Uint8Array) => unknown, same: unknown): void => {
  for (let at = 0; at < bytes.length; at += bytes.length > 300 ? 17 : 1) {
    const changed = bytes.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte))
    expect(read(changed)).not.toEqual(same)
    read(bytes.subarray(0, at))
  }
  const random = seededRandom(5)
  for (let n = 0; n < 200; n++) read(random.bytes(n))
}

test('the text of a keeper is read as it was written, broken into lines too, and is no invitation of another kind', () => {
  expect(text).toHaveLength(80)
  expect(keeperInvitationFromText(`  ${text.slice(0, 30)}\n${text.slice(30)} \n`)).toEqual(invitation)
  expect(invitationFromLink(text)).toBeNull()
  expect(keeperInvitationFromText(text.slice(1))).toBeNull()
  expect(keeperInvitationFromText(`${text}A`)).toBeNull()
  expect(keeperInvitationFromText('')).toBeNull()
  for (let at = 0; at < text.length; at++) {
    const other = text[at] === 'A' ? 'B' : 'A'
    const changed = keeperInvitationFromText(text.slice(0, at) + other + text.slice(at + 1))
    expect(changed).not.toEqual(invitation)
  }
})

test('what a member and a keeper say when they meet is read as it was said, and nothing else is', () => {
  const messages: KeeperMessage[] = [
    { type: 'ask', coll, pin: null },
    { type: 'ask', coll, pin },
    { type: 'bound', binding: systemRandom.bytes(64) },
    { type: 'taken' },
    { type: 'unable' },
  ]
  for (const message of messages) {
    const bytes = encodeKeeperMessage(message)
    expect(expectOk(parseKeeperMessage(bytes))).toEqual(message)
    hostile(bytes, parseKeeperMessage, { ok: true, value: message })
  }
})

test('a keeper says that its room is used up in a message that older programs skip', () => {
  const bytes = encodeSyncMessage({ type: 'full' })
  expect([...bytes]).toEqual([0x81, 14])
  expect(parseSyncMessage(bytes)).toEqual({ ok: true, value: { type: 'full' } })
})

test('what a keeper writes down is read back, and damage of it is found, never thrown', () => {
  const identity = { own: { ...own, kemSk: new Uint8Array(32) as never }, seed: systemRandom.bytes(16) }
  const written = encodeIdentity(identity)
  expect(parseIdentity(written)).toEqual(identity)
  expect(Buffer.from(written).includes(Buffer.from(own.kemSk))).toBe(false)
  hostile(written, parseIdentity, identity)
  const row = { coll, pin, askedBy: [own.device] }
  expect(parseServiceRow(encodeServiceRow(row))).toEqual(row)
  hostile(encodeServiceRow(row), parseServiceRow, row)
  const finals = new Map([[pin, 1_770_000_000_000]])
  expect(parseFinals(encodeFinals(finals))).toEqual(finals)
  hostile(encodeFinals(finals), parseFinals, finals)
})

test('what is typed behind npm run keeper is understood, or said to be wrong', () => {
  expect(
    expectOk(argumentsFrom(['--folder', '/k', '--hub', 'https://hub.example', '--quota', '2GB'])),
  ).toEqual({
    command: 'run',
    folder: '/k',
    hub: { post: 'wss://hub.example/post', origin: 'https://hub.example' },
    quota: 2e9,
  })
  const code = {
    addresses: [Uint8Array.of(10, 0, 0, 5)],
    port: 4173,
    fingerprint: new Uint8Array(32).fill(7),
  }
  const shown = base32nopad.encode(encodeHubCode(code)).replace(/.{4}/g, '$& ').toLowerCase()
  expect(expectOk(argumentsFrom(['--hub', shown])).hub).toEqual({ code })
  expect(expectOk(argumentsFrom(['inspect', '--hub', 'http://192.168.0.10:4173']))).toMatchObject({
    command: 'inspect',
    hub: { post: 'ws://192.168.0.10:4173/post', origin: 'http://192.168.0.10:4173' },
  })
  for (const wrong of [
    ['--quota', 'lots'],
    ['--quota', '1KB'],
    ['--hub', 'nowhere'],
    ['dance'],
    ['--why'],
    ['inspect', 'run'],
  ])
    expect(argumentsFrom(wrong)).toMatchObject({ ok: false, error: { type: 'BadArguments' } })
})
