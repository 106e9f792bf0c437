import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import type { Rtc } from '../../src/lib/net/types.ts'

/**
 * The wifi of a test: connections of RTCPeerConnection’s shape, as far as links use it, that find each other when each
 * was given the description of the other. Deterministic with a hand clock, and a hundred times faster than real ones.
 */
export interface MemoryNetwork {
  /** The WebRTC of one device on this network. */
  rtc(): DeviceRtc
}

export interface DeviceRtc extends Rtc {
  /** Every packet from and to this device is lost, in both directions: links do not notice by themselves. */
  setReachable(reachable: boolean): void
  /** Another address: packets of every connection made before are lost, in both directions. */
  moves(): void
  /** As a browser that may not use the camera, in a network without a way out: connections made from here on show no address. */
  hide(): void
  /** As a browser does after fifteen seconds: connections that found nobody yet fail, and try no more unless they are told. */
  giveUp(): void
  /** Connections made so far, and those still open. */
  made(): number
  open(): number
}

export const createMemoryNetwork = (): MemoryNetwork => {
  const byUfrag = new Map<string, Connection>()
  return {
    rtc: () => {
      const all: Connection[] = []
      let device = { reachable: true }
      let isHidden = false
      return {
        createConnection: (way) => {
          const lines = [...(isHidden ? [] : [HOST]), ...(way.turn.length > 0 ? [RELAY] : [])]
          const connection = new Connection(byUfrag, device, lines)
          all.push(connection)
          return connection as unknown as RTCPeerConnection
        },
        setReachable: (reachable) => {
          device.reachable = reachable
          if (reachable) for (const connection of byUfrag.values()) connection.tryToConnect()
        },
        moves: () => {
          device.reachable = false
          device = { reachable: true }
        },
        hide: () => {
          isHidden = true
        },
        giveUp: () => all.forEach((connection) => connection.giveUp()),
        made: () => all.length,
        open: () => all.filter(({ connectionState }) => connectionState !== 'closed').length,
      }
    },
  }
}

/** Also where a browser would keep it back: what a card leaves out is for the card to say. */
const HOST = 'a=candidate:1 1 UDP 2114977791 192.0.2.2 56068 typ host'
const RELAY = 'a=candidate:2 1 UDP 41885439 203.0.113.7 49160 typ relay'

class Connection {
  readonly #byUfrag: Map<string, Connection>
  readonly device: { reachable: boolean }
  readonly #ufrag = hexFromBytes(systemRandom.bytes(4))
  readonly #pwd = hexFromBytes(systemRandom.bytes(16))
  readonly #fingerprint = hexFromBytes(systemRandom.bytes(32)).toUpperCase().match(/../g)!.join(':')
  #remote: { ufrag: string; pwd: string; fingerprint: string; setup: string } | null = null
  readonly channel = new Channel(this)
  other: Connection | null = null
  iceGatheringState = 'new'
  connectionState = 'new'
  localDescription: { sdp: string } | null = null
  onconnectionstatechange: (() => void) | null = null
  onicegatheringstatechange: (() => void) | null = null

  #gaveUp = false
  readonly #candidates: readonly string[]

  constructor(
    byUfrag: Map<string, Connection>,
    device: { reachable: boolean },
    candidates: readonly string[],
  ) {
    this.#byUfrag = byUfrag
    this.#candidates = candidates
    this.device = device
  }

  createDataChannel(): Channel {
    return this.channel
  }

  async setLocalDescription(): Promise<void> {
    this.localDescription = {
      sdp: [
        'v=0',
        `a=ice-ufrag:${this.#ufrag}`,
        `a=ice-pwd:${this.#pwd}`,
        `a=fingerprint:sha-256 ${this.#fingerprint}`,
        'a=setup:actpass',
        ...this.#candidates,
        '',
      ].join('\r\n'),
    }
    this.iceGatheringState = 'complete'
    this.#byUfrag.set(this.#ufrag, this)
  }

  async setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    const value = (name: string) => new RegExp(`^a=${name}:(\\S+)`, 'm').exec(sdp)![1]!
    const fingerprint = /^a=fingerprint:sha-256 (\S+)/m.exec(sdp)![1]!
    this.#remote = { ufrag: value('ice-ufrag'), pwd: value('ice-pwd'), fingerprint, setup: value('setup') }
    this.tryToConnect()
  }

  /** Of somebody it was told of already: it tries again. */
  async addIceCandidate(): Promise<void> {
    this.#gaveUp = false
    setImmediate(() => this.tryToConnect())
  }

  giveUp(): void {
    if (this.connectionState !== 'new' || !this.#remote || this.other) return
    this.#gaveUp = true
    this.connectionState = 'failed'
    this.onconnectionstatechange?.()
  }

  tryToConnect(): void {
    const other = this.#remote && this.#byUfrag.get(this.#remote.ufrag)
    if (this.#gaveUp && (!other || other.#gaveUp)) return
    if (!other || this.other || !this.device.reachable || !other.device.reachable) return
    if (!this.#agreesWith(other) || !other.#agreesWith(this) || this.#remote!.setup === other.#remote!.setup)
      return
    this.other = other
    other.other = this
    setImmediate(() => {
      for (const end of [this, other]) end.channel.begin()
    })
  }

  /** ICE checks the credentials, DTLS the certificate. */
  #agreesWith(other: Connection): boolean {
    const said = this.#remote
    return (
      said !== null &&
      other.connectionState !== 'closed' &&
      said.ufrag === other.#ufrag &&
      said.pwd === other.#pwd &&
      said.fingerprint === other.#fingerprint
    )
  }

  close(): void {
    if (this.connectionState === 'closed') return
    this.connectionState = 'closed'
    this.#byUfrag.delete(this.#ufrag)
    this.channel.end()
    const other = this.other
    if (other && this.device.reachable && other.device.reachable) setImmediate(() => other.channel.end())
  }
}

class Channel {
  readonly #connection: Connection
  readyState = 'connecting'
  bufferedAmount = 0
  onopen: (() => void) | null = null
  onclose: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null

  constructor(connection: Connection) {
    this.#connection = connection
  }

  begin(): void {
    if (this.readyState !== 'connecting') return
    this.readyState = 'open'
    this.onopen?.()
  }

  send(bytes: Uint8Array): void {
    const { other, device } = this.#connection
    const data = bytes.slice().buffer
    if (!other || !device.reachable || !other.device.reachable) return
    setImmediate(() => {
      if (other.channel.readyState === 'open') other.channel.onmessage?.({ data })
    })
  }

  close(): void {
    const { other, device } = this.#connection
    if (other && device.reachable && other.device.reachable) setImmediate(() => other.channel.end())
    setImmediate(() => this.end())
  }

  end(): void {
    if (this.readyState === 'closed') return
    this.readyState = 'closed'
    this.onclose?.()
  }
}
