import { fc, test as property } from '@fast-check/vitest'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { bytesFromHex, hexFromBytes } from '../../src/lib/core/bytes.ts'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { systemClock } from '../../src/lib/core/clock.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createCardedConnection } from '../../src/lib/net/connection.ts'
import { cardFromDescription, descriptionFromCard } from '../../src/lib/net/session-description.ts'
import { encodeCard, parseCard, type Card } from '../../src/lib/wire/cards.ts'
import { createNodeRtc } from './node-rtc.ts'

const FINGERPRINT = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0')).join(':')

/** As the browsers write them, shortened. */
const chromium = [
  'v=0',
  'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
  'a=group:BUNDLE 0',
  'm=application 53705 UDP/DTLS/SCTP webrtc-datachannel',
  'c=IN IP4 192.168.1.23',
  'a=candidate:2999745851 1 udp 2113937151 1b51ba5c-2c26-4ac0-8d7a-3f3ce9ed6e2f.local 53705 typ host generation 0 network-cost 999',
  'a=candidate:842163049 1 udp 2122260223 192.168.1.23 41111 typ host generation 0 network-id 1',
  'a=candidate:842163050 1 udp 2122260222 fd00::2 41112 typ host generation 0 network-id 1',
  'a=candidate:1876313031 1 tcp 1518280447 192.168.1.23 9 typ host tcptype active',
  'a=candidate:842163051 2 udp 2122260222 192.168.1.24 41113 typ host',
  'a=candidate:842163052 1 udp 2122260222 hub.example 41114 typ host',
  'a=ice-ufrag:Tq7C',
  'a=ice-pwd:YyGUeIDT0KCmwQGBrGkPj+Bh',
  `a=fingerprint:sha-256 ${FINGERPRINT.toUpperCase()}`,
  'a=setup:actpass',
  '',
].join('\r\n')

describe('a card', () => {
  test('is read out of a browser’s description: what cannot be said in it is left out', () => {
    expect(expectOk(cardFromDescription(chromium))).toEqual({
      fingerprint: Uint8Array.from({ length: 32 }, (_, i) => i),
      ufrag: 'Tq7C',
      pwd: 'YyGUeIDT0KCmwQGBrGkPj+Bh',
      candidates: [
        { kind: 'mdns', address: bytesFromHex('1b51ba5c2c264ac08d7a3f3ce9ed6e2f'), port: 53705 },
        { kind: 'ipv4', address: Uint8Array.of(192, 168, 1, 23), port: 41111 },
        { kind: 'ipv6', address: bytesFromHex('fd000000000000000000000000000002'), port: 41112 },
      ],
    })
  })

  test('is small enough for a code on a screen', () => {
    const { candidates, ...rest } = expectOk(cardFromDescription(chromium))
    expect(encodeCard({ ...rest, candidates: candidates.slice(0, 2) }).length).toBeLessThan(110)
  })

  test('is not made of a description without certificate', () => {
    expect(cardFromDescription('v=0\r\n')).toEqual({ ok: false, error: { type: 'NoCard' } })
  })

  /** What a TURN server saw and lent, in the order a browser happens to find it. */
  const turned = chromium.replace(
    'a=ice-ufrag',
    [
      'a=candidate:1 1 udp 41885439 203.0.113.7 49160 typ relay raddr 198.51.100.9 rport 41111 generation 0',
      'a=candidate:2 1 udp 1685987071 198.51.100.9 41111 typ srflx raddr 192.168.1.23 rport 41111 generation 0',
      'a=candidate:3 1 udp 2122260223 192.168.1.24 41115 typ host generation 0',
      'a=ice-ufrag',
    ].join('\r\n'),
  )
  const hostsOf = (card: Card) => card.candidates.map(({ address }) => address.join('.')).slice(-4)

  test('says last what a TURN server lends: better ways are tried before', () => {
    const card = expectOk(cardFromDescription(turned))
    expect(card.candidates).toHaveLength(6)
    expect(hostsOf(card).slice(1)).toEqual(['192.168.1.24', '198.51.100.9', '203.0.113.7'])
  })

  test('of a device with more addresses than fit still says where the TURN server is', () => {
    const many = Array.from(
      { length: 20 },
      (_, i) => `a=candidate:${i + 9} 1 udp 2122260223 10.0.0.${i} 41111 typ host\r\n`,
    ).join('')
    const { candidates } = expectOk(cardFromDescription(many + turned))
    expect(candidates).toHaveLength(12)
    expect(candidates.at(-1)!.address).toEqual(Uint8Array.of(203, 0, 113, 7))
  })

  test('of a device that goes out through TURN servers alone says nothing else, whatever the browser wrote', () => {
    const card = expectOk(cardFromDescription(turned, 'relayed'))
    expect(hostsOf(card)).toEqual(['203.0.113.7'])
    expect(expectOk(cardFromDescription(chromium, 'relayed')).candidates).toEqual([])
  })

  property.prop([
    fc.record({
      fingerprint: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      ufrag: fc.stringMatching(/^[A-Za-z0-9+/]{4,64}$/),
      pwd: fc.stringMatching(/^[A-Za-z0-9+/]{22,64}$/),
      candidates: fc.array(
        fc.oneof(
          ...(['ipv4', 'ipv6', 'mdns'] as const).map((kind) =>
            fc.record({
              kind: fc.constant(kind),
              address: fc.uint8Array({
                minLength: kind === 'ipv4' ? 4 : 16,
                maxLength: kind === 'ipv4' ? 4 : 16,
              }),
              port: fc.integer({ min: 1, max: 65_535 }),
            }),
          ),
        ),
        { maxLength: 12 },
      ),
    }),
  ])('survives the wire, and the description written from it says the same', (card: Card) => {
    expect(parseCard(encodeCard(card))).toEqual({ ok: true, value: card })
    expect(cardFromDescription(descriptionFromCard(card, 'active'))).toEqual({ ok: true, value: card })
  })

  property.prop([fc.uint8Array({ maxLength: 200 })])(
    'of any bytes is read or refused, never thrown',
    (bytes) => {
      expect(typeof parseCard(bytes).ok).toBe('boolean')
    },
  )

  test('cannot smuggle a line into the description', () => {
    const fingerprint = new Uint8Array(32)
    const pwd = 'x'.repeat(22)
    const bad = [
      [1, fingerprint, 'abcd\r\na=candidate:1 1 udp 1 10.0.0.1 1 typ host', pwd, []],
      [1, fingerprint, 'abcd', `${pwd}\n`, []],
      [1, fingerprint, 'abc', pwd, []],
      [1, fingerprint, 'abcd', pwd, [[0, Uint8Array.of(1, 2, 3), 1]]],
      [1, fingerprint, 'abcd', pwd, [[0, Uint8Array.of(1, 2, 3, 4), 0]]],
      [1, fingerprint, 'abcd', pwd, [[3, Uint8Array.of(1, 2, 3, 4), 9]]],
      [1, fingerprint, 'abcd', pwd, Array.from({ length: 13 }, () => [0, Uint8Array.of(1, 2, 3, 4), 9])],
      [1, fingerprint.subarray(1), 'abcd', pwd, []],
      [2, fingerprint, 'abcd', pwd, []],
    ]
    for (const value of bad) expect(parseCard(encodeCbor(value))).toMatchObject({ ok: false })
  })
})

