import { expect, test } from 'vitest'
import { textFromIpv4 } from '../../src/lib/net/addresses.ts'
import { createSpareConnection } from '../../src/lib/net/spare-connection.ts'
import type { Rtc, Way } from '../../src/lib/net/types.ts'
import type { Card } from '../../src/lib/wire/cards.ts'
import { createHandClock } from './hand-clock.ts'

const NAME = '1b51ba5c-2c26-4ac0-8d7a-3f3ce9ed6e2f.local'

/** A connection of a browser that shows itself at these places. Closed ones are noted. */
const connectionAt = (closed: string[], name: string, ...places: readonly string[]): RTCPeerConnection =>
  ({
    iceGatheringState: 'complete',
    connectionState: 'new',
    createDataChannel: () => ({ readyState: 'connecting' }),
    setLocalDescription: async () => {},
    localDescription: {
      sdp: [
        `a=ice-ufrag:${name}`,
        `a=ice-pwd:${'p'.repeat(22)}`,
        `a=fingerprint:sha-256 ${name.length.toString(16).padStart(2, '0')}${':00'.repeat(31)}`,
        ...places.map((place) => `a=candidate:1 1 udp 2122260223 ${place} typ host`),
        '',
      ].join('\r\n'),
    },
    close: () => void closed.push(name),
  }) as unknown as RTCPeerConnection

const spareOf = async (rtc: Rtc) => createSpareConnection(rtc, createHandClock())
const placesOf = ({ candidates }: Card): readonly string[] =>
  candidates.map(({ kind, address, port }) => `${kind === 'ipv4' ? textFromIpv4(address) : kind} ${port}`)

test('sockets that belong to no network are told of under every address the phone has, and by their name', async () => {
  const closed: string[] = []
  const spare = await spareOf({
    createConnection: () => connectionAt(closed, 'bound', '192.168.1.23 41111', '10.0.0.2 41112'),
    createUnbound: () => connectionAt(closed, 'unbound', `${NAME} 53705`),
  })
  if (!spare.ok) throw new Error('no card')
  expect(spare.value.card.ufrag).toBe('unbound')
  expect(placesOf(spare.value.card)).toEqual(['192.168.1.23 53705', '10.0.0.2 53705', 'mdns 53705'])
  expect(closed).toEqual(['bound'])
})

test('where the browser does not say where such a socket is, the spare is one of the other kind', async () => {
  const closed: string[] = []
  const spare = await spareOf({
    createConnection: () => connectionAt(closed, 'bound', '192.168.1.23 41111'),
    createUnbound: () => connectionAt(closed, 'unbound'),
  })
  expect(spare.ok && placesOf(spare.value.card)).toEqual(['192.168.1.23 41111'])
  expect(closed).toEqual(['unbound'])
})

test('a spare knows of no relay point, and a phone that goes out through those alone has none', async () => {
  const ways: Way[] = []
  const turn = [{ urls: ['turn:203.0.113.7:3478'], username: 'u', credential: 'c' }]
  const rtcOf = (reach: Way['reach']): Rtc => ({
    way: () => ({ turn, reach }),
    createConnection: (way) => {
      ways.push(way)
      return connectionAt([], 'bound', '192.168.1.23 41111')
    },
  })
  expect((await spareOf(rtcOf('direct'))).ok).toBe(true)
  expect((await spareOf(rtcOf('relayed'))).ok).toBe(false)
  expect(ways).toEqual([{ turn: [], reach: 'direct' }])
})
