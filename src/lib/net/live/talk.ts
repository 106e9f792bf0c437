import { WebrtcConn, type Room } from 'y-webrtc'
import { concatBytes } from '../../core/bytes.ts'
import type { MetLink } from '../types.ts'
import { VirtualConnection } from './virtual-connection.ts'

/**
 * What begins each message of the `live` stream. All but HELLO go on with one byte that numbers the attempt, so that
 * nothing of a connection given up is taken for the one that replaced it. Spec: wire.md, the live stream.
 */
const HELLO = 0
const OFFER = 1
const ANSWER = 2
const DATA = 3
const CLOSE = 4

export type TalkOptions = {
  readonly link: MetLink
  readonly room: Room
  /** The connection that y-webrtc makes inside `make` is this one. */
  readonly over: <T>(connection: VirtualConnection, make: () => T) => T
  /** What of a message may go out, and what of one may come in. `null`: nothing. */
  readonly maySay: (message: Uint8Array) => Uint8Array | null
  readonly mayHear: (message: Uint8Array) => Uint8Array | null
  /** The other side took its leave; the link stays. */
  readonly onClosed: () => void
}

let made = 0

/**
 * y-webrtc's side of one link: a connection of its own over the `live` stream. Who began the handshake of the link makes the
 * offer, so that never both do; the other says hello when it is there, and is offered again. Returns the leaving.
 */
export const talk = ({ link, room, over, maySay, mayHear, onClosed }: TalkOptions): (() => void) => {
  const offers = link.introduction.initiator
  let attempt = 0
  let current: { readonly connection: VirtualConnection; readonly conn: WebrtcConn } | null = null
  const say = (kind: number, bytes: Uint8Array = NOTHING) =>
    link.send('live', concatBytes(Uint8Array.of(kind, attempt), bytes))

  const end = () => {
    const ended = current
    current = null
    ended?.conn.destroy()
  }
  const begin = (number: number) => {
    end()
    attempt = number & 255
    const connection = new VirtualConnection({
      send: (bytes) => {
        const said = current?.connection === connection ? maySay(bytes) : null
        if (said) say(DATA, said)
      },
    })
    const signaling = {
      send: (message: { readonly data?: { readonly signal?: { readonly type?: unknown } } }) => {
        if (current && current.connection !== connection) return
        const type = message.data?.signal?.type
        if (type === 'offer' || type === 'answer') say(type === 'offer' ? OFFER : ANSWER)
      },
    }
    // A name for each: y-webrtc forgets by name, late, and would forget the one that came after.
    const name = `live ${made++}`
    const conn = over(connection, () => new WebrtcConn(signaling as never, offers, name, room))
    room.webrtcConns.set(name, conn)
    current = { connection, conn }
  }
  const signal = (type: 'offer' | 'answer') => {
    const peer = current?.conn.peer as { readonly destroyed: boolean; signal(signal: object): void }
    if (current && !peer.destroyed) peer.signal({ type, sdp: 'virtual' })
  }

  const hear = (message: Uint8Array) => {
    const [kind, number] = message
    const isCurrent = current !== null && number === attempt
    if (kind === HELLO && offers) begin(attempt + 1)
    else if (kind === OFFER && !offers && number !== undefined) {
      begin(number)
      signal('offer')
    } else if (kind === ANSWER && offers && isCurrent) signal('answer')
    else if (kind === DATA && isCurrent) {
      const heard = mayHear(message.subarray(2))
      if (heard) current?.connection.receive(heard)
    } else if (kind === CLOSE && isCurrent) {
      end()
      onClosed()
    }
  }

  const unreceive = link.receive('live', hear)
  if (offers) begin(attempt + 1)
  else if (!current) say(HELLO)
  return () => {
    if (current) say(CLOSE)
    unreceive()
    end()
  }
}

const NOTHING = new Uint8Array()
