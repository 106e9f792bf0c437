import { compareBytes } from '../core/bytes.ts'
import type { Clock } from '../core/clock.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Card } from '../wire/cards.ts'
import { LOW_WATER, type FrameChannel } from './channel.ts'
import { createGone } from './gone.ts'
import { DIRECTLY } from './rtc.ts'
import {
  candidateLines,
  cardFromDescription,
  descriptionFromCard,
  isRelayed,
  showsItself,
  type NoCard,
} from './session-description.ts'
import type { Reach, Rtc } from './types.ts'

/**
 * One side of a connection made of two cards: it shows its own and waits for the other. Both sides do the same, so
 * there is no order between them and no glare. Spec: wire.md §1.
 */
export interface CardedConnection {
  readonly card: Card
  readonly holds: CardHolds
  /** Takes the other side’s card. Only the first counts; one’s own is refused and closes the connection. */
  meet(theirs: Card): void
  /**
   * Like `meet`, but waits for the other side until `close`, even after the browser has given up. Browsers try for some
   * fifteen seconds only: `tryAgain` makes this one begin anew.
   */
  waitFor(theirs: Card): void
  tryAgain(): void
  /** Sets who receives the channel when it opens; at once if it has. */
  opened(then: (channel: FrameChannel) => void): void
  close(): void
  closed(then: () => void): void
}

/** What a card says of where its side is: an address or a name of its own, only what TURN servers lent, or nothing at all. */
export type CardHolds = 'address' | 'relay' | 'nothing'

/** Candidates that take longer than this are not worth waiting for. ms. */
const GATHERING_MS = 2000
/** A device that goes out through TURN servers alone waits for the first so long: without it there is nothing to show. ms. */
const RELAY_MS = 8000
/** A connection may find its way back by itself for so long. ms. */
const DISCONNECTED_MS = 8000
/** What was sent may take so long to leave after `close`. ms. */
const LINGER_MS = 1000

/**
 * Shows a card within two seconds, or eight if only TURN servers are to be used. `NoCard`: the browser gave none, or
 * refuses connections altogether; or no TURN server answers where one has to.
 */
export const createCardedConnection = async (
  rtc: Rtc,
  clock: Clock,
): Promise<Result<CardedConnection, NoCard>> => {
  const way = rtc.way?.() ?? DIRECTLY
  if (way.reach === 'relayed' && way.turn.length === 0) return err({ type: 'NoCard' })
  let connection: RTCPeerConnection | null = null
  try {
    connection = rtc.createConnection(way)
    const data = connection.createDataChannel('lumbre', { negotiated: true, id: 0, ordered: true })
    await connection.setLocalDescription()
    await gathered(connection, clock, way.reach)
    const sdp = connection.localDescription?.sdp ?? ''
    const card = cardFromDescription(sdp, way.reach)
    if (card.ok && (way.reach === 'direct' || card.value.candidates.length > 0)) {
      const some = way.reach === 'direct' && showsItself(sdp) ? 'address' : 'relay'
      const holds = card.value.candidates.length > 0 ? some : 'nothing'
      return ok(carded({ connection, data, card: card.value, holds, reach: way.reach }, clock))
    }
  } catch {
    // a browser out of connections, or without WebRTC: the same to the caller
  }
  connection?.close()
  return err({ type: 'NoCard' })
}

const gathered = (connection: RTCPeerConnection, clock: Clock, reach: Reach): Promise<void> =>
  new Promise((resolve) => {
    const hasEnough = () => reach === 'direct' || isRelayed(connection.localDescription?.sdp ?? '')
    let callOff = () => {}
    const done = () => {
      callOff()
      connection.onicegatheringstatechange = null
      connection.onicecandidate = null
      resolve()
    }
    if (connection.iceGatheringState === 'complete') return resolve()
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState === 'complete') done()
    }
    callOff = clock.after(GATHERING_MS, () => {
      if (hasEnough()) return done()
      connection.onicecandidate = () => {
        if (hasEnough()) done()
      }
      callOff = clock.after(RELAY_MS - GATHERING_MS, done)
    })
  })

