import { IceUdpMuxListener, PeerConnection, type DataChannel, type IceUdpMuxRequest } from 'node-datachannel'
import type { Clock } from '../lib/core/clock.ts'
import { MAX_HUB_MESSAGE_BYTES } from '../lib/wire/hub.ts'
import { parseIceName, type IceCredentials } from '../lib/wire/one-scan.ts'
import { Bucket } from './bucket.ts'
import type { HubCertificate } from './certificate.ts'
import type { Line, Listener } from './line.ts'

/** Visitors who scanned the hub’s code: a data channel each, without a word exchanged before. Spec: wire.md §11. */
export interface OneScan {
  /** Stops listening, and ends every connection that has not become a line. */
  close(): void
}

export type OneScanOptions = {
  /** UDP. The one port for everybody. */
  readonly port: number
  readonly certificate: HubCertificate
  readonly clock: Clock
  /** Whether one more from there may come now. It is asked first: to whom it says no, not one packet is sent. */
  readonly mayCome: (address: string) => boolean
  readonly onLine: (line: Line) => void
}

/** From the first packet to an open channel. ms. */
const OPENING_MS = 8000
/** Connections on the way to a channel, at one time and newly begun: each costs memory, and a packet is cheap. */
const MOST_OPENING = 64
const MOST_OPENING_PER_ADDRESS = 8
const BEGINNINGS = { burst: 64, perSecond: 8 }
/** A phone makes itself heard every half minute. Two missed, and it is gone. ms. */
const SILENCE_MS = 90_000
/** A name may not come back for so long: late packets of what has ended begin nothing. ms. */
const ENDED_MS = 30_000

/** Throws when the port is taken, by another program or by another visitors’ door of this process. */
export const createOneScan = ({ port, certificate, clock, mayCome, onLine }: OneScanOptions): OneScan => {
  /** By name: being opened or open, and for a while afterwards. */
  const known = new Set<string>()
  const opening = new Map<() => void, string>()
  const beginnings = new Bucket(BEGINNINGS, clock)

  const begin = (name: string, theirs: IceCredentials, from: { host: string; port: number }): void => {
    const connection = new PeerConnection('', {
      iceServers: [],
      disableAutoNegotiation: true,
      // Nobody has to show who they are here; between two members the handshake sees to it.
      disableFingerprintVerification: true,
      enableIceUdpMux: true,
      portRangeBegin: port,
      portRangeEnd: port,
      maxMessageSize: MAX_HUB_MESSAGE_BYTES,
      certificatePemFile: certificate.certificate,
      keyPemFile: certificate.key,
    })
    known.add(name)
    let line: ReturnType<typeof lineOf> | null = null
    let over = false
    const end = (): void => {
      if (over) return
      over = true
      opening.delete(end)
      callOff()
      connection.close()
      clock.after(ENDED_MS, () => known.delete(name))
      line?.end()
    }
    opening.set(end, from.host)
    const callOff = clock.after(OPENING_MS, end)
    connection.onStateChange((state) => {
      if (state === 'failed' || state === 'closed' || state === 'disconnected') end()
    })
    connection.onDataChannel((channel) => {
      if (over || line) return channel.close()
      callOff()
      opening.delete(end)
      line = lineOf(channel, { address: from.host, end, clock })
      onLine(line)
    })
    try {
      connection.setRemoteDescription(offerOf(theirs, from), 'offer')
      connection.setLocalDescription('answer', { iceUfrag: name, icePwd: name })
    } catch {
      end() // what they sent cannot be a connection
    }
  }

  const stopListening = listenAt(port, ({ localUfrag: name, host, port: from }) => {
    const theirs = name ? parseIceName(name) : null
    if (!theirs || known.has(name) || opening.size >= MOST_OPENING) return
    const fromThere = [...opening.values()].filter((address) => address === host).length
    if (fromThere >= MOST_OPENING_PER_ADDRESS) return
    if (!mayCome(host) || !beginnings.take()) return
    try {
      begin(name, theirs, { host, port: from })
    } catch {
      // there is no connection to be had now; the next packet asks again
    }
  })
  return {
    close: () => {
      stopListening()
      for (const end of [...opening.keys()]) end()
    },
  }
}

type Hear = (request: IceUdpMuxRequest) => void

/**
 * By port, for as long as this process lives. A listener that is stopped while a packet is on its way takes the whole
 * process with it (node-datachannel 0.33: the packet’s thread calls what has just been freed), and a phone that lost its
 * hub keeps knocking. So none is ever stopped: without a hub behind it, it hears nothing.
 */
const listening = new Map<number, { readonly listener: IceUdpMuxListener; hear: Hear | null }>()

const listenAt = (port: number, hear: Hear): (() => void) => {
  const before = listening.get(port)
  if (before?.hear) throw new Error(`already listening at UDP port ${port}`)
  const entry = before ?? openListener(port)
  entry.hear = hear
  return () => void (entry.hear = null)
}

const openListener = (port: number) => {
  const entry = { listener: new IceUdpMuxListener(port), hear: null as Hear | null }
  entry.listener.onUnhandledStunRequest((request: IceUdpMuxRequest) => entry.hear?.(request))
  listening.set(port, entry)
  return entry
}

type LineOptions = { readonly address: string; readonly end: () => void; readonly clock: Clock }

const lineOf = (channel: DataChannel, { address, end, clock }: LineOptions): Line & { end(): void } => {
  let listener: Listener | null = null
  let over = false
  let callOff = clock.after(SILENCE_MS, end)
  channel.onMessage((message) => {
    if (over) return
    callOff()
    callOff = clock.after(SILENCE_MS, end)
    listener?.take(typeof message === 'string' ? null : new Uint8Array(message))
  })
  channel.onClosed(end)
  channel.onError(end)
  return {
    address,
    send: (frame) => {
      if (over || !channel.isOpen()) return
      try {
        channel.sendMessageBinary(frame)
      } catch {
        end()
      }
    },
    waiting: () => (over ? 0 : channel.bufferedAmount()),
    hear: (then) => {
      listener = then
      if (over) then.leave()
    },
    ask: () => {}, // it makes itself heard
    dismiss: end,
    cut: end,
    end: () => {
      over = true
      callOff()
      listener?.leave()
    },
  }
}

/** What the device would have offered, as far as its first packet tells. The certificate it will show is not known yet. */
const offerOf = ({ ufrag, pwd }: IceCredentials, from: { host: string; port: number }): string =>
  [
    'v=0',
    'o=- 1 1 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${pwd}`,
    'a=ice-options:ice2',
    `a=fingerprint:sha-256 ${Array(32).fill('00').join(':')}`,
    'a=setup:active',
    'a=sctp-port:5000',
    'a=max-message-size:262144',
    `a=candidate:1 1 UDP 2113937151 ${from.host} ${from.port} typ host`,
    '',
  ].join('\r\n')
