import { base32nopad } from '@scure/base'
import { hexFromBytes } from '../core/bytes.ts'
import type { Clock, Random } from '../core/clock.ts'
import { err, type Result } from '../core/result.ts'
import { parseHubCode, type BadHubCode, type HubCode } from '../wire/hub-code.ts'
import { encodeIceName } from '../wire/one-scan.ts'
import { textFromIpv4, textFromIpv6 } from './addresses.ts'
import { createHub, type HubClient, type HubSocket } from './hub-client.ts'
import { DIRECTLY } from './rtc.ts'
import type { Rtc } from './types.ts'

/** Reads what was scanned, pasted or typed: spaces and case do not matter. Never throws. */
export const readHubCode = (text: string): Result<HubCode, BadHubCode> => {
  try {
    return parseHubCode(base32nopad.decode(text.replace(/\s+/g, '').toUpperCase()))
  } catch {
    return err({ type: 'BadCode' })
  }
}

export type ScannedHubOptions = {
  readonly code: HubCode
  readonly rtc: Rtc
  readonly clock: Clock
  readonly random: Random
}

/**
 * A hub in the room, reached by its code alone: no certificate authority, no address bar, no internet. The browser
 * accepts only the certificate whose hash was scanned. Spec: wire.md §11.
 */
export const createScannedHub = ({ code, rtc, clock, random }: ScannedHubOptions): HubClient =>
  createHub({ url: '', clock, random, socket: () => openSocket(code, rtc) })

const [CONNECTING, OPEN, CLOSED] = [0, 1, 3] as const

/** The data channel to a hub, in the shape of a socket. Throws when the browser makes no connection. */
const openSocket = (code: HubCode, rtc: Rtc): HubSocket => {
  // Scanned in the room it stands in: a hub sees an address in any case, and no member does.
  const connection = rtc.createConnection(DIRECTLY)
  const channel = connection.createDataChannel('lumbre', { ordered: true })
  channel.binaryType = 'arraybuffer'
  const end = () => {
    if (socket.readyState === CLOSED) return
    socket.readyState = CLOSED
    connection.close()
    socket.onclose?.call(socket as never, new Event('close') as CloseEvent)
  }
  const socket: HubSocket & { readyState: number } = {
    readyState: CONNECTING,
    binaryType: 'arraybuffer',
    onopen: null,
    onmessage: null,
    onclose: null,
    send: (data) => {
      if (channel.readyState !== 'open') return
      try {
        channel.send(data as Uint8Array<ArrayBuffer>)
      } catch {
        end() // its queue is full or it is going: ordered delivery is over
      }
    },
    close: end,
  }
  channel.onopen = () => {
    if (socket.readyState !== CONNECTING) return
    socket.readyState = OPEN
    socket.onopen?.call(socket as never, new Event('open'))
  }
  channel.onmessage = ({ data }: { data: unknown }) => {
    socket.onmessage?.call(socket as never, new MessageEvent('message', { data }))
  }
  channel.onclose = end
  connection.onconnectionstatechange = () => {
    // Nothing was heard for seconds. It may find its way back by itself; but not from another address, and a new one is made in
    // a tenth of a second.
    if (['disconnected', 'failed', 'closed'].includes(connection.connectionState)) end()
  }
  connect(connection, code).catch(end)
  return socket
}

/** This side’s own description stays as the browser made it; only the hub’s is written here. */
const connect = async (connection: RTCPeerConnection, code: HubCode): Promise<void> => {
  await connection.setLocalDescription()
  const sdp = connection.localDescription?.sdp ?? ''
  const [, ufrag] = /^a=ice-ufrag:(\S+)\s*$/m.exec(sdp) ?? []
  const [, pwd] = /^a=ice-pwd:(\S+)\s*$/m.exec(sdp) ?? []
  if (!ufrag || !pwd) throw new Error('no credentials')
  await connection.setRemoteDescription({
    type: 'answer',
    sdp: descriptionOf(code, encodeIceName({ ufrag, pwd })),
  })
}

const descriptionOf = ({ addresses, port, fingerprint }: HubCode, name: string): string =>
  [
    'v=0',
    'o=- 1 1 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    'a=ice-lite',
    `a=ice-ufrag:${name}`,
    `a=ice-pwd:${name}`,
    `a=fingerprint:sha-256 ${hexFromBytes(fingerprint).toUpperCase().match(/../g)!.join(':')}`,
    'a=setup:passive',
    'a=sctp-port:5000',
    'a=max-message-size:262144',
    ...addresses.map(
      (address, i) =>
        `a=candidate:${i + 1} 1 udp ${HOST_PRIORITY - i} ${address.length === 4 ? textFromIpv4(address) : textFromIpv6(address)} ${port} typ host`,
    ),
    '',
  ].join('\r\n')

/** Of a host candidate (RFC 8445 §5.1.2.1); the order of the code is kept. */
const HOST_PRIORITY = 2_113_937_151