describe('a connection', () => {
  test('of two cards opens, and one’s own card opens nothing', async () => {
    const [a, b] = await Promise.all(
      [1, 2].map(async () => expectOk(await createCardedConnection(createNodeRtc(), systemClock))),
    )
    const opened = Promise.all(
      [a!, b!].map((side) => new Promise<void>((resolve) => side.opened(() => resolve()))),
    )
    a!.meet(b!.card)
    b!.meet(a!.card)
    await opened
    a!.close()
    await new Promise<void>((resolve) => b!.closed(resolve))
    const alone = expectOk(await createCardedConnection(createNodeRtc(), systemClock))
    alone.meet(alone.card)
    await new Promise<void>((resolve) => alone.closed(resolve))
  }, 15_000)

  test('is refused as a value where the browser has none to give', async () => {
    const rtc = {
      createConnection: () => {
        throw new Error('Cannot create so many PeerConnections')
      },
    }
    expect(await createCardedConnection(rtc, systemClock)).toEqual({ ok: false, error: { type: 'NoCard' } })
  })
})

type Vector = { readonly bytes: string; readonly card: Record<string, unknown> | null }
const vectors = JSON.parse(
  readFileSync(new URL('../vectors/cards.json', import.meta.url), 'utf8'),
) as Vector[]

test.each(vectors.map((vector, i) => [i, vector] as const))('vector %i', (_, { bytes, card }) => {
  const parsed = parseCard(bytesFromHex(bytes))
  if (!card) return expect(parsed).toEqual({ ok: false, error: { type: 'BadMessage' } })
  const value = expectOk(parsed)
  expect({
    ...value,
    fingerprint: hexFromBytes(value.fingerprint),
    candidates: value.candidates.map(({ kind, address, port }) => [kind, hexFromBytes(address), port]),
  }).toEqual(card)
  expect(hexFromBytes(encodeCard(value))).toBe(bytes)
})