const carded = (
  own: {
    readonly connection: RTCPeerConnection
    readonly data: RTCDataChannel
    readonly card: Card
    readonly holds: CardHolds
    readonly reach: Reach
  },
  clock: Clock,
): CardedConnection => {
  const { connection, data, card, holds, reach } = own
  const gone = createGone()
  let channel: FrameChannel | null = null
  let theirs: Card | null = null
  let onOpen: ((channel: FrameChannel) => void) | null = null
  let callOffPatience = () => {}
  let waits = false
  let round = 0

  const end = () => {
    callOffPatience()
    connection.close()
    gone.happen()
  }
  const close = () => {
    if (data.readyState !== 'open') return end()
    data.close() // its `close` event ends the rest, when what was sent has left
    callOffPatience()
    callOffPatience = clock.after(LINGER_MS, end)
  }
  connection.onconnectionstatechange = () => {
    callOffPatience()
    if (waits && !channel && connection.connectionState !== 'closed') return
    if (connection.connectionState === 'disconnected') callOffPatience = clock.after(DISCONNECTED_MS, end)
    if (connection.connectionState === 'failed' || connection.connectionState === 'closed') end()
  }
  data.binaryType = 'arraybuffer'
  data.bufferedAmountLowThreshold = LOW_WATER
  data.onclose = end
  data.onopen = () => {
    if (!theirs || channel) return
    const fingerprints = { mine: card.fingerprint, theirs: theirs.fingerprint }
    channel = channelOf(data, fingerprints, close, gone.then)
    onOpen?.(channel)
  }

  const meet = (other: Card) => {
    if (theirs || gone.happened()) return
    const order = compareBytes(card.fingerprint, other.fingerprint)
    if (order === 0) return end() // my own card came back
    theirs = reach === 'relayed' ? withoutNames(other) : other
    const sdp = descriptionFromCard(theirs, order > 0 ? 'active' : 'passive')
    connection.setRemoteDescription({ type: 'answer', sdp }).catch(end)
  }

  return {
    card,
    holds,
    meet,
    waitFor: (other) => {
      waits = true
      meet(other)
    },
    tryAgain: () => {
      if (!theirs || channel || gone.happened()) return
      round += 1
      for (const candidate of candidateLines(theirs, round))
        connection.addIceCandidate({ candidate, sdpMid: '0' }).catch(() => {}) // a name nobody answers to yet
    },
    opened: (then) => {
      onOpen = then
      if (channel) then(channel)
    },
    close,
    closed: gone.then,
  }
}

/** To ask the local network for a name is to be heard in it. No TURN server could reach it anyway. */
const withoutNames = (card: Card): Card => ({
  ...card,
  candidates: card.candidates.filter(({ kind }) => kind !== 'mdns'),
})

const channelOf = (
  data: RTCDataChannel,
  fingerprints: { readonly mine: Uint8Array; readonly theirs: Uint8Array },
  close: () => void,
  closed: (then: () => void) => void,
): FrameChannel => {
  let handler: ((bytes: Uint8Array) => void) | null = null
  const early: Uint8Array[] = []
  data.onmessage = ({ data: message }: { data: unknown }) => {
    if (!isBuffer(message)) return close() // text: nobody of ours
    const bytes = new Uint8Array(message)
    if (handler) handler(bytes)
    else if (early.push(bytes) > MAX_EARLY) close()
  }
  return {
    transport: 'webrtc',
    fingerprints,
    opener: false,
    send: (bytes) => {
      if (data.readyState !== 'open') return
      try {
        data.send(bytes as Uint8Array<ArrayBuffer>)
      } catch {
        close() // its queue is full or it is going: ordered delivery is over
      }
    },
    buffered: () => data.bufferedAmount,
    receive: (then) => {
      handler = then
      for (const bytes of early.splice(0)) then(bytes)
    },
    drain: (then) => {
      data.onbufferedamountlow = then
    },
    close,
    closed,
  }
}

/** Also of another frame of this page (unbound.ts), whose ArrayBuffer is another. */
const isBuffer = (value: unknown): value is ArrayBuffer =>
  Object.prototype.toString.call(value) === '[object ArrayBuffer]'

/** Messages kept before anybody listens. A handshake needs one. */
const MAX_EARLY = 64
